"""A model with a threshold: scikit-learn's own classifier and both portable scorers decide alike, ties included."""

import json
from math import fsum
from operator import mul

import numpy as np
import pytest
from sklearn.model_selection import FixedThresholdClassifier

from shared.documents import encode
from shared.errors import Rejected
from shared.evaluation.vector_scorer import VectorScorer
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.training.decision_threshold import log_odds, with_threshold
from shared.training.model_selection import COMPARED
from shared.training.pipelines import check_parity, export, fit
from tests.support.datasets import categories_for, dataset_of, with_gaps

SETTINGS = Settings("bucket", "label")
FORESTS = ("random_forest", "extra_trees", "decision_tree")


def sample(rows: int = 240, classes: int = 2) -> Dataset:
    chance = np.random.default_rng(6)
    values = chance.normal(size=(rows, 3)).round(1)
    codes = np.clip((values[:, 0] + 0.8 * chance.normal(size=rows)).round() + 1, 0, classes - 1).astype(np.int32)
    return dataset_of(with_gaps(values), codes, categories_for(codes))


@pytest.fixture(scope="module", params=COMPARED)
def trained(request: pytest.FixtureRequest) -> tuple[str, Dataset, object]:
    dataset = sample()
    return request.param, dataset, fit(dataset, request.param)


@pytest.mark.parametrize("threshold", [0.5, 0.1, 0.37, 0.4999, 0.9])
def test_decides_as_scikit_learn_does_at_any_threshold(trained: tuple[str, Dataset, object], threshold: float) -> None:
    _, dataset, pipeline = trained
    scorer = VectorScorer.load(export(pipeline, dataset, SETTINGS, threshold), "scorer.json")
    deciding = with_threshold(pipeline, threshold)
    assert check_parity(deciding, scorer, dataset) == len(dataset.train) + len(dataset.test)
    assert scorer.plain.threshold == threshold
    predicted = deciding.predict(dataset.encoding.frame(dataset.test.values))
    chances = deciding.predict_proba(dataset.encoding.frame(dataset.test.values))[:, 1]
    assert ((chances >= threshold) == (predicted == dataset.classes[1]))[chances != 0.5].all()


def test_a_row_exactly_on_the_threshold_is_of_the_second_class(trained: tuple[str, Dataset, object]) -> None:
    """At every probability or log odds that occurs, as at what lies just above it."""
    estimator, dataset, pipeline = trained
    if estimator == "logistic_regression":
        pytest.skip("scikit-learn's last digit depends on how many rows it is given")
    frame = dataset.encoding.frame(dataset.test.values)
    by_odds = estimator not in FORESTS
    found = pipeline.decision_function(frame) if by_odds else pipeline.predict_proba(frame)[:, 1]  # type: ignore[attr-defined]
    deciding = with_threshold(pipeline, 0.3)
    document = json.loads(export(pipeline, dataset, SETTINGS, 0.3))
    exact = np.unique(found[(found != 0) & (found < 1)] if not by_odds else found)[:: max(1, len(found) // 12)]
    for cut in [*exact, *np.nextafter(exact, np.inf)]:
        deciding["classifier"].threshold = float(cut)
        document["threshold_log_odds" if by_odds else "threshold"] = float(cut)
        scorer = VectorScorer.load(encode(document), "scorer.json")
        check_parity(deciding, scorer, dataset)
        indices, _ = scorer.answer(dataset.test.values, dataset.encoding)
        assert indices.tolist() == (found >= cut).astype(int).tolist()


def test_both_scorers_agree_where_a_linear_model_is_exactly_on_the_threshold() -> None:
    """The last digit of scikit-learn's own sum is not fixed, but the scorers take the nearest float to the true one."""
    dataset = sample()
    document = json.loads(export(fit(dataset, "logistic_regression"), dataset, SETTINGS, 0.3))
    plain = VectorScorer.load(encode(document), "scorer.json").plain
    [coefficients], [intercept] = document["coefficients"], document["intercepts"]
    rows = [plain.transform(row) for row in dataset.encoding.cells(dataset.test.values)]
    found = np.array([fsum(map(mul, coefficients, row)) + intercept for row in rows])
    for cut in [*found[::8], *np.nextafter(found[::8], np.inf)]:
        scorer = VectorScorer.load(encode({**document, "threshold_log_odds": float(cut)}), "scorer.json")
        indices, _ = scorer.answer(dataset.test.values, dataset.encoding)
        assert indices.tolist() == [scorer.plain.score(row)[0] for row in rows] == (found >= cut).astype(int).tolist()


def test_a_threshold_of_a_half_changes_no_byte(trained: tuple[str, Dataset, object]) -> None:
    _, dataset, pipeline = trained
    assert with_threshold(pipeline, 0.5) is pipeline
    assert with_threshold(pipeline, None) is pipeline
    plain = export(pipeline, dataset, SETTINGS)
    assert export(pipeline, dataset, SETTINGS, 0.5) == plain == export(pipeline, dataset, SETTINGS, None)
    assert b"threshold_log_odds" not in plain
    assert VectorScorer.load(plain, "k").plain.threshold == 0.5


def test_the_classifier_is_scikit_learns_own(trained: tuple[str, Dataset, object]) -> None:
    estimator, _, pipeline = trained
    decider = with_threshold(pipeline, 0.2)["classifier"]
    assert type(decider) is FixedThresholdClassifier
    assert decider.threshold == (0.2 if estimator in FORESTS else log_odds(0.2))
    assert decider.pos_label == decider.classes_[1]


def test_of_more_classes_there_is_none() -> None:
    dataset = sample(classes=3)
    body = export(fit(dataset, "decision_tree"), dataset, SETTINGS)
    assert VectorScorer.load(body, "k").plain.threshold is None


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0.0},
        {"threshold": 1.0},
        {"threshold": "much"},
        {"threshold": None},
        {"threshold": 0.3, "threshold_log_odds": float("inf")},
        {"threshold": 0.3, "threshold_log_odds": None},
        {"threshold": 0.3},
    ],
    ids=str,
)
@pytest.mark.parametrize("estimator", ["adaboost", "gradient_boosting", "logistic_regression"])
def test_a_damaged_threshold_is_refused(estimator: str, changes: dict[str, object]) -> None:
    dataset = sample(60)
    document = json.loads(export(fit(dataset, estimator), dataset, SETTINGS)) | changes
    with pytest.raises(Rejected, match="expected a complete scorer"):
        VectorScorer.load(json.dumps(document).encode(), "scorer.json")


def test_a_threshold_of_three_classes_is_refused() -> None:
    dataset = sample(classes=3)
    document = json.loads(export(fit(dataset, "decision_tree"), dataset, SETTINGS))
    with pytest.raises(Rejected, match="for two classes"):
        VectorScorer.load(encode({**document, "threshold": 0.3}), "scorer.json")
