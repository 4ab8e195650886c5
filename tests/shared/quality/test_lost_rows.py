"""Rows that are uploaded and not trained on are reported, with the setting that would count them."""

import re

import pytest

from shared.bucket.inventory import Source
from shared.bucket.keys import Upload
from shared.ingestion.csv_reader import read_csv
from shared.quality.lost_rows import is_copy_of_a_test_upload, lost_rows
from shared.settings import Duplicates, Settings
from shared.tables.dataset import assemble
from shared.tables.held_out import reference_of
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label")
SUM = "set VINTNER_DUPLICATES=sum"


def table(rows: str) -> Table:
    """A table of lines that are separated by spaces; ``3*1,2,x`` is a line three times."""
    lines = [line for part in rows.split() for line in _times(part)]
    return read_csv("\n".join(["a,b,label", *lines]).encode(), SETTINGS).table


def _times(part: str) -> list[str]:
    times, _, line = part.rpartition("*")
    return [line] * int(times or 1)


def reported(*slots: str, test: str = "9,9,x 8,8,y", duplicates: Duplicates = "union") -> list[str]:
    tables, tests = [table(rows) for rows in slots], [table(test)]
    reference = reference_of(tuple(tests), None)
    dataset = assemble(tables, tests, reference.schema, truth=False, duplicates=duplicates)
    sources = [Source(Upload(f"{number}.csv", "etag", 0, ""), rows) for number, rows in enumerate(slots)]
    return lost_rows(dataset, sources, duplicates)


@pytest.mark.parametrize(
    ("slots", "duplicates", "expected"),
    [
        (["9*1,2,x 3,4,y"], "union", []),
        (["9*1,2,x 3,4,y"], "sum", []),
        (["9*1,2,x 3,4,y"], "distinct", ["2 of 10 rows are trained on: 8 repeat other rows of the slots, 0 are in"]),
        (["5*1,2,x", "4*1,2,x 3,4,y"], "union", [f"4 of 5 rows of 1.csv are also in earlier uploads; .*{SUM}"]),
        (["5*1,2,x", "5*1,2,x"], "union", []),
        (["1,2,x 9,9,x 8,8,y"], "union", ["1 of 3 rows are trained on: 0 repeat other rows of the slots, 2 are in"]),
        (["2*1,2,x", "2*1,2,x 3,5,y"], "union", [f"2 of 3 rows of 1.csv .*{SUM}"]),
    ],
    ids=[
        "a survey",
        "sum",
        "distinct",
        "an overlap",
        "a copy is reported as one",
        "the test set",
        "most of a small slot",
    ],
)
def test_what_is_reported(slots: list[str], duplicates: Duplicates, expected: list[str]) -> None:
    lines = reported(*slots, duplicates=duplicates)
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.match(pattern, line)


@pytest.mark.parametrize(
    ("slot", "is_copy"),
    [
        ("9,9,x 8,8,y", True),
        ("8.0,8,y 9,9.0,x", True),
        ("9,9,x", False),
        ("9,9,x 8,8,x", False),
        ("2*9,9,x 8,8,y", False),
    ],
    ids=["the same", "another order and spelling", "a part", "another label", "more of it"],
)
def test_a_copy_of_a_test_upload(slot: str, is_copy: bool) -> None:
    reference = reference_of((table("9,9,x 8,8,y"), table("7,7,x")), None)
    assert is_copy_of_a_test_upload(table(slot), reference) is is_copy
