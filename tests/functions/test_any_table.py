"""Ingest, promote and predict with columns of every kind: rows left out, the override, drift, changed test sets."""

import json
from typing import Any

import pytest

from functions import predict
from shared.serving.fields import InvalidFields
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.shared.quality.test_slot_checks import rows
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage

HEADER = "size,colour,day,on,label"
SCHEMA = "data/schema.json"


def mixed(seed: int, number: int = 120, **changes: Any) -> str:  # noqa: ANN401  (those of the rows)
    """Rows of every kind; the label follows from number and category."""
    lines = []
    for line in rows(seed, number, **changes):
        size, colour, day, on, _ = line.split(",")
        lines.append(f"{size},{colour},{day},{on},{'big' if float(size) + (colour == 'blue') > 0.3 else 'small'}")
    return "\n".join([HEADER, *lines]) + "\n"


@pytest.fixture
def empty() -> Stage:
    return Stage(FakeStore(), Settings(bucket="vintner", label="label"))


@pytest.fixture
def served(empty: Stage) -> Stage:
    """A model of every kind in production."""
    empty.put(TEST, mixed(1))
    empty.put(f"{SLOT}1.csv", mixed(2))
    empty.ingest()
    empty.promote()
    return empty


def ask(stage: Stage, row: dict[str, object]) -> dict[str, Any]:
    return predict.predict(ProductionCache(stage.store, 5), json.dumps(row).encode(), "application/json")


def receipt(stage: Stage, key: str) -> dict[str, Any]:
    """The newest receipt of an upload."""
    [found] = [one for one in stage.ingest().receipts if one["upload"] == key]
    return dict(found)


