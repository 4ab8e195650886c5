"""``vintner batch`` against the running cloud: the event reaches the function, and the answer comes back."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.conftest import SAMPLE
from tests.support.line import Line, csv_of, running_line, vintner

Frames = tuple[pd.DataFrame, list[pd.DataFrame]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_frames: Frames) -> Iterator[Line]:
    test, slots = sample_frames
    with running_line(tmp_path_factory.mktemp("batch") / "project", SAMPLE) as line:
        line.upload("data/test/test.csv", csv_of(test))
        line.upload("data/slots/a.csv", csv_of(slots[0]))
        yield line


def test_a_file_is_predicted_through_the_bucket(served: Line, sample_frames: Frames, tmp_path: Path) -> None:
    test, _ = sample_frames
    file, out = tmp_path / "new.csv", tmp_path / "answer.csv"
    file.write_text(csv_of(test))
    result = vintner(served.project, ["batch", str(file), "--out", str(out), "--json"], SAMPLE)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    with out.open(newline="") as answer:
        rows = list(csv.DictReader(answer))
    assert report["rows"] == {"read": len(test), "predicted": len(test), "problems": 0}
    assert len(rows) == len(test)
    score = json.loads(served.store.read(f"models/{report['model_id']}/score.json").body)
    assert report["metrics"]["f1"] == pytest.approx(score["f1"])
    assert report["metrics"]["confusion"]["matrix"] == score["confusion"]["matrix"]


def test_a_file_without_the_models_columns_fails_and_says_why(served: Line, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("x,y\n1,2\n")
    result = vintner(served.project, ["batch", str(file)], SAMPLE)
    assert result.returncode == 1
    assert "expected a column" in result.stderr
    assert "rejected" in result.stdout
