"""Whole files, answered as the API answers their rows."""

import csv
import gzip
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from functions import predict_batch
from functions.predict import predict
from shared.bucket import keys
from shared.serving.production_cache import ProductionCache
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage, csv_of, sample

UPLOAD = "batch/new.csv"
ANSWER, REPORT = "predictions/new.csv", "predictions/new.json"


@pytest.fixture
def stage(settings: Any) -> Stage:  # noqa: ANN401  (the settings of tests/conftest.py)
    stage = Stage(FakeStore(), replace(settings))
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    return stage


def fake(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


def answered(stage: Stage) -> predict_batch.BatchRun:
    return predict_batch.run(fake(stage), stage.settings)


def rows_of(stage: Stage, delimiter: str = ",") -> list[dict[str, str]]:
    text = stage.store.read(ANSWER).body.decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def report_of(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stage.store.read(REPORT).body)
    return found


def test_rows_are_answered_as_by_the_api(stage: Stage) -> None:
    rows = [(0.1 * place - 3, -0.07 * place, f"note {place}") for place in range(80)] + [("", 1, "x"), ("1e3", "", "")]
    text = csv_of(rows, ("b", "a", "note"))
    stage.put(UPLOAD, text)
    answered(stage)
    cache = ProductionCache(stage.store, 0)
    expected = predict(cache, text.encode(), "text/csv")["predictions"]
    found = rows_of(stage)
    assert [row["prediction"] for row in found] == [one["prediction"] for one in expected]
    probabilities = [float(row["probability"]) for row in found]
    assert probabilities == pytest.approx([one["probability"] for one in expected], abs=1e-12, rel=0)
    assert [row["note"] for row in found] == [str(row[2]) for row in rows]
    assert report_of(stage)["rows"] == {"read": 82, "predicted": 82, "problems": 0}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x,1", "a: expected a finite number or nothing, found 'x'"),
        ("nan_,1", "a: expected a finite number or nothing, found 'nan_'"),
        ("1", "expected 2 fields as in the header, found 1"),
        ("1,2,3", "expected 2 fields as in the header, found 3"),
        ("1e39,2", "a: expected a finite number that fits into float32"),
        ('"1"2,3', "expected a CSV record, found"),
    ],
)
def test_a_row_that_cannot_be_read_keeps_its_place(stage: Stage, line: str, problem: str) -> None:
    stage.put(UPLOAD, f"a,b\n1,2\n{line}\n3,4\n")
    answered(stage)
    found = rows_of(stage)
    assert [bool(row["prediction"]) for row in found] == [True, False, True]
    assert found[1]["problem"].startswith(problem)
    assert found[0]["problem"] == found[2]["problem"] == ""
    assert [reason["line"] for reason in report_of(stage)["reasons"]] == [3]


@pytest.mark.parametrize(
    "body",
    [
        "a;b\n1,5;2\n0,5;-3\n".encode("utf-16"),
        b"a;b\r\n1,5;2\r\n0,5;-3\r\n",
        gzip.compress(b"a;b\n1,5;2\n") + gzip.compress(b"0,5;-3\n"),
        b'a;b\n"1,5";"2"\n0,5;-3\n',
    ],
    ids=["utf-16", "crlf", "gzip members", "quotes"],
)
def test_dialects_are_read(stage: Stage, body: bytes) -> None:
    stage.put(UPLOAD, body)
    answered(stage)
    plain = predict(ProductionCache(stage.store, 0), b"a,b\n1.5,2\n0.5,-3\n", "text/csv")["predictions"]
    assert [row["prediction"] for row in rows_of(stage, ";")] == [one["prediction"] for one in plain]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "found an empty file"),
        ("a,b\n", "at least one row"),
        ("a,c\n1,2\n", "expected a column"),
        ("PK\x03\x04", "a zip archive"),
    ],
)
def test_what_is_no_table_for_the_model_is_rejected(stage: Stage, body: str, reason: str) -> None:
    stage.put(UPLOAD, body)
    answered(stage)
    report = report_of(stage)
    assert report["status"] == "rejected"
    assert reason in report["reasons"][0]["problem"]
    assert ANSWER not in stage.listing()


