"""Contributions add up to what scikit-learn's own model computes, and are what they are said to be."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from shared.documents import encode
from shared.scorer.scorer import Scorer
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.training.model_selection import COMPARED
from shared.training.pipelines import export, fit
from tests.support.datasets import TEXTS, Matrix, categories_for, dataset_of, with_gaps
from tests.support.stage import stump

SETTINGS = Settings("bucket", "label")
EXACT = {"adaboost", "logistic_regression"}
FORESTS = {"random_forest", "extra_trees", "decision_tree"}
ROWS = 1_000
Trained = tuple[str, Dataset, Pipeline, Scorer]


def sample(classes: int, rows: int = 400) -> Dataset:
    chance = np.random.default_rng(7)
    values = chance.normal(size=(rows, 3))
    codes = np.clip((values[:, 0] + 0.7 * chance.normal(size=rows)).round() + 1, 0, classes - 1).astype(np.int32)
    return dataset_of(with_gaps(values), codes, categories_for(codes))


@pytest.fixture(scope="module", params=[(name, classes) for classes in (2, 3) for name in COMPARED], ids=str)
def trained(request: pytest.FixtureRequest) -> Trained:
    estimator, classes = request.param
    dataset = sample(classes)
    pipeline = fit(dataset, estimator)
    return estimator, dataset, pipeline, Scorer.load(export(pipeline, dataset, SETTINGS), "scorer.json")


def anew(dataset: Dataset, rows: int) -> Matrix:
    """Rows of values and texts that training has seen, mixed anew, some missing or moved."""
    chance = np.random.default_rng(8)
    values = np.column_stack([chance.choice(column, rows) for column in dataset.train.values.T])
    values[:, :3] += chance.choice([0.0, 0.3], values[:, :3].shape)
    return values


def deciding(trained: Trained, values: Matrix) -> Matrix:
    """What scikit-learn decides by (rows, classes): of two classes that of the second one alone."""
    estimator, dataset, pipeline, _ = trained
    frame = dataset.encoding.frame(values)
    if estimator in FORESTS:
        chances = pipeline.predict_proba(frame)
        return chances[:, 1:] if chances.shape[1] == 2 else chances  # type: ignore[no-any-return]
    found: Matrix = pipeline.decision_function(frame)
    return found[:, None] if found.ndim == 1 else found


def test_contributions_sum_to_what_scikit_learn_decides_by(trained: Trained) -> None:
    estimator, dataset, _, scorer = trained
    values = anew(dataset, ROWS)
    sums = deciding(trained, values)
    assert scorer.terms.method == ("additive" if estimator in EXACT else "path")
    for row, own in zip(dataset.encoding.cells(values), sums, strict=True):
        found = scorer.explain(row)
        if len(scorer.classes) == 2:
            assert found.label == 1
        else:
            assert found.label == scorer.answer(row)[0]
        total = found.base + sum(found.contributions.values())
        assert abs(total - own[found.label if len(own) > 1 else 0]) <= 1e-9


def test_every_feature_has_its_contribution_and_a_category_one_alone(trained: Trained) -> None:
    _, dataset, _, scorer = trained
    found = scorer.explain(dataset.encoding.cells(anew(dataset, 1))[0])
    assert tuple(found.contributions) == dataset.features
    assert len(scorer.inputs.sources) == scorer.inputs.width > len(dataset.features)


def test_log_odds_are_those_of_the_probability(trained: Trained) -> None:
    estimator, dataset, _, scorer = trained
    expected = "probability" if estimator in FORESTS else "log_odds" if len(scorer.classes) == 2 else "sum"
    assert scorer.terms.unit == expected
    row = dataset.encoding.cells(anew(dataset, 1))[0]
    total = scorer.explain(row).base + sum(scorer.explain(row).contributions.values())
    if len(scorer.classes) == 2:
        chance = total if expected == "probability" else 1 / (1 + np.exp(-total))
        assert chance == pytest.approx(scorer.answer(row)[1][1], abs=1e-12)


def of_scikit_learns_nodes(pipeline: Pipeline, frame: Any) -> Matrix:  # noqa: ANN401
    """Saabas' contributions (rows, inputs) of the second class, from what scikit-learn keeps at each node."""
    forest = pipeline["classifier"]
    values = pipeline["features"].transform(frame).astype(np.float32)
    trees = getattr(forest, "estimators_", [forest])
    found = np.zeros(values.shape)
    for one in (tree.tree_ for tree in trees):
        for row, path in enumerate(one.decision_path(values).tolil().rows):
            for node, child in pairwise(path):
                found[row, one.feature[node]] += (one.value[child, 0, 1] - one.value[node, 0, 1]) / len(trees)
    return found


@pytest.mark.parametrize("estimator", sorted(FORESTS))
def test_the_nodes_of_a_forest_stand_for_what_scikit_learn_keeps_there(estimator: str) -> None:
    dataset = sample(2)
    pipeline = fit(dataset, estimator)
    scorer = Scorer.load(export(pipeline, dataset, SETTINGS), "scorer.json")
    values = anew(dataset, 40)
    expected = of_scikit_learns_nodes(pipeline, dataset.encoding.frame(values))
    for row, own in zip(dataset.encoding.cells(values), expected, strict=True):
        found = scorer.explainer(scorer.transform(row), 1)
        assert found.inputs == pytest.approx(own.tolist(), abs=1e-9)


def test_what_an_additive_model_says_of_a_feature_needs_no_other() -> None:
    """The same value of a feature adds the same, whatever the others are."""
    dataset = sample(2)
    for estimator in EXACT:
        scorer = Scorer.load(export(fit(dataset, estimator), dataset, SETTINGS), "scorer.json")
        rows = [[0.3, *rest] for rest in ((0.0, 1.0, TEXTS[0], None), (-2.0, None, TEXTS[3], TEXTS[1]))]
        first, second = (scorer.explain(row).contributions for row in rows)
        assert first["number 0"] == pytest.approx(second["number 0"], abs=1e-12)
        assert first["number 1"] != second["number 1"]


@pytest.mark.parametrize("estimator", ["adaboost", "random_forest", "gradient_boosting"])
def test_a_scorer_without_counts_is_explained_with_equal_leaves(estimator: str) -> None:
    dataset = sample(2)
    document = json.loads(export(fit(dataset, estimator), dataset, SETTINGS))
    for tree in document["trees"]:
        del tree["rows"]
    scorer = Scorer.load(encode(document), "scorer.json")
    row = dataset.encoding.cells(anew(dataset, 1))[0]
    found = scorer.explain(row)
    total = found.base + sum(found.contributions.values())
    chance = total if estimator == "random_forest" else 1 / (1 + np.exp(-total))
    assert chance == pytest.approx(scorer.answer(row)[1][1], abs=1e-12)


def test_a_gap_counts_for_its_feature() -> None:
    scorer = Scorer.load(stump(-1.0), "scorer.json")
    assert scorer.explain([None, 5.0]).contributions == {"a": 2.0, "b": 0.0}
    assert scorer.explain([-3.0, None]).contributions == {"a": -2.0, "b": 0.0}
