"""``vintner upload``: where files go, and the header line that one of them lacks."""

import gzip
from pathlib import Path

import pytest

from tests.cli.conftest import HEADER, ROWS, TEST, told
from tests.support.stage import Stage

NAMES = {
    "rows.csv": "data/slots/rows.csv",
    "rows.csv.gz": "data/slots/rows.csv.gz",
    "rows.CSV": "data/slots/rows.CSV",
    "rows.tsv": "data/slots/rows.csv",
    "processed.heart.data": "data/slots/processed.heart.csv",
    "rows.txt.gz": "data/slots/rows.csv.gz",
    "rows.xlsx": "data/slots/rows.xlsx",
    "schema.json": "data/schema.json",
}


@pytest.mark.parametrize(("name", "key"), NAMES.items())
def test_files_go_where_the_bucket_wants_them(stage: Stage, tmp_path: Path, name: str, key: str) -> None:
    (tmp_path / name).write_text(TEST, encoding="utf-8")
    text = told("upload", name)
    assert stage.listing("data/") == [key]
    assert text.startswith(f"uploaded {name} to s3://{stage.settings.bucket}/{key}")
    assert ("(named so" in text) is not key.endswith(f"/{name}")


@pytest.mark.parametrize("name", ["rows.data", "rows.data.gz"])
def test_a_header_line_is_put_on_top(stage: Stage, tmp_path: Path, name: str) -> None:
    body = TEST.partition("\n")[2].replace(",", ";").encode()
    (tmp_path / name).write_bytes(gzip.compress(body) if name.endswith("gz") else body)
    told("upload", "--test", name, "--header", ",".join(HEADER))
    receipt = stage.ingest().receipts[0]
    assert (receipt["status"], receipt["rows"]["kept"]) == ("accepted", len(ROWS))
    assert receipt["detected"]["delimiter"] == "semicolon"


def test_without_a_header_line_the_receipt_says_how_to_add_one(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "rows.data").write_text(TEST.partition("\n")[2], encoding="utf-8")
    told("upload", "--test", "rows.data")
    receipt = stage.ingest().receipts[0]
    assert receipt["status"] == "rejected"
    assert "'vintner upload --header NAME,NAME,...'" in receipt["reasons"][0]["problem"]


def test_a_header_that_does_not_fit_is_refused_before_anything_is_sent(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("1,2,x\n2,3,y\n", encoding="utf-8")
    error = told("upload", "rows.csv", "--header", "a,label", code=1)
    assert "rows.csv: expected --header to name 3 columns" in error
    assert stage.listing() == []
