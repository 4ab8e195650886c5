"""The changelog has the form that tools and people expect, and knows the version that is packaged."""

import re
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_unreleased_comes_first_and_every_other_heading_has_number_and_date() -> None:
    released = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", heading) for heading in HEADINGS[1:]]
    assert HEADINGS[0] == "[Unreleased]"
    assert all(released)
    dates = [date.fromisoformat(match[2]) for match in released if match]
    assert dates == sorted(dates, reverse=True)


def test_the_newest_release_is_the_packaged_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert HEADINGS[1].startswith(f"[{project['version']}]")


def test_changes_are_of_the_known_kinds_and_none_is_empty() -> None:
    sections = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
    assert {section.partition("\n")[0] for section in sections} <= KINDS
    assert all("\n- " in section for section in sections)
