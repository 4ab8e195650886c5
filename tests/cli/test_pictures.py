"""The README's pictures, which ``make screenshots`` makes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_every_picture_and_no_other() -> None:
    shown = set(re.findall(r"docs/pictures/[\w.-]+", README))
    assert shown == {str(path.relative_to(ROOT)) for path in PICTURES}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_small(path: Path) -> None:
    assert path.stat().st_size < 300_000


def test_the_demos_picture_fetches_nothing() -> None:
    text = (ROOT / "docs" / "pictures" / "demo.svg").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!#)[^)]*\)|href=|@font-face|@import", text) == []
    assert text.count("promoted") == 4
