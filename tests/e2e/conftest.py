import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from cli.demo.sample import write_sample
from tests.support.line import ROOT, Line, running_line

SAMPLE = {"VINTNER_LABEL": "diagnosis", "VINTNER_REFRESH_SECONDS": "0"}
WINE = {
    "VINTNER_THRESHOLD": "0.5",  # as a notebook decides
    "VINTNER_LABEL": "quality",
    "VINTNER_POSITIVE": "> 5",
    "VINTNER_IGNORE": "Id",
    "VINTNER_REFRESH_SECONDS": "0",
}


@pytest.fixture(scope="session")
def sample_frames(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    sample = write_sample(tmp_path_factory.mktemp("sample"))
    return pd.read_csv(sample.test), [pd.read_csv(slot) for slot in sample.slots]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with running_line(tmp_path / "project", SAMPLE) as running:
        yield running


@pytest.fixture
def wine_line(tmp_path: Path, wine: Path) -> Iterator[Line]:
    assert wine
    with running_line(tmp_path / "project", WINE) as running:
        yield running


@pytest.fixture(scope="session")
def wine() -> Path:
    found = Path(os.environ.get("VINTNER_WINE_DATA", ROOT.parent / "shared" / "data" / "wine_quality"))
    if not (found / "test" / "test_data.csv").is_file():
        pytest.skip("the wine-quality data is not here: name its folder in VINTNER_WINE_DATA")
    return found
