"""Every way out that a message of the bucket names: it is typed as it is printed, and works."""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cli.main import main
from shared.settings import Settings
from tests.cli.conftest import told
from tests.support.csv_tables import csv_text
from tests.support.stage import Stage

OPTION: Final = r"vintner (?:schema|upload) --[a-z-]+ (?:(?:'[^']*'|\"[^\"]*\"|[\w@%+=:,./-])+)"
SETTING: Final = r"VINTNER_[A-Z_]+=\w+"
ROWS: Final = 60


def rows(cells: Sequence[object], labels: Sequence[object] = ("x", "y"), name: str = "a") -> str:
    """A CSV of a column, a number that tells the classes apart, and the label."""
    return csv_text(
        [name, "n", "label"],
        [
            (cell, number * 7 % 11 + 20 * (number % len(labels)), labels[number % len(labels)])
            for number, cell in enumerate(cells)
        ],
    )


def times(count: int, *cells: Any) -> list[Any]:  # noqa: ANN401  (cells, or rows of them)
    return list(cells) * count


@dataclass(frozen=True)
class Case:
    """Uploads whose messages name a way out, the command or setting among those named, and what the column is then.

    `kind` is None where the column is as it was. `said` is what is said of it before, `before` are settings of then,
    and `then` those that a message leaves to the reader.
    """

    test: str
    way_out: str
    kind: str | None = None
    slots: tuple[str, ...] = ()
    said: str = ""
    before: dict[str, str] = field(default_factory=dict)
    then: dict[str, str] = field(default_factory=dict)
    is_accepted: bool = True
    """Whether all uploads are accepted before the way out is taken."""


