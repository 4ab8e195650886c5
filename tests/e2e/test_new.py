"""``vintner new``, end to end: one CSV becomes a project, and the project runs by itself."""

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

from local.background import cloud
from tests.e2e.line import vintner


@pytest.fixture
def one_csv(tmp_path: Path) -> Path:
    """Iris as a person has it: with an id, a name and a constant."""
    data = load_iris(as_frame=True)
    frame = data.frame.drop(columns="target")
    frame.insert(0, "Id", range(1, len(frame) + 1))
    frame["collector"] = "Anderson"
    frame["species"] = data.target_names[data.target]
    frame["place"] = ["bed", "pot"] * (len(frame) // 2)
    path = tmp_path / "iris.csv"
    frame.to_csv(path, index=False)
    return path


def told(directory: Path, *arguments: str) -> str:
    result = vintner(directory, arguments, {})
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_one_csv_becomes_a_served_model(tmp_path: Path, one_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VINTNER_LABEL", raising=False)
    text = told(tmp_path, "new", "flowers", "--csv", one_csv.name, "--label", "species")
    assert "F1, the mean over the classes (macro)" in text
    project = tmp_path / "flowers"
    with cloud(project, stage="local", state_dir=project / ".vintner"):
        told(project, "upload", "--test", "data/test/test.csv")
        for number in (1, 2, 3):
            text = told(project, "upload", f"data/slots/slot_{number}.csv", "--wait")
            assert f"accepted data/slots/slot_{number}.csv" in text
        answers = json.loads(told(project, "predict", "data/test/test.csv", "--json"))["predictions"]
        view = json.loads(told(project, "status", "--json"))
        assert "truth \\ predicted\tsetosa\tversicolor\tvirginica\n" in told(project, "status")
    truth = [line.split(",")[6] for line in (project / "data/test/test.csv").read_text().splitlines()[1:]]
    right = sum(one["prediction"] == label for one, label in zip(answers, truth, strict=True))
    assert right / len(truth) == pytest.approx(view["production"]["metrics"]["accuracy"])
    assert right / len(truth) > 0.8
