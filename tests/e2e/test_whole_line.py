"""The whole line in the simulated cloud: real uploads, real events, real functions, real HTTP."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.bucket.inventory import Inventory
from tests.support.line import Line, csv_of
from tests.support.multiset import union_of

Frames = tuple[pd.DataFrame, list[pd.DataFrame]]

BAD_UPLOADS = {
    "not_csv": (b"\x89PNG\r\n\x1a\n\0\0", "found a PNG picture"),
    "empty": (b"", "found an empty file"),
    "no_label": (b"a,b\n1,2\n", "expected the label column 'diagnosis'"),
    "header_only": (b"mean_radius,diagnosis\n", "expected at least one row"),
    "text": (b"mean_radius,diagnosis\n1,benign\nbig,benign\n", "found 'big'"),
    "ragged": (b"mean_radius,diagnosis\n1\n2,benign,3\n", "expected 2 fields"),
    "another_table": (b"mean_radius;diagnosis\n1;benign\n", "found no column mean_texture"),
}


def test_stock_client_uploads_become_a_served_model(line: Line, sample_frames: Frames) -> None:
    test, slots = sample_frames
    waiting = line.upload("data/slots/one.csv", csv_of(slots[5]))
    assert waiting.reason == "no test set yet: upload one to data/test/; 1 accepted slots wait for it"
    assert line.ask("/health")[0] == 503
    step = line.upload("data/test/test.csv", csv_of(test))
    assert step.decision is not None
    assert step.decision["decision"] == "promoted"
    status, answer = line.ask("/predict", csv_of(test.drop(columns="diagnosis")).encode(), "text/csv")
    assert status == 200
    assert answer["model_id"] == step.decision["model_id"]
    assert len(answer["predictions"]) == len(test)
    expected = _notebook([slots[5]], "diagnosis").predict(test.drop(columns="diagnosis"))
    assert [one["prediction"] for one in answer["predictions"]] == expected.tolist()


def test_a_burst_is_folded_into_few_trainings(line: Line, sample_frames: Frames) -> None:
    test, slots = sample_frames
    line.upload("data/test/test.csv", csv_of(test))
    rows = pd.concat(slots, ignore_index=True)
    parts = np.array_split(np.arange(len(rows)), 100)
    keys = [f"data/slots/part {number:03d}+ä.csv" for number in range(100)]
    for key, part in zip(keys, parts, strict=True):
        line.put(key, csv_of(rows.iloc[part]))
    score = line.follow(*keys)[-1].score
    assert score is not None
    assert [one["upload"] for one in score["lineage"]] == sorted(keys)
    assert sum(one["rows"] for one in score["lineage"]) == score["train_rows"]
    assert score["train_rows"] == len(union_of([rows.iloc[part.tolist()] for part in parts]))
    trainings = [entry for entry in line.store.list("models/") if entry.key.endswith("/score.json")]
    print(f"100 uploads, {len(trainings)} trainings")
    assert len(trainings) <= 25


def test_bad_uploads_are_receipted_and_stop_nothing(line: Line, sample_frames: Frames) -> None:
    test, slots = sample_frames
    line.put("data/test/test.csv", csv_of(test))
    line.upload("data/slots/good.csv", csv_of(slots[5]))
    before = line.pointer()
    for name, (body, problem) in BAD_UPLOADS.items():
        receipt = line.upload(f"data/slots/{name}.csv", body).receipt
        assert receipt is not None
        assert receipt["status"] == "rejected"
        assert any(problem in reason["problem"] for reason in receipt["reasons"]), receipt
    assert line.pointer() == before
    assert line.upload("data/slots/later.csv", csv_of(slots[4])).score is not None
    status, view = line.ask("/status")
    assert status == 200
    assert view["uploads"] == {"total": 10, "slots": 2, "tests": 1, "rejected": 7}


def test_removed_and_replaced_uploads_change_the_candidate(line: Line, sample_frames: Frames) -> None:
    test, slots = sample_frames
    line.upload("data/test/test.csv", csv_of(test))
    first = line.upload("data/slots/a.csv", csv_of(slots[4])).score
    second = line.upload("data/slots/b.csv", csv_of(slots[5])).score
    line.remove("data/slots/b.csv")
    assert first
    assert second
    step = line.upload("data/slots/b.csv", csv_of(slots[3])).score
    assert step
    assert step["train_rows"] == len(slots[4]) + len(slots[3])
    assert line.store.read(f"models/{first['model_id']}/score.json")
    assert line.ask("/model")[1]["stale"] is (line.pointer().model_id == second["model_id"])


def test_http_answers_are_problem_documents(line: Line) -> None:
    for path, body, media_type, status in [
        ("/predict", b"{}", "application/json", 503),
        ("/predict", b"<a/>", "application/xml", 415),
        ("/predict", b"mean_radius=1", "application/x-www-form-urlencoded", 415),
        ("/predict", b'{"mean_radius": 1}', "application/x-www-form-urlencoded", 503),
        ("/predict", b'"' * 3_200_000, "application/json", 413),
        ("/predict", b"1" * 4_800_000, "text/csv", 413),
        ("/predict", None, "application/json", 405),
        ("/nowhere", None, "application/json", 404),
    ]:
        found, problem = line.ask(path, body, media_type)
        assert found == problem["status"] == status
        assert set(problem) >= {"type", "title", "detail"}


def test_wine_quality_equals_scikit_learn(wine_line: Line, wine: Path) -> None:
    test = pd.read_csv(wine / "test" / "test_data.csv")
    slots = [pd.read_csv(path) for path in sorted((wine / "slots").glob("*.csv"))]
    wine_line.put("data/test/test.csv", (wine / "test" / "test_data.csv").read_bytes())
    steps = [
        wine_line.upload(f"data/slots/{path.name}", path.read_bytes())
        for path in sorted((wine / "slots").glob("*.csv"))
    ]
    assert [step.decision["decision"] for step in steps if step.decision] == ["promoted", "promoted"]
    expected = _notebook(slots, "quality", test, positive=5).predict(test.drop(columns=["quality", "Id"]))
    f1 = f1_score(test["quality"] > 5, expected)
    assert wine_line.pointer().score == pytest.approx(f1, abs=1e-12)
    assert f1 >= 0.79  # repeated wines count as often as they are there
    rows = test.drop(columns=["quality"]).to_dict(orient="records")
    answer = wine_line.ask("/predict", json.dumps({"instances": rows}).encode())[1]
    assert [one["prediction"] for one in answer["predictions"]] == expected.tolist()


def test_every_upload_stays_as_it_was(line: Line, sample_frames: Frames) -> None:
    test, slots = sample_frames
    bodies = {f"data/slots/{number}.csv": csv_of(slot).encode() for number, slot in enumerate(slots[:3])}
    bodies["data/test/t.csv"] = csv_of(test).encode()
    for key, body in bodies.items():
        line.upload(key, body)
    assert {key: line.store.read(key).body for key in bodies} == bodies
    assert len(Inventory.take(line.store, line.settings).uploads) == len(bodies)


def _notebook(
    slots: list[pd.DataFrame], label: str, test: pd.DataFrame | None = None, positive: float | None = None
) -> AdaBoostClassifier:
    """The model as a notebook would make it from the same files."""
    own, held = [_classed(slot, label, positive) for slot in slots], None
    if test is not None:
        held = _classed(test, label, positive)
    rows = union_of(own, held)
    pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), AdaBoostClassifier(random_state=42))
    return pipeline.fit(rows.drop(columns=label), rows[label].to_numpy())


def _classed(frame: pd.DataFrame, label: str, positive: float | None) -> pd.DataFrame:
    rows = frame.drop(columns="Id", errors="ignore")
    return rows if positive is None else rows.assign(**{label: rows[label] > positive})
