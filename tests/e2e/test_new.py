"""``vintner new``, end to end: one file becomes a project, and the project runs by itself."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from local.supervisor.background import cloud
from tests.support.line import vintner
from tests.tables.imitations import imitation

TABLE = imitation("german")
ROW = ["Prüfdatum=15.04.2025", "Werk=Köln", "Oberfläche=", "Härte=58.5", "Maßabweichung=NA", "Stückpreis (€)=7"]


def told(directory: Path, *arguments: str) -> str:
    result = vintner(directory, arguments, {})
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_one_file_becomes_a_served_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows-1252 with semicolons, decimal commas, dates, texts and gaps; nothing is prepared."""
    monkeypatch.delenv("VINTNER_LABEL", raising=False)
    (tmp_path / "parts.csv").write_bytes(TABLE.slots[0])
    text = told(tmp_path, "new", "parts", "--csv", "parts.csv", "--label", "Qualität", "--slots", "2")
    assert "(Windows-1252, semicolons, decimal commas)" in text
    project = tmp_path / "parts"
    with cloud(project, stage="local", state_dir=project / ".vintner"):
        told(project, "upload", "--test", "data/test/test.csv")
        for number in (1, 2):
            text = told(project, "upload", f"data/slots/slot_{number}.csv", "--wait")
            assert f"accepted data/slots/slot_{number}.csv" in text
        view = json.loads(told(project, "status", "--json"))
        answers = json.loads(told(project, "predict", "data/test/test.csv", "--json"))["predictions"]
        check_accuracy(project / "data/test/test.csv", answers, view["production"]["metrics"]["accuracy"])
        check_other_ways_to_ask(project)
        check_schema(project)


def check_accuracy(path: Path, answers: list[dict[str, object]], accuracy: float) -> None:
    """Each row of the test set is answered as it was when the model was scored."""
    truth = [row["Qualität"] for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))]
    right = sum(one["prediction"] == label for one, label in zip(answers, truth, strict=True))
    assert right / len(truth) == pytest.approx(accuracy)
    assert accuracy > 0.5


def check_other_ways_to_ask(project: Path) -> None:
    """A file as it came, the same compressed, and one row as fields."""
    (project / "new.csv").write_bytes(TABLE.test)
    (project / "new.csv.gz").write_bytes(gzip.compress(TABLE.test))
    once, again = (told(project, "predict", name, "--json") for name in ("new.csv", "new.csv.gz"))
    assert json.loads(once)["predictions"] == json.loads(again)["predictions"]
    assert told(project, "predict", *ROW, "gekühlt=ja").partition(" ")[0] in TABLE.classes
    bad = vintner(project, ["predict", *ROW, "gekühlt=ja", "Prüfdatum=15/04/2025"], {})
    assert "/Prüfdatum: expected a date such as 02.11.2024" in bad.stderr


def check_schema(project: Path) -> None:
    """What is said of a column becomes a candidate of its own."""
    text = told(project, "schema", "--set", "Werk=unused", "--wait")
    assert "accepted data/schema.json: every upload is read again" in text
    assert "warning: column Werk is not used: data/schema.json" in text
    assert "Werk\tunused\t" in told(project, "schema")