ROWS: dict[str, dict[str, object]] = {
    "json's own types": {"size": 2, "colour": "red", "day": "2024-05-06", "on": True},
    "texts": {"size": 2.0, "colour": " red ", "day": "2024-05-06T00:00", "on": "yes"},
    "a time zone": {"size": 2.0, "colour": "red", "day": "2024-05-06T02:00+02:00", "on": "T"},
    "the label too": {"size": 2, "colour": "red", "day": "2024-05-06", "on": 1, "label": "big"},
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_one_row_in_many_spellings_has_one_answer(served: Stage, row: dict[str, object]) -> None:
    assert ask(served, row) == ask(served, ROWS["json's own types"])


@pytest.mark.parametrize("name", ["size", "colour", "day", "on"])
def test_every_kind_may_be_missing(served: Stage, name: str) -> None:
    assert ask(served, {**ROWS["json's own types"], name: None})["prediction"] in {"big", "small"}


def test_an_unknown_category_is_answered(served: Stage) -> None:
    assert ask(served, {**ROWS["json's own types"], "colour": "infrared"})["prediction"] == "big"


def test_each_bad_field_says_what_it_must_be(served: Stage) -> None:
    with pytest.raises(InvalidFields) as raised:
        ask(served, {"size": "2", "colour": ["red"], "day": "06.05.2024", "on": "perhaps"})
    assert {error.pointer: error.detail for error in raised.value.errors} == {
        "/size": 'expected a number or null, found a string "2"',
        "/colour": "expected a string or null, found a list",
        "/day": 'expected a date such as 2024-11-02 or nothing, found a string "06.05.2024"',
        "/on": 'expected true or false (or yes, no, t, f, y, n, 1, 0) or nothing, found a string "perhaps"',
    }


def test_a_name_may_have_blanks_for_underscores(empty: Stage) -> None:
    empty.put(TEST, "fixed acidity,label\n1,x\n4,y\n")
    empty.put(f"{SLOT}1.csv", " fixed_acidity ,label\n1.5,x\n3.5,y\n2,x\n4.5,y\n")
    [score] = empty.ingest().trained
    empty.promote()
    assert score["features"] == ["fixed_acidity"]
    assert ask(empty, {"fixed acidity": 4.4}) == ask(empty, {"fixed_acidity": 4.4})
    with pytest.raises(InvalidFields, match="expected each field once"):
        ask(empty, {"fixed acidity": 4.4, "fixed_acidity": 4.4})


def test_bad_rows_are_left_out_and_named(served: Stage) -> None:
    lines = mixed(3).splitlines()
    lines[5] = "huge,red,2024-01-01,yes,big"
    lines[9] = "1,red,yesterday,yes,big"
    lines[11] = "1,red,2024-01-01,yes"
    served.put(f"{SLOT}2.csv", "\n".join(lines))
    found = receipt(served, f"{SLOT}2.csv")
    assert (found["status"], found["rows"]["read"], found["rows"]["kept"]) == ("accepted", 120, 117)
    assert [(reason["line"], reason["column"]) for reason in found["reasons"]] == [(6, "size"), (10, "day"), (12, None)]
    assert found["warnings"][0] == "3 of 120 rows cannot be used and are left out: see the reasons"


def test_too_many_bad_rows_reject_the_slot(served: Stage) -> None:
    served.change(max_bad_share=0.01)
    served.ingest()
    served.put(f"{SLOT}2.csv", mixed(3).replace(",red,", ",red,x", 3))
    found = receipt(served, f"{SLOT}2.csv")
    assert (found["status"], len(found["reasons"])) == ("rejected", 4)
    assert found["reasons"][-1]["problem"].startswith("3 of 120 rows cannot be used: at most 0.01 of the rows may be")


def test_a_later_slot_cannot_turn_numbers_into_text(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", HEADER + "\n" + "tall,red,2024-01-01,yes,big\n" * 50)
    assert receipt(served, f"{SLOT}2.csv")["status"] == "rejected"
    served.put(f"{SLOT}2.csv", HEADER + "\n" + "1.5,7,2024-01-01,1,big\n" * 50)
    assert receipt(served, f"{SLOT}2.csv")["status"] == "accepted"
    schema = served.json(f"models/{served.ingest().candidate.model_id}/score.json")["schema"]
    assert [column["kind"] for column in schema] == ["number", "category", "date", "boolean"]


def test_the_order_of_arrival_decides_nothing() -> None:
    models = set()
    for order in ([TEST, "1", "2", SCHEMA], ["2", SCHEMA, "1", TEST], ["1", TEST, SCHEMA, "2"]):
        stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
        for what in order:
            body = {TEST: mixed(1), "1": mixed(2), "2": mixed(3), SCHEMA: '{"columns": {"day": "unused"}}'}[what]
            stage.put(what if "/" in what else f"{SLOT}{what}.csv", body)
            stage.ingest()
        score = stage.json(f"models/{stage.ingest().candidate.model_id}/score.json")
        models.add((score["model_id"], score["f1"], tuple(score["features"])))
    assert len(models) == 1


def test_drift_is_told_or_refused(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", mixed(3, shift=4.0))
    told = receipt(served, f"{SLOT}2.csv")
    assert (told["status"], list(told["drift"])) == ("accepted", ["size"])
    served.change(on_drift="reject")
    refused = receipt(served, f"{SLOT}2.csv")
    assert (refused["status"], refused["reasons"][0]["column"]) == ("rejected", "size")
    assert "has a different distribution from the test set" in refused["reasons"][0]["problem"]
    assert served.ingest().candidate.state == "trained"


def test_a_person_has_the_last_word_on_kinds(served: Stage) -> None:
    served.put(SCHEMA, '{"columns": {"on": "unused", "colour": {"kind": "category", "missing": ["red"]}}}')
    report = served.ingest()
    assert [one["kind"] for one in report.receipts] == ["schema", "test", "slot"]
    [score] = report.trained
    assert score["features"] == ["size", "colour", "day"]
    served.promote()
    assert served.pointer.test_fingerprint == score["test_fingerprint"]


BAD_OVERRIDES = {
    "no JSON": ("kind: number", "expected a JSON document"),
    "an unknown kind": ('{"columns": {"on": "texts"}}', "column 'on': expected a kind (number, category, boolean"),
}


@pytest.mark.parametrize(("body", "problem"), BAD_OVERRIDES.values(), ids=BAD_OVERRIDES)
def test_a_bad_override_stops_training_and_nothing_else(served: Stage, body: str, problem: str) -> None:
    before = served.pointer
    served.put(SCHEMA, body)
    served.put(f"{SLOT}2.csv", mixed(3))
    report = served.ingest()
    assert {one["upload"]: one["status"] for one in report.receipts} == {SCHEMA: "rejected", f"{SLOT}2.csv": "accepted"}
    assert problem in report.receipts[0]["reasons"][0]["problem"]
    assert "data/schema.json cannot be used: its receipt says why" in str(report.candidate.reason)
    assert (served.promote().decisions, served.pointer.model_id) == ([], before.model_id)
    served.put(SCHEMA, '{"columns": {}}')
    assert len(served.ingest().trained) == 1


def test_an_override_of_a_column_that_is_not_there_is_told(served: Stage) -> None:
    served.put(SCHEMA, '{"columns": {"weight": "number"}}')
    served.ingest()
    assert (
        "data/schema.json names columns that the test set lacks: weight"
        in served.json("status.json")["candidate"]["reason"]
    )


def test_a_changed_test_set_of_other_kinds_makes_promotion_wait(served: Stage) -> None:
    for key, seed in [(TEST, 7), (f"{SLOT}2.csv", 8)]:
        served.put(key, mixed(seed).replace(",red,", ",1,").replace(",blue,", ",2,"))
    served.ingest()
    [decision] = served.promote().decisions
    assert decision["decision"] == "waiting"
    assert "column colour is of another kind now than it is for the model" in decision["reason"]


def test_a_changed_test_set_of_the_same_kinds_is_compared_on(served: Stage) -> None:
    served.put(TEST, mixed(7))
    served.put(f"{SLOT}2.csv", mixed(8, 400))
    served.ingest()
    decisions = served.promote().decisions
    assert {one["decision"] for one in decisions} <= {"promoted", "kept"}
    assert all(one["test_rows"] == {"counted": 120, "of": 120} for one in decisions if one["decision"] == "promoted")


def test_rows_of_mixed_kinds_are_found_again_in_the_test_set(empty: Stage) -> None:
    empty.put(TEST, mixed(1))
    empty.put(f"{SLOT}1.csv", mixed(2) + "".join(mixed(1).splitlines(keepends=True)[1:21]))
    [score] = empty.ingest().trained
    assert (score["in_test_set"], score["train_rows"]) == (20, 120)


def test_missing_spellings_can_be_set(empty: Stage) -> None:
    empty.change(missing=("", "-9", "none given"))
    empty.put(TEST, mixed(1).replace(",yes,", ",-9,"))
    empty.put(f"{SLOT}1.csv", mixed(2).replace(",yes,", ",none given,"))
    [score] = empty.ingest().trained
    assert {column["name"]: column["kind"] for column in score["schema"]}["on"] == "category"
    assert receipt_of(empty, f"{SLOT}1.csv")["warnings"] == []


def receipt_of(stage: Stage, key: str) -> dict[str, Any]:
    return dict(stage.receipts()[key])
