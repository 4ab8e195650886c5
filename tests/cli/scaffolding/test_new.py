"""``vintner new`` as a person meets it; tests/e2e/test_new.py runs what it makes."""

import csv
import itertools
import json
import os
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.scaffolding import scaffold
from shared.errors import VintnerError
from shared.settings import Settings
from tests.support.csv_tables import ROWS, csv_text, mixed


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        monkeypatch.delenv(name)
    Path("my.csv").write_text(mixed(), encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["new", *arguments])


def rows_of(name: str) -> list[tuple[str, ...]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_it_writes_a_project_that_has_everything() -> None:
    result = run("made", "--csv", "my.csv", "--label", "grade", "--slots", "2")
    assert result.exit_code == 0, result.output
    parts = [rows_of(f"made/data/{name}.csv") for name in ("test/test", "slots/slot_1", "slots/slot_2")]
    assert sorted(itertools.chain(*parts)) == sorted(row for row in rows_of("my.csv") if "1,5" not in row)
    config = json.loads(Path("made/.chalice/config.json").read_text(encoding="utf-8"))
    settings = Settings.from_environment(config["stages"]["local"]["environment_variables"])
    assert (settings.label, settings.positive) == ("grade", None)
    assert settings.ignore == ("Id", "serial", "token", "same", "nothing", "name")
    assert config["app_name"] == "made"
    assert config["stages"]["dev"]["environment_variables"]["VINTNER_BUCKET"] == "made-dev-{account}-{region}-an"
    for name in ("app.py", "chalicelib/static/page.html", "vendor/shared/ingestion/csv_reader.py", "requirements.txt"):
        assert Path("made", name).is_file()
    assert not any(path.is_symlink() and path.readlink().is_absolute() for path in Path("made").rglob("*"))


def test_its_policies_are_for_its_own_bucket() -> None:
    run("Wine & Co", "--csv", "my.csv", "--label", "grade")
    policies = [path.read_text(encoding="utf-8") for path in Path("Wine & Co/.chalice").glob("policy-*.json")]
    buckets = {name for text in policies for name in re.findall(r"arn:\$\{partition\}:s3:::([^/\"]+)", text)}
    assert buckets == {"${bucket}"}
    config = json.loads(Path("Wine & Co/.chalice/config.json").read_text(encoding="utf-8"))
    bucket = config["stages"]["dev"]["environment_variables"]["VINTNER_BUCKET"]
    assert bucket == "wine-co-dev-{account}-{region}-an"


def test_it_says_what_it_decided_and_what_to_type() -> None:
    text = run("made", "--csv", "my.csv", "--label", "grade").output
    assert f"read        my.csv: {ROWS} rows, 13 columns\n" in text
    assert "left out    1 of 40 rows, which cannot be used\n            line 7, column typo: expected" in text
    assert "label       grade, 2 classes, each a text (bad: 17 rows, good: 22 rows)\n" in text
    assert "features    6 of 12 columns\nnumber      width    0 to 2.5\n" in text
    assert "category    city     Oslo, Rome, Bonn\nboolean     member   38% true\ndate        day      2026" in text
    assert "ignored     Id       its name says that it is an id" in text
    assert "            name     text that hardly repeats (39 different values in 39 rows)\n" in text
    assert "--positive '== bad' makes it the other class" in text
    assert text.partition("\nnext\n")[2].splitlines()[:2] == [
        "  cd made",
        "  vintner up        # and in another terminal, in the same directory:",
    ]


def test_json_has_all_of_it() -> None:
    result = run("made", "--csv", "my.csv", "--label", "width", "--positive", "> 1", "--json")
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["settings"]["VINTNER_POSITIVE"] == "> 1"
    assert [one["class"] for one in found["label"]["classes"]] == [False, True]
    assert sum(one["rows"] for one in found["files"]) == found["rows"] == ROWS - 1
    assert found["metric"] == "F1 of the rows for which the rule holds"


def test_without_a_label_the_columns_are_listed() -> None:
    result = run("made", "--csv", "my.csv")
    assert result.exit_code == 2
    assert "grade\tcategory\t2\tgood, bad\n" in result.stdout
    assert result.stderr.startswith("Error: expected --label COLUMN, the column to predict, found none; most likely:")
    assert json.loads(run("made", "--csv", "my.csv", "--json").stdout)["likely_labels"][0] == "grade"
    assert not Path("made").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["."], 1, "expected a new or empty directory, found my.csv in"),
        (["my.csv"], 1, "expected a new or empty directory, found a file at"),
        (["made", "--slots", "30"], 1, "expected rows for a test set and 30 slots, found only 39"),
        (["made", "--positive", "many"], 2, "expected a rule such as '> 5', '<= 5' or '== yes', found 'many'"),
        (["made", "--test-share", "1"], 2, "0<x<1"),
        (["made", "--csv", "none.csv"], 2, "does not exist"),
        (["made", "--csv", "."], 2, "is a directory"),
        (["made", "--set", "city=number"], 1, "my.csv: it cannot be read\n  line 2, column city: expected a finite"),
        (["made", "--set", "city"], 2, "expected COLUMN=KIND, found 'city'"),
        (["made", "--header", "a,b"], 1, "expected --header to name 13 columns"),
        (["made", "--header", "a,,b"], 2, "expected a different name for each column"),
        (["/dev/null/made"], 1, "check the path and your permissions"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals_write_nothing(arguments: list[str], code: int, problem: str) -> None:
    result = run("--csv", "my.csv", "--label", "grade", *arguments)
    assert (result.exit_code, problem in result.stderr) == (code, True), result.stderr
    assert [path.name for path in Path().iterdir()] == ["my.csv"]


def test_an_empty_directory_is_taken() -> None:
    Path("made").mkdir()
    assert run("made", "--csv", "my.csv", "--label", "grade").exit_code == 0
    assert run("made", "--csv", "my.csv", "--label", "grade").exit_code == 1


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    def full(_: Path) -> None:
        raise VintnerError("the disk is full")

    with pytest.raises(VintnerError, match="the disk is full"):
        scaffold.write_project(tmp_path / "made", {}, full)
    assert [path.name for path in tmp_path.iterdir()] == ["my.csv"]


def test_what_to_mind_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(number / 3, "xy"[number % 2]) for number in range(20)]
    Path("my.csv").write_text(csv_text(["a", "grade"], [*rows, (0.1, "z")]), encoding="utf-8")
    monkeypatch.setenv("VINTNER_LABEL", "other")
    text = run("made", "--csv", "my.csv", "--label", "grade").output
    assert "class z has a single row: it is trained on and never tested" in text
    assert "VINTNER_LABEL is set in this shell and wins over the project's: unset VINTNER_LABEL" in text
    assert "score       F1 of y, which sorts last" in text


