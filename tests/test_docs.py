"""The documents are checked against the code."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from chalicelib.pages import pages as _  # noqa: F401  (registers nothing by itself; the import must not fail)
from cli.main import main
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
VARIABLES = [f"VINTNER_{field.name.upper()}" for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize("command", list(main.lazy_commands))
def test_readme_names_every_command(command: str) -> None:
    assert re.search(rf"`(vintner )?{command}\b", README)


@pytest.mark.parametrize("variable", VARIABLES)
def test_readme_and_stages_have_every_setting(variable: str) -> None:
    assert f"| `{variable}` |" in README
    assert all(variable in stage["environment_variables"] for stage in CONFIG["stages"].values())


def test_readme_has_no_setting_that_is_none() -> None:
    assert set(re.findall(r"^\| `(VINTNER_\w+)` \|", README, re.MULTILINE)) == set(VARIABLES)


@pytest.mark.parametrize("variable", [name for name in VARIABLES if name not in {"VINTNER_BUCKET", "VINTNER_LABEL"}])
def test_readme_tells_the_default(variable: str) -> None:
    environment = {"VINTNER_BUCKET": "bucket", "VINTNER_LABEL": "label"}
    row = re.search(rf"^\| `{variable}` \| (.*?) \|", README, re.MULTILINE)
    assert row
    told = "" if row[1] == "empty" else row[1].strip("`")
    default = Settings.from_environment(environment)
    assert Settings.from_environment({**environment, variable: told}) == default
    assert CONFIG["stages"]["local"]["environment_variables"][variable] == told


def test_readme_shows_the_make_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:`|\$ )make ([\w-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_readme_transcript_has_the_demos_form() -> None:
    transcript = README.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0]
    assert re.findall(r"^slot_\d\.csv +\d+ +0\.\d{4}  (\w+)", transcript, re.MULTILINE) == [
        "promoted",
        "promoted",
        "kept",
        "promoted",
        "promoted",
        "promoted",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "requirements.in",
        "requirements-train.in",
        "requirements-run.in",
        "requirements-engine.in",
        "requirements-dev.in",
    ],
)
def test_every_requirement_is_pinned_and_explained(path: str) -> None:
    lines = [line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if line and line[0] not in "#-"]
    assert [line for line in lines if not re.fullmatch(r"[\w\[\],.-]+==[\w.]+ +# .+", line)] == []