NUMBERS: Final = [*range(ROWS)]
ALMOST: Final = [*(f"{day:02}.{month}.24" for day in range(1, 29) for month in (11, 12)), *times(2, "unknown", "soon")]
DAYS: Final = [f"{day:02}/{month:02}/2024" for day in range(1, 13) for month in range(1, 6)]
LATE: Final = [f"{day:02}/{month:02}/2024" for day in range(8, 28) for month in range(1, 4)]
CODES: Final = [*(f"{number:02}" for number in range(1, 30)), "2A", "2B"] * 2
REPEATING: Final = csv_text(["a", "n", "label"], times(40, ("p", 3, "x"), ("q", 25, "y"), ("p", 25, "y")))
QUOTED: Final = "it's"
CASES: Final[dict[str, Case]] = {
    "codes are categories": Case(rows(CODES), "vintner schema --set a=category", "category"),
    "codes are numbers": Case(rows(times(30, "01", "02")), "vintner schema --set a=number", "number"),
    "almost dates": Case(rows(ALMOST), "vintner schema --set a=date:%d.%m.%y", "date"),
    "almost euros": Case(
        rows([*times(25, "5 EUR", "12 EUR"), *times(5, "3 USD", "free")]),
        "vintner schema --set 'a=number:1234.5 EUR'",
        "number",
        then={"VINTNER_MAX_BAD_SHARE": "0.2"},
    ),
    "a thousands mark that may be a decimal one": Case(
        rows(times(30, "1,234", "5,678")), "vintner schema --set a=number:1234,5", "number"
    ),
    "the day or the month first": Case(rows(DAYS), "vintner schema --set a=date:%m/%d/%Y", "date"),
    "a slot with the month first": Case(
        rows(DAYS),
        "vintner schema --set a=date:%m/%d/%Y",
        "date",
        slots=(rows([f"{month:02}/{day:02}/2024" for day in range(13, 28) for month in range(1, 5)]),),
        is_accepted=False,
    ),
    "no value, so a number": Case(
        rows(times(ROWS, "")), "vintner schema --set a=number", "number", slots=(rows(NUMBERS),)
    ),
    "no value, so a category": Case(
        rows(times(ROWS, "")), "vintner schema --set a=category", "category", slots=(rows(times(30, "p", "q")),)
    ),
    "a spelling of a missing value": Case(
        rows(NUMBERS),
        "vintner schema --missing a=unknown",
        "number",
        slots=(rows([*times(20, "unknown"), *NUMBERS[20:]]),),
        is_accepted=False,
    ),
    "a spelling with a quote, in a column with a space": Case(
        rows(NUMBERS, name="net weight"),
        f"vintner schema --missing {shlex.quote(f'net_weight={QUOTED}')}",
        "number",
        slots=(rows([*times(20, QUOTED), *NUMBERS[20:]], name="net weight"),),
        is_accepted=False,
    ),
    "a column of text after all": Case(
        rows(times(30, "1", "2")),
        "vintner schema --set a=category",
        "category",
        slots=(rows(["high", "low", "middle", *times(19, "1", "2", "3")]),),
        before={"VINTNER_MAX_BAD_SHARE": "0.01"},
        is_accepted=False,
    ),
    "truth in another language": Case(
        rows(times(30, "true", "false")),
        "vintner schema --set a=category",
        "category",
        slots=(rows(times(30, "oui", "non", "peut-être")[:ROWS]),),
        is_accepted=False,
    ),
    "another unit than was said": Case(
        rows(times(30, "5 mi", "6 mi")),
        "vintner schema --set 'a=number:1234.5 mi'",
        "number",
        said="number:1234.5 km",
        is_accepted=False,
    ),
    "other dates than was said": Case(
        rows(LATE),
        "vintner schema --set a=date:%d/%m/%Y",
        "date",
        said="date:%d.%m.%Y",
        is_accepted=False,
    ),
    "a second header line": Case(
        "q1,q2,label\n" + rows(NUMBERS).replace("a,n,label", "How old are you?,How often?,label"),
        "vintner upload --header-line 2",
    ),
    "observations that repeat": Case(
        rows(times(30, "p", "q")),
        "VINTNER_DUPLICATES=sum",
        slots=(REPEATING, REPEATING + "p,3,x\n"),
    ),
    "rows that repeat by nature": Case(
        rows(NUMBERS),
        "VINTNER_DUPLICATES=union",
        slots=(csv_text(["a", "n", "label"], times(40, (1, 3, "x"), (2, 25, "y"), (3, 25, "y"))),),
        before={"VINTNER_DUPLICATES": "distinct"},
    ),
    "a slot that is the test set": Case(
        rows(NUMBERS),
        "VINTNER_DUPLICATES=union",
        slots=(rows(NUMBERS), rows([number + 0.5 for number in NUMBERS])),
        before={"VINTNER_DUPLICATES": "sum"},
        is_accepted=False,
    ),
}


