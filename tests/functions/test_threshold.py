"""A threshold on its way: chosen in training, kept in every artefact, and used wherever the model decides."""

import io
import json
import random
from math import log
from typing import Any

import joblib
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from sklearn.model_selection import FixedThresholdClassifier

from functions import predict, status
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.documents import encode
from shared.evaluation.comparison import compare_with
from shared.evaluation.predictions import load_vector_scorer
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, stump

POINTS = 11


def rare(seed: int, rows: int, classes: tuple[str, ...] = ("no", "yes")) -> str:
    """Rows of which one in ten is of another class than the first, and further out but for noise."""
    chance = random.Random(seed)  # noqa: S311  (reproducible samples, no secrets)
    names = [classes[chance.randrange(1, len(classes))] if chance.random() < 0.1 else classes[0] for _ in range(rows)]
    return csv_of([(*(round(chance.gauss(name != classes[0], 1), 3) for _ in range(2)), name) for name in names])


def stage_of(classes: tuple[str, ...] = ("no", "yes"), **settings: Any) -> Stage:  # noqa: ANN401
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label", **settings))
    stage.put(TEST, rare(1, 300, classes))
    stage.put(f"{SLOT}1.csv", rare(2, 900, classes))
    stage.ingest()
    stage.promote()
    return stage


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A model with a rare class in production."""
    return stage_of()


def scorer_document(stage: Stage) -> dict[str, Any]:
    return stage.json(keys.model_key(stage.pointer.model_id, "scorer.json"))


def test_a_rare_class_gets_a_threshold_of_its_own(stage: Stage) -> None:
    score = stage.score(stage.pointer.model_id)
    assert score["threshold"] is not None
    assert score["threshold"] < 0.5
    assert score["f1_at_half"] is not None
    assert score["f1"] > score["f1_at_half"]
    chosen = score["selection"]["threshold"]
    assert (chosen["rows"], chosen["folds"]) == (score["train_rows"], 5)
    assert chosen["gain"] > chosen["standard_error"]
    assert [score["threshold"], round(chosen["f1"], 4)] in chosen["curve"]
    assert 3 <= len(chosen["curve"]) <= POINTS + 2
    assert scorer_document(stage)["threshold"] == score["threshold"]


def test_the_pipeline_for_people_decides_as_the_function_does(stage: Stage) -> None:
    model_id = stage.pointer.model_id
    pipeline = joblib.load(io.BytesIO(stage.store.read(keys.model_key(model_id, "model.joblib")).body))
    assert isinstance(pipeline["classifier"], FixedThresholdClassifier)
    frame = pd.read_csv(io.StringIO(rare(1, 300)))
    decided = pipeline.predict(frame[["a", "b"]]).tolist()
    answers = predict.predict(ProductionCache(stage.store, 5), rare(1, 300).encode(), "text/csv")["predictions"]
    assert decided == [answer["prediction"] for answer in answers]
    score = stage.score(model_id)
    assert f1_score(frame["label"], decided, pos_label="yes") == score["f1"]
    half = pipeline.predict_proba(frame[["a", "b"]])[:, 1] > 0.5
    assert f1_score(frame["label"] == "yes", half) == score["f1_at_half"]


def test_the_views_say_where_it_decides(stage: Stage) -> None:
    score = stage.score(stage.pointer.model_id)
    production = status.status(stage.store)["production"]
    assert production is not None
    served = status.model(stage.store, ProductionCache(stage.store, 5))
    for view in (production, served):
        assert (view["threshold"], view["f1_at_half"]) == (score["threshold"], score["f1_at_half"])


@pytest.mark.parametrize(("threshold", "written"), [(0.3, 0.3), (0.5, None)])
def test_a_number_is_taken_as_it_is(threshold: float, written: float | None) -> None:
    stage = stage_of(threshold=threshold)
    assert stage.score(stage.pointer.model_id)["threshold"] == threshold
    assert scorer_document(stage).get("threshold") == written


def test_with_more_classes_there_is_none() -> None:
    stage = stage_of(("no", "so", "yes"), threshold=0.3)
    score = stage.score(stage.pointer.model_id)
    assert (score["threshold"], score["f1_at_half"]) == (None, None)
    assert "threshold" not in scorer_document(stage)


def test_another_threshold_is_another_candidate() -> None:
    stage = stage_of(threshold=0.3)
    stage.change(threshold=0.4)
    assert len(stage.ingest().trained) == 1
    assert len([key for key in stage.listing(keys.MODELS) if key.endswith("/score.json")]) == 2


def test_a_comparison_decides_by_each_models_own_threshold(stage: Stage) -> None:
    model = "f" * 16
    high = json.loads(stump(0.0)) | {"threshold": 0.95, "threshold_log_odds": log(19.0)}
    compared = Stage(FakeStore(), stage.settings)
    compared.put(TEST, rare(1, 300))
    compared.put(f"{SLOT}1.csv", rare(2, 900))
    compared.ingest()
    compared.add_model(model, 1.0, scorer=encode(high))
    score = compared.score(model)
    found = compare_with(compared.store, score, Inventory.take(compared.store, compared.settings), compared.settings)
    assert found.f1(load_vector_scorer(compared.store, score)) == 0.0
    assert found.predict(load_vector_scorer(compared.store, score)).tolist() == [0] * 300