def test_labels_give_a_score(stage: Stage) -> None:
    stage.put(UPLOAD, sample(7, rows=200, noise=0.0))
    answered(stage)
    metrics = report_of(stage)["metrics"]
    truth = [row["label"] == "yes" for row in rows_of(stage)]
    said = [row["prediction"] in {"yes", "true"} for row in rows_of(stage)]
    hits = sum(a and b for a, b in zip(truth, said, strict=True))
    assert metrics["f1"] == pytest.approx(2 * hits / (sum(truth) + sum(said)))
    assert metrics["interval"][0] <= metrics["f1"] <= metrics["interval"][1]


def test_a_repeated_event_stops_and_a_replaced_upload_is_answered_anew(stage: Stage) -> None:
    stage.put(UPLOAD, "a,b\n1,2\n")
    assert len(answered(stage).reports) == 1
    before = stage.etags()
    assert answered(stage).reports == []
    assert stage.etags() == before
    stage.put(UPLOAD, "a,b\n1,2\n3,4\n")
    assert answered(stage).reports[0]["rows"]["read"] == 2
    assert report_of(stage)["etag"] == stage.etags()[UPLOAD]


def test_an_upload_that_is_replaced_while_it_is_read_is_answered_as_it_is_now(stage: Stage) -> None:
    stage.put(UPLOAD, "a,b\n1,2\n")
    fake(stage).disturb("read_part", UPLOAD, lambda: stage.put(UPLOAD, "a,b\n3,4\n5,6\n"))
    answered(stage)
    assert len(rows_of(stage)) == 2
    assert report_of(stage)["etag"] == stage.etags()[UPLOAD]


def test_a_promotion_in_the_middle_leaves_one_model_for_the_file(stage: Stage) -> None:
    stage.put(UPLOAD, "a,b\n1,2\n")
    pointer = fake(stage).read(keys.PRODUCTION)
    changed = json.loads(pointer.body) | {"model_id": "0" * 16}
    fake(stage).disturb("read_part", UPLOAD, lambda: stage.put(keys.PRODUCTION, json.dumps(changed)))
    answered(stage)
    assert report_of(stage)["model_id"] == json.loads(pointer.body)["model_id"]


def test_a_file_waits_for_the_first_model(settings: Any) -> None:  # noqa: ANN401  (as above)
    stage = Stage(FakeStore(), settings)
    stage.put(UPLOAD, "a,b\n1,2\n")
    assert answered(stage).waiting == [UPLOAD]
    assert stage.listing() == [UPLOAD]
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    assert answered(stage).waiting == []
    assert len(rows_of(stage)) == 1


class Killed(BaseException):
    """The function ended here."""


VERBS: list[tuple[str, str]] = [
    ("list", keys.BATCH),
    ("list", keys.PREDICTIONS),
    ("read", keys.PRODUCTION),
    ("create", "attempts/"),
    ("read", "scorer.json"),
    ("read", "score.json"),
    ("read_part", UPLOAD),
    ("write_parts", ANSWER),
    ("create", REPORT),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("verb", "key"), VERBS, ids=[f"{verb} {key}" for verb, key in VERBS])
def test_a_kill_at_any_call_is_made_good_by_the_next_event(stage: Stage, verb: str, key: str, after: bool) -> None:
    stage.put(UPLOAD, "a,b\n1,2\n")
    fake(stage).fail(verb, key, error=Killed(), after=after)
    with pytest.raises(Killed):
        answered(stage)
    answered(stage)
    assert len(rows_of(stage)) == 1
    assert report_of(stage)["predictions_etag"] == stage.etags()[ANSWER]


def test_a_file_that_ends_the_function_three_times_is_refused(stage: Stage) -> None:
    stage.put(UPLOAD, "a,b\n1,2\n")
    fake(stage).fail("read_part", UPLOAD, error=Killed(), times=3)
    for _ in range(3):
        with pytest.raises(Killed):
            answered(stage)
    answered(stage)
    assert report_of(stage)["status"] == "refused"
    assert "split it" in report_of(stage)["reasons"][0]["problem"]