def test_it_needs_the_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scaffold, "SOURCE", tmp_path)
    result = run("made", "--csv", "my.csv", "--label", "grade")
    assert isinstance(result.exception, SystemExit)
    assert "install from a clone" in click.unstyle(result.stderr)


def test_what_zeros_mean_is_asked_and_can_be_said() -> None:
    rows = [(0 if number % 9 == 0 else 60 + number % 37, number % 5, "xy"[number % 3 > 1]) for number in range(90)]
    Path("my.csv").write_text(csv_text(["pressure", "visits", "grade"], rows), encoding="utf-8")
    text = run("made", "--csv", "my.csv", "--label", "grade").output
    assert (
        "note        a 0 in pressure looks like a missing value, as all others are far from it: add --missing" in text
    )
    text = run("said", "--csv", "my.csv", "--label", "grade", "--missing", "pressure=0").output
    assert "pressure  60 to 96; 11% missing" in text
    assert "  vintner upload data/schema.json\n" in text
    said = json.loads(Path("said/data/schema.json").read_text(encoding="utf-8"))
    assert said["columns"] == {"pressure": {"kind": "number", "missing": ["0"]}}


def test_a_survey_keeps_its_proportions() -> None:
    answers = ["A,yes"] * 270 + ["A,no"] * 30 + ["B,yes"] * 30 + ["B,no"] * 270
    Path("survey.csv").write_text("\n".join(["code,answer", *answers]), encoding="utf-8")
    result = run("made", "--csv", "survey.csv", "--label", "answer")
    assert "598 rows repeat another: each counts as an observation (VINTNER_DUPLICATES=sum)" in result.output
    config = json.loads(Path("made/.chalice/config.json").read_text(encoding="utf-8"))
    settings = Settings.from_environment(config["stages"]["local"]["environment_variables"])
    assert settings.duplicates == "sum"
    for name in ("test/test", "slots/slot_1", "slots/slot_3"):
        yes = [row for row in rows_of(f"made/data/{name}.csv") if row[1] == "yes"]
        assert 0.7 < sum(row[0] == "A" for row in yes) / len(yes) <= 1


def test_a_few_repeated_rows_stay_together() -> None:
    result = run("made", "--csv", "my.csv", "--label", "grade", "--json")
    assert "VINTNER_DUPLICATES" not in json.loads(result.output)["settings"]
