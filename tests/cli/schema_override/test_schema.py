"""``vintner schema`` and ``vintner upload`` on a bucket of the simulated S3; the functions are run by hand."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.console.receipts import show_receipt
from cli.main import main
from cli.stages.follow import Followed, follow
from shared.bucket import keys
from shared.bucket.s3 import S3Store
from shared.settings import Settings
from tests.support.csv_tables import csv_text
from tests.support.stage import Stage

HEADER = ["when", "pressure", "group", "label"]
ROWS = [
    (f"{n % 12 + 1:02}/{n % 9 + 1:02}/2026", 0 if n % 8 == 0 else 60 + n % 31, "ab"[n % 2], "xz"[n * 7 % 11 > 4])
    for n in range(60)
]
TEST = csv_text(HEADER, ROWS)
TEST_KEY = "data/test/test.csv"


@pytest.fixture
def stage(store: S3Store, cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A deployed stage whose bucket is the simulated S3's."""
    assert cloud
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"app_name": "a", "stages": {"dev": {}}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VINTNER_BUCKET", store.bucket)
    monkeypatch.setenv("VINTNER_LABEL", "label")
    return Stage(store, Settings.from_environment())


@pytest.fixture
def tested(stage: Stage) -> Stage:
    """A stage with a test set that was read."""
    stage.put(TEST_KEY, TEST)
    stage.ingest()
    return stage


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--stage", "dev"])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


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


def test_an_old_receipt_is_no_answer_while_the_schema_changes(tested: Stage) -> None:
    uploads = ["data/slots/a.csv", TEST_KEY]
    tested.put(uploads[0], TEST.replace("2026", "2025"))
    tested.ingest()
    before = list(tested.receipts().values())
    tested.put(keys.OVERRIDE, '{"columns": {"group": "unused"}}')
    *steps, last = follow(tested.store, tested.settings, uploads, seconds=60, pause=lambda _: _work(tested))
    receipts = [step.receipt for step in steps if step.receipt]
    assert [receipt["upload"] for receipt in receipts] == uploads
    assert [receipt for receipt in receipts if receipt in before] == []
    assert last.score is not None
    assert last.score["schema"][2] == {"name": "group", "kind": "unused", "why": "data/schema.json"}


def _work(stage: Stage) -> None:
    stage.ingest()
    stage.promote()


def test_the_candidate_alone_can_be_followed(tested: Stage) -> None:
    assert list(follow(tested.store, tested.settings, [], seconds=1)) == [
        Followed(reason="no slot yet: upload one to data/slots/")
    ]


def test_receipts_tell_how_a_file_was_read(tested: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [list(map(str, row)) for row in ROWS]
    rows[3][1] = rows[5][1] = "high"
    tested.put("data/slots/slot.csv", "\n".join(";".join(row) for row in [HEADER, *rows]).encode("utf-16"))
    for receipt in tested.ingest().receipts:
        show_receipt(receipt)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "accepted data/slots/slot.csv: 60 rows read, 58 kept, 58 new (UTF-16, semicolons)"
    assert lines[1] == "  line 5, column pressure: expected a finite number or nothing, found 'high'"
    assert lines[3] == "  warning: 2 of 60 rows cannot be used and are left out: see the reasons"


def test_a_receipt_of_the_schema_has_no_rows(tested: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    tested.put(keys.OVERRIDE, '{"columns": {"group": "unused"}}')
    show_receipt(next(one for one in tested.ingest().receipts if one["kind"] == "schema"))
    assert capsys.readouterr().out == "accepted data/schema.json: every upload is read again\n"


def test_status_tells_warnings_and_the_kinds_of_columns(tested: Stage) -> None:
    tested.put("data/slots/a.csv", TEST.replace("2026", "2025"))
    tested.ingest()
    tested.promote()
    text = told("status")
    assert "columns     1 number, 1 category, 1 date: see vintner schema\n" in text
    assert "            warning: column when: read as %d/%m/%Y; %m/%d/%Y would fit as well" in text
    assert "  data/slots/a.csv: warning: column when" in text