def messages(stage: Stage) -> str:
    """All that the last ingestion says: of uploads, of columns, of the candidate."""
    report = stage.ingest()
    texts = [reason["problem"] for receipt in report.receipts for reason in receipt["reasons"]]
    texts += [warning for receipt in report.receipts for warning in receipt["warnings"]]
    for score in report.trained:
        texts += [column.get("why", "") for column in score["schema"]]
        texts += score.get("warnings", [])
    texts.append(json.loads(told("status", "--json"))["candidate"].get("reason") or "")
    return "\n".join([*texts, CliRunner().invoke(main, ["schema", "--stage", "dev"]).output])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_way_out_works_as_it_is_printed(
    stage: Stage, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restart = restarting(stage, monkeypatch)
    stage = restart({"VINTNER_ESTIMATOR": "decision_tree", **case.before})
    (tmp_path / "test.csv").write_text(case.test, encoding="utf-8")
    if case.said:
        kind, _, form = case.said.partition(":")
        stage.put("data/schema.json", json.dumps({"columns": {"a": {"kind": kind, "format": form}}}))
    told("upload", "--test", "test.csv")
    first = messages(stage)
    for number, slot in enumerate(case.slots):
        stage.put(f"data/slots/{number}.csv", slot)
        first += messages(stage)
    named = re.findall(f"{OPTION}|{SETTING}", first)
    assert case.way_out in named, first
    assert {receipt["status"] == "accepted" for receipt in stage.receipts().values()} >= {case.is_accepted}
    stage = restart(case.then)
    take(case.way_out, restart)
    report = restart({}).ingest()
    view = json.loads(told("status", "--json"))
    assert (view["uploads"]["rejected"], view["uploads"]["tests"]) == (0, 1), view["uploads"]
    assert not case.slots or [score["train_rows"] > 0 for score in report.trained] == [True]
    kinds = {column["name"]: column["kind"] for column in json.loads(told("schema", "--json"))["schema"]}
    assert case.kind in {None, *(kind for name, kind in kinds.items() if name not in {"n", "label"})}


RULE: Final = {"VINTNER_POSITIVE": "> 30"}
NEARLY: Final = [*times(29, "1", "2"), "high", "low"]
# The test set and a slot, the settings before, and the setting that is named with a value that helps.
NAMED: Final[dict[str, tuple[str, str, dict[str, str], dict[str, str]]]] = {
    "an id": (rows(NUMBERS), rows(range(100, 220)), {}, {"VINTNER_IGNORE": "a"}),
    "a column that decides": (
        rows(times(30, "p", "q")).replace("p,", "7,"),
        rows(times(20, "p", "q", "r")),
        {},
        {"VINTNER_IGNORE": "n"},
    ),
    "a label in other letters": (
        rows(times(30, 3, 8)).replace("label", "Label"),
        rows(times(30, 4, 9)).replace("label", "Label"),
        {},
        {"VINTNER_LABEL": "Label"},
    ),
    "labels that are measurements": (
        rows(times(30, 3, 8), labels=[0.5, 40.5]),
        rows(times(30, 4, 9), labels=[0.5, 40.5]),
        {},
        RULE,
    ),
    "more labels than classes": (
        rows(times(60, 3, 8), labels=range(110)),
        rows(times(60, 4, 9), labels=range(110)),
        {},
        RULE,
    ),
    "a few bad rows": (
        rows(times(30, 3, 8)),
        rows(NEARLY),
        {"VINTNER_MAX_BAD_SHARE": "0.01"},
        {"VINTNER_MAX_BAD_SHARE": "0.1"},
    ),
    "a file that is too large": (
        rows(times(30, 3, 8)),
        rows(times(90, 4, 9)),
        {"VINTNER_MAX_UPLOAD_MB": "0.001"},
        {"VINTNER_MAX_UPLOAD_MB": "1"},
    ),
    "rows that no stump tells apart": (
        rows(times(30, 3)).replace(",20,", ",0,"),
        csv_text(["a", "n", "label"], times(20, (1, 1, "x"), (1, 1, "y"))),
        {"VINTNER_ESTIMATOR": "adaboost"},
        {"VINTNER_ESTIMATOR": "logistic_regression"},
    ),
}


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_a_setting_that_is_named_helps(
    stage: Stage, named: tuple[str, str, dict[str, str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    test, slot, before, then = named
    restart = restarting(stage, monkeypatch)
    stage = restart({"VINTNER_ESTIMATOR": "decision_tree", **before})
    stage.put("data/test/test.csv", test)
    stage.put("data/slots/1.csv", slot)
    [name] = then
    assert name in messages(stage)
    stage = restart(then)
    report = stage.ingest()
    assert report.candidate.state == "trained", report
    assert name not in messages(stage)
    assert json.loads(told("status", "--json"))["uploads"]["rejected"] == 0


def restarting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Stage]:
    """What sets variables and gives the stage with the settings that follow."""

    def restart(variables: dict[str, str]) -> Stage:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Stage(stage.store, Settings.from_environment())

    return restart


def take(way_out: str, restart: Callable[[dict[str, str]], Stage]) -> None:
    """Type what is printed."""
    if way_out.startswith("VINTNER_"):
        name, _, value = way_out.partition("=")
        restart({name: value})
    else:
        _, command, *arguments = shlex.split(way_out)
        told(command, *arguments, *(["--test", "test.csv"] if command == "upload" else []))
