"""What ``vintner new`` prints as a way out is typed, and works."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

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
