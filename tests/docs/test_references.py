"""What the documents refer to exists: linked files, paths in backquotes, headings."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PLACES = "app|chalicelib|cli|docs|events|functions|local|shared|tests"

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


@page
def test_linked_files_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@page
def test_paths_in_backquotes_exist(page: Path) -> None:
    paths = re.findall(rf"`((?:{PLACES})/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()] == []


@page
def test_names_in_capitals_exist(page: Path) -> None:
    """Constants such as `TRAINER_VERSION`: a page that names one is changed with it."""
    names = set(re.findall(r"`(_?[A-Z]+(?:_[A-Z]+)+)`", page.read_text(encoding="utf-8")))
    modules = (path for place in PLACES.split("|") for path in (ROOT / place).rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    config = (ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    pipelines = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", code + config + pipelines)] == []


@page
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ )make ([\w-]+)", page.read_text(encoding="utf-8")))
    assert [target for target in sorted(named) if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_every_document_is_linked_from_another_one() -> None:
    linked = {
        (path.parent / link).resolve()
        for path in PAGES
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    }
    assert [path.name for path in PAGES[1:] if path not in linked] == []
