"""Every table from its files to predictions, with no preparation, held against the notebook way."""

from typing import Final

import pytest

from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage
from tests.tables.catalogue import EVERY, table
from tests.tables.line import ROUNDING, served_f1, stage_of
from tests.tables.notebook import notebook_f1

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


@pytest.mark.parametrize("name", EVERY)
def test_every_table_is_trained_and_served_as_it_is(name: str) -> None:
    one = table(name)
    stage = stage_of(one)
    [score] = stage.ingest().trained
    assert {receipt["status"] for receipt in stage.receipts().values()} == {"accepted"}
    assert score["f1"] >= notebook_f1(*one.frames(), one.label, positive=one.positive, ignore=one.ignore) - ROUNDING
    [decision] = stage.promote().decisions
    assert decision["decision"] == "promoted"
    assert served_f1(one, stage) == pytest.approx(score["f1"])


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
