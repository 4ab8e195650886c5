"""``vintner schema`` on a bucket of the simulated S3; the functions are run by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.bucket import keys
from tests.cli.conftest import TEST, TEST_KEY, told
from tests.support.csv_tables import csv_text
from tests.support.stage import Stage


def kinds() -> dict[str, Any]:
    found = json.loads(told("schema", "--json"))["schema"]
    return {column["name"]: (column["kind"], column.get("format") or column.get("missing")) for column in found}


def test_the_schema_says_what_and_why(tested: Stage) -> None:
    assert kinds() == {"when": ("date", "%d/%m/%Y"), "pressure": ("number", None), "group": ("category", None)}
    text = told("schema")
    assert "group\tcategory\tb, a\t\tits values\n" in text or "group\tcategory\ta, b\t\tits values\n" in text
    assert "when\tdate\t%d/%m/%Y, 01/01/2026 to 12/09/2026\t\tread as %d/%m/%Y; %m/%d/%Y would fit as well" in text
    assert text.endswith(
        "note: a 0 in pressure looks like a missing value, as all others are far from it: add --missing pressure=0\n"
    )


def test_what_is_said_is_merged_and_lets_all_be_read_again(tested: Stage) -> None:
    assert "pressure: number, missing where it is 0\nevery upload is read again" in told(
        "schema", "--missing", "pressure=0"
    )
    told("schema", "--set", "when=date:%m/%d/%Y", "--missing", "pressure=99")
    tested.ingest()
    assert kinds() == {
        "when": ("date", "%m/%d/%Y"),
        "pressure": ("number", ["0", "99"]),
        "group": ("category", None),
    }
    assert "look" not in told("schema").partition("note")[2]
    told("schema", "--unset", "pressure", "--set", "group=unused")
    tested.ingest()
    assert kinds()["pressure"] == ("number", None)
    assert kinds()["group"] == ("unused", None)


def test_saying_nothing_more_removes_the_override(tested: Stage) -> None:
    told("schema", "--set", "group=unused")
    assert "removed data/schema.json" in told("schema", "--unset", "group")
    assert keys.OVERRIDE not in tested.listing()


def test_a_whole_file_takes_the_place_of_what_was_said(tested: Stage, tmp_path: Path) -> None:
    told("schema", "--set", "group=unused")
    (tmp_path / "mine.json").write_text('{"columns": {"pressure": {"kind": "category"}}}', encoding="utf-8")
    told("schema", "--file", "mine.json", "--set", "when=unused")
    said = json.loads(tested.store.read(keys.OVERRIDE).body)["columns"]
    assert said == {"pressure": {"kind": "category"}, "when": {"kind": "unused"}}


REFUSED = {
    "kind": (["--set", "group=text"], "column 'group': expected a kind (number, category, boolean, date, unused)"),
    "format": (["--set", "when=date:%Q"], "expected a format of dates such as iso or %d/%m/%Y, found '%Q'"),
    "name": (["--set", "grupp=category"], "names columns that the test set lacks: grupp"),
    "missing": (["--missing", "grupp=0"], "--missing grupp=0: expected a column whose kind is known"),
    "unset": (["--unset", "group"], "--unset group: expected a column of data/schema.json, which has no column"),
    "rows": (
        ["--set", "group=number"],
        "data/test/test.csv could no longer be used\n  line 2, column group: expected",
    ),
    "nothing": (["--set", "group=unused", "--set", "when=unused", "--set", "pressure=unused"], "that can be a feature"),
}


@pytest.mark.parametrize(("options", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_the_test_set_contradicts_is_refused_before_anything_changes(
    tested: Stage, options: list[str], problem: str
) -> None:
    before = tested.etags()
    assert problem in told("schema", *options, code=1)
    assert tested.etags() == before


def test_without_a_test_set_there_is_nothing_to_show(stage: Stage) -> None:
    assert "expected a test set, which says what the columns are, found none" in told("schema", code=1)
    stage.put(TEST_KEY, TEST)
    assert "the test set is being read right now" in told("schema", code=1)
    stage.put(TEST_KEY, "a,b\n1,2\n")
    stage.ingest()
    assert "found data/test/test.csv, which was rejected: expected the label column 'label'" in told("schema", code=1)


def test_it_can_be_said_before_the_test_set_is_there(stage: Stage) -> None:
    text = told("schema", "--set", "group=unused")
    assert text.startswith("note: no test set yet: the names of the columns cannot be checked\ngroup: unused\n")
    stage.put(TEST_KEY, TEST)
    stage.ingest()
    assert kinds()["group"] == ("unused", None)


def test_what_cannot_be_used_is_replaced(tested: Stage, tmp_path: Path) -> None:
    tested.put(keys.OVERRIDE, "no json")
    tested.ingest()
    assert "expected a JSON document" in told("schema", code=1)
    assert "replace it with --file" in told("schema", "--set", "group=unused", code=1)
    (tmp_path / "mine.json").write_text('{"columns": {"group": "unused"}}', encoding="utf-8")
    told("schema", "--file", "mine.json")
    tested.ingest()
    assert kinds()["group"] == ("unused", None)


def test_a_rejected_test_set_can_be_rescued(stage: Stage) -> None:
    cells = ["nil" if number % 6 == 0 else number for number in range(60)]
    text = csv_text(["a", "b", "label"], [(cell, n % 7, "xz"[n % 3 > 1]) for n, cell in enumerate(cells)])
    stage.put(TEST_KEY, text)
    assert stage.ingest().receipts[0]["status"] == "rejected"
    told("schema", "--set", "a=number", "--missing", "a=nil")
    stage.ingest()
    assert kinds()["a"] == ("number", ["nil"])
