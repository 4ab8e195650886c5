"""The documents' pictures: ``make screenshots`` makes the README's, ``make bench`` that of the latencies."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_documents_show_every_picture_and_no_other() -> None:
    shown = {
        name for path in DOCUMENTS for name in re.findall(r'[("](?:docs/)?pictures/([\w.-]+)', path.read_text("utf-8"))
    }
    assert shown == {path.name for path in PICTURES}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_small(path: Path) -> None:
    assert path.stat().st_size < 300_000


def test_the_demos_picture_fetches_nothing() -> None:
    text = (ROOT / "docs" / "pictures" / "demo.svg").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!#)[^)]*\)|href=|@font-face|@import", text) == []
    assert text.count("promoted") == 5
