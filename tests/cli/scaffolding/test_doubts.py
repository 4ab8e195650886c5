"""What ``vintner new`` says before it writes: columns that repeat the label, test sets that cannot tell."""

import json
import os
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.support.csv_tables import csv_text

DECIDES = "warning     column alive alone decides the label (F1 1.0000): is it known before the label is? If not, start"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        monkeypatch.delenv(name)
    passengers(600)


def passengers(rows: int) -> None:
    """A table in which a column repeats the label."""
    chance = random.Random(1)  # noqa: S311  (reproducible samples, no secrets)
    people = [(round(chance.uniform(1, 80), 1), chance.choice("abc"), chance.random() < 0.4) for _ in range(rows)]
    table = [(age, deck, "yes" if saved else "no", int(saved)) for age, deck, saved in people]
    Path("my.csv").write_text(csv_text(["age", "deck", "alive", "survived"], table), encoding="utf-8")


def run(directory: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["new", directory, "--csv", "my.csv", "--label", "survived", *arguments])


def test_a_column_that_repeats_the_label_is_named_with_the_option_that_helps() -> None:
    text = run("made").output
    assert DECIDES in text
    assert "--ignore alive" in text
    assert text.index(DECIDES) < text.index("written")
    assert "alone decides" not in run("again", "--ignore", "alive").output


def test_it_is_said_before_anything_is_written() -> None:
    result = run("my.csv/made")
    assert result.exit_code != 0
    assert DECIDES in result.output
    assert Path("my.csv").is_file()


def test_json_has_it_among_the_warnings() -> None:
    warnings = json.loads(run("made", "--json").stdout)["warnings"]
    assert [warning for warning in warnings if "alone decides the label" in warning]


@pytest.mark.parametrize(
    ("rows", "options", "small"), [(60, (), True), (600, (), False), (60, ("--test-share", "0.6"), False)]
)
def test_a_test_set_that_cannot_tell(rows: int, options: tuple[str, ...], small: bool) -> None:
    passengers(rows)
    text = run("made", "--ignore", "alive", "--slots", "1", *options).output
    assert (
        "rows is too small to tell: of a model that is right for 95% of each class it would say F1" in text
    ) == small
