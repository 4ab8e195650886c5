"""Every table from its files to predictions, with no preparation, held against the notebook way."""

from typing import Final

import numpy as np
import pytest
from sklearn.metrics import f1_score

from functions import predict
from shared.production import ProductionCache
from shared.settings import Positive, Settings
from tests.fake_store import FakeStore
from tests.functions.stage import Stage
from tests.tables.catalogue import EVERY, table
from tests.tables.notebook import notebook_f1
from tests.tables.table import Imitation

ROUNDING: Final = 1e-9
# What a table shows of reading: (what was detected, kinds of columns).
SHOWN: Final[dict[str, tuple[dict[str, str], dict[str, str]]]] = {
    "titanic": ({}, {"Sex": "category", "Age": "number", "Name": "unused", "Ticket": "unused"}),
    "adult": ({}, {"workclass": "category", "age": "number"}),
    "telco": ({}, {"TotalCharges": "number", "Partner": "boolean", "InternetService": "category"}),
    "heart": ({}, {"thal": "number", "ca": "number"}),
    "bank": ({"delimiter": "semicolon"}, {"month": "category", "housing": "boolean"}),
    "sensor": ({"delimiter": "semicolon", "decimal": "comma"}, {"timestamp": "date"}),
    "loan": ({}, {"issued": "date", "verified": "boolean", "loan_id": "unused"}),
    "german": ({"encoding": "Windows-1252", "delimiter": "semicolon", "decimal": "comma"}, {"Prüfdatum": "date"}),
}


def header_of(one: Imitation) -> bytes:
    return f"{one.header}\n".encode() if one.header else b""


def suffix_of(one: Imitation) -> str:
    return ".csv.gz" if one.test.startswith(b"\x1f\x8b") else ".csv"


def stage_of(one: Imitation) -> Stage:
    """A stage with the table's files as they are, the header line that a person would add where there is none."""
    rule = Positive.parse(one.positive) if one.positive else None
    stage = Stage(FakeStore(), Settings("bucket", one.label, positive=rule, ignore=one.ignore))
    for number, slot in enumerate(one.slots):
        stage.put(f"data/slots/{number}{suffix_of(one)}", header_of(one) + slot)
    stage.put(f"data/test/test{suffix_of(one)}", header_of(one) + one.test)
    return stage


@pytest.mark.parametrize("name", EVERY)
def test_every_table_is_trained_and_served_as_it_is(name: str) -> None:
    one = table(name)
    stage = stage_of(one)
    [score] = stage.ingest().trained
    assert {receipt["status"] for receipt in stage.receipts().values()} == {"accepted"}
    assert score["f1"] >= notebook_f1(*one.frames(), one.label, positive=one.positive, ignore=one.ignore) - ROUNDING
    [decision] = stage.promote().decisions
    assert decision["decision"] == "promoted"
    answers = predict.predict(ProductionCache(stage.store, 5), header_of(one) + one.test, "text/csv")["predictions"]
    assert f1_of(one, [answer["prediction"] for answer in answers]) == pytest.approx(score["f1"])


def f1_of(one: Imitation, predicted: list[object]) -> float:
    """F1 of predictions for the test set, computed from its file alone."""
    texts = one.frames()[1][one.label]
    truth = [str(value).lower() for value in (eval_rule(one, texts) if one.positive else texts)]
    present = sorted(set(truth))
    scored = present[-1:] if len(present) == 2 else present
    found = [str(value).lower() for value in predicted]
    return float(f1_score(truth, found, labels=scored, average="macro", zero_division=0))


def eval_rule(one: Imitation, values: object) -> list[bool]:
    rule = Positive.parse(str(one.positive))
    return [bool(rule.holds(str(value))) for value in np.asarray(values).tolist()]


@pytest.mark.parametrize("name", SHOWN)
def test_tells_what_it_detected(name: str) -> None:
    detected, kinds = SHOWN[name]
    stage = stage_of(table(name))
    [score] = stage.ingest().trained
    receipt = stage.receipts()["data/test/test.csv"]
    plain = {"encoding": "UTF-8", "compression": None, "delimiter": "comma", "decimal": "point"}
    assert receipt["detected"] == {**plain, **detected}
    found = {column["name"]: column["kind"] for column in score["schema"]}
    assert {name: found[name] for name in kinds} == kinds


def test_files_without_a_header_line_are_refused_with_the_way_out() -> None:
    one = table("heart")
    stage = Stage(FakeStore(), Settings("bucket", one.label))
    stage.put("data/test/test.csv", one.test)
    [receipt] = stage.ingest().receipts
    assert receipt["status"] == "rejected"
    assert receipt["reasons"][0]["problem"].startswith("expected a header line, found a line of values (")
    assert "vintner upload --header" in receipt["reasons"][0]["problem"]


def test_zeros_can_be_said_to_be_missing() -> None:
    one = table("pima")
    stage = stage_of(one)
    [plain] = stage.ingest().trained
    stage.put("data/schema.json", '{"columns": {"Insulin": {"kind": "number", "missing": [0]}}}')
    [told] = stage.ingest().trained
    assert told["model_id"] != plain["model_id"]
    assert {"name": "Insulin", "kind": "number", "missing": ["0"], "why": "data/schema.json"} in told["schema"]
