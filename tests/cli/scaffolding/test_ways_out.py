"""What ``vintner new`` prints as a way out is typed, and works."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from cli.main import main


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(cells: Sequence[str], *options: str, to: str = "made", labels: Sequence[str] = ("x", "y")) -> Result:
    rows = "".join(f'"{cell}",{number},{labels[number % len(labels)]}\n' for number, cell in enumerate(cells))
    Path("my.csv").write_text(f"when,n,label\n{rows}", encoding="utf-8")
    arguments = ["new", to, "--csv", "my.csv", "--label", "label", "--use", "n", "--json", *options]
    return CliRunner().invoke(main, arguments)


def kinds(result: Result) -> dict[str, dict[str, object]]:
    assert result.exit_code == 0, result.output
    return {column["name"]: column for column in json.loads(result.stdout)["columns"]}


def option_in(warnings: Sequence[str]) -> list[str]:
    """The option that a warning names, split as a shell does."""
    [option] = re.findall(r"(--set (?:'[^']*'|\S+))", " ".join(warnings))
    return shlex.split(option)


ALMOST: dict[str, tuple[list[str], str, str]] = {
    "dates": ([f"{day:02}.11.24" for day in range(1, 29)] * 10 + ["unknown"] * 7, "date", "%d.%m.%y"),
    "euros": (["5 EUR", "1,200 EUR", "12 EUR"] * 20 + ["3 USD"] * 3 + ["free"] * 20, "number", "1,234.5 EUR"),
}


@pytest.mark.parametrize(("cells", "kind", "form"), ALMOST.values(), ids=ALMOST)
def test_a_column_that_almost_agrees_is_settled_by_the_option_that_is_named(
    cells: list[str], kind: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VINTNER_MAX_BAD_SHARE", "0.4")
    first = new(cells)
    assert kinds(first)["when"]["kind"] in {"category", "unused"}
    again = new(cells, *option_in(json.loads(first.stdout)["warnings"]), to="again")
    assert (kinds(again)["when"]["kind"], kinds(again)["when"]["format"]) == (kind, form)


def test_a_spelling_that_the_shell_names_as_missing_is_one_and_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [*map(str, range(80)), *["unknown"] * 20]
    refused = new(cells)
    assert kinds(refused).get("when", {}).get("kind") != "number"
    monkeypatch.setenv("VINTNER_MISSING", "unknown")
    result = new(cells, to="again")
    assert kinds(result)["when"]["kind"] == "number"
    config = json.loads(Path("again/.chalice/config.json").read_text(encoding="utf-8"))
    assert config["stages"]["local"]["environment_variables"]["VINTNER_MISSING"] == "unknown"


CLASSES: dict[str, tuple[list[str], list[str]]] = {
    "severity": (["None", "Mild", "Severe"], ["Mild", "None", "Severe"]),
    "signs": (["-", "+"], ["+", "-"]),
    "continents": (["NA", "EU"], ["EU", "NA"]),
    "some without a label": (["x", "", "y", ""], ["x", "y"]),
}


@pytest.mark.parametrize(("labels", "classes"), CLASSES.values(), ids=CLASSES)
def test_labels_that_look_like_missing_values_are_classes(labels: list[str], classes: list[str]) -> None:
    result = new([str(number % 7) for number in range(120)], labels=labels)
    assert result.exit_code == 0, result.output
    assert [count["class"] for count in json.loads(result.stdout)["label"]["classes"]] == classes


OPTION: Final = r"--(?:use|ignore|positive|missing|set|header-line) (?:'[^']*'|\"[^\"]*\"|[\w@%+=:,./<>-])+"


def rows_of(header: str, rows: Sequence[Sequence[object]]) -> str:
    return header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


NUMBERED = [(number % 17, number * 7 % 90, "xy"[number % 2]) for number in range(90)]
# The file, the option that is named, and what then is in the settings or the kinds of columns.
NAMED: dict[str, tuple[str, str, str]] = {
    "an id that is none": (rows_of("id,a,label", [(n, *row[1:]) for n, row in enumerate(NUMBERED)]), "--use id", "id"),
    "a number that differs": (
        rows_of("it's,a,label", [(1000 + 7 * n, *row[1:]) for n, row in enumerate(NUMBERED)]),
        """--use 'it'"'"'s'""",
        "it's",
    ),
    "a column that decides": (
        rows_of("a,out come,label", [(row[0], 5 if row[2] == "x" else 9, row[2]) for row in NUMBERED]),
        "--ignore 'out come'",
        "VINTNER_IGNORE=out come",
    ),
    "decimal labels": (
        rows_of("a,b,label", [(*row[:2], row[1] + 0.5) for row in NUMBERED]),
        "--positive '> 45.5'",
        "VINTNER_POSITIVE=> 45.5",
    ),
    "the other class": (
        rows_of("a,b,label", [(*row[:2], "it's" if row[2] == "x" else "not") for row in NUMBERED]),
        """--positive '== it'"'"'s'""",
        "VINTNER_POSITIVE=== it's",
    ),
    "zeros": (
        rows_of("blood pressure,b,label", [(0 if row[0] == 3 else 60 + row[0], *row[1:]) for row in NUMBERED]),
        "--missing blood_pressure=0",
        "blood_pressure",
    ),
    "mostly numbers": (
        rows_of("a,b,label", [("not known" if row[0] > 13 else row[0] + 0.5, *row[1:]) for row in NUMBERED]),
        "--missing 'a=not known'",
        "a",
    ),
    "the month first": (
        rows_of("a,b,label", [(f"{row[0] % 12 + 1:02}/{row[1] % 12 + 1:02}/2024", *row[1:]) for row in NUMBERED]),
        "--set a=date:%m/%d/%Y",
        "a",
    ),
    "a decimal mark": (
        rows_of("a,b,label", [(f'"{row[0] + 1},{row[1] + 100}"', *row[1:]) for row in NUMBERED]),
        "--set a=number:1234,5",
        "a",
    ),
    "a second header": (
        rows_of("q1,q2,q3", [("How old?", "How often?", "label"), *NUMBERED]),
        "--header-line 2",
        "How_old?",
    ),
}


@pytest.mark.parametrize(("text", "option", "then"), NAMED.values(), ids=NAMED)
def test_an_option_that_is_named_works_as_it_is_printed(text: str, option: str, then: str) -> None:
    Path("my.csv").write_text(text, encoding="utf-8")
    label = "q3" if "q3" in text else "label"
    first = CliRunner().invoke(main, ["new", "made", "--csv", "my.csv", "--label", label])
    assert option in re.findall(OPTION, first.output), first.output
    label = "label" if "header" in option else label
    arguments = ["new", "again", "--csv", "my.csv", "--label", label, "--json", *shlex.split(option)]
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.output
    plan = json.loads(again.stdout)
    set_now = {f"{name}={value}" for name, value in plan["settings"].items()}
    assert then in {*set_now, *plan["features"]}
    assert option not in again.output
