"""The threshold that cross-validation chooses, and when it leaves the classifier to itself."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from shared.settings import Threshold
from shared.tables.dataset import Dataset, Rows
from shared.training.threshold_choice import (
    COMPARED_ROWS,
    FOLDS,
    ROWS_OF_A_CLASS,
    choose,
    choose_threshold,
    compared_rows,
    f1_at,
    folds_of,
)
from tests.support.datasets import dataset_of

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
THREE = np.arange(90, dtype=np.int32) // 2 % 3


def ascending(rows: int) -> Floats:
    return np.arange(rows, dtype=np.float64).reshape(-1, 1)


def rare(rows: int = 900, share: float = 0.1, seed: int = 1, noise: float = 1.0) -> Dataset:
    """Two classes; the one that sorts last is rare, and two numbers say something of it."""
    chance = np.random.default_rng(seed)
    codes = (chance.random(rows) < share).astype(np.int32)
    return dataset_of(chance.normal(size=(rows, 2)) * noise + codes[:, None], codes)


def predicted(rows: int = 1_000, seed: int = 2) -> tuple[Truth, Floats, NDArray[np.int64]]:
    """Truth, probabilities that are too low by half, and folds."""
    chance = np.random.default_rng(seed)
    probabilities = np.round(chance.random(rows), 2)
    return chance.random(rows) < probabilities, probabilities / 2, np.arange(rows) % FOLDS


def test_the_curve_is_scikit_learns_f1() -> None:
    truth, probabilities, _ = predicted()
    thresholds = np.array([0.001, 0.05, 0.1, 0.25, 0.3, 0.49, 0.51, 0.9])
    expected = [f1_score(truth, probabilities >= threshold, zero_division=0) for threshold in thresholds]
    assert f1_at(truth, probabilities, thresholds).tolist() == pytest.approx(expected, abs=1e-15)


def test_a_probability_of_a_half_is_the_first_class_as_classifiers_decide() -> None:
    assert f1_at(np.array([True, False]), np.array([0.6, 0.5]), np.array([0.5])).tolist() == [1.0]


def test_no_positive_row_scores_nothing() -> None:
    assert f1_at(np.zeros(3, bool), np.array([0.1, 0.2, 0.3]), np.array([0.25, 0.4])).tolist() == [0.0, 0.0]


def test_a_threshold_that_is_better_by_more_than_a_standard_error_is_taken() -> None:
    found = choose(*predicted(), "auto")
    assert found.threshold is not None
    assert 0.1 < found.threshold < 0.3
    assert found.gain > found.standard_error > 0  # type: ignore[operator]
    assert found.f1 > found.f1_at_half  # type: ignore[operator]
    assert found.why == "cross-validation on training rows shows a better F1"


def test_one_that_may_be_luck_is_not_taken_but_by_tuned() -> None:
    chance = np.random.default_rng(8)
    truth, noise = chance.random(200) < 0.5, chance.random(200)
    sure = np.where(truth != (chance.random(200) < 0.1), 0.9, 0.0) + 0.1 * noise
    auto, tuned = (choose(truth, sure, np.arange(200) % FOLDS, wanted) for wanted in ("auto", "tuned"))
    assert auto.threshold == 0.5
    assert "no better F1 than at 0.5" in auto.why
    assert tuned.threshold != 0.5
    assert replace(auto, threshold=None, why="") == replace(tuned, threshold=None, why="")


def test_the_curve_has_few_points_with_the_best_one_and_a_half() -> None:
    found = choose(*predicted(), "auto")
    assert 3 <= len(found.curve) <= 13
    points = dict(found.curve)
    assert list(points) == sorted(points)
    assert points[found.threshold] == round(found.f1, 4) == max(points.values())  # type: ignore[index, arg-type]
    assert points[0.5] == round(found.f1_at_half, 4)  # type: ignore[arg-type]


def test_rare_rows_are_found_at_a_lower_threshold() -> None:
    found = choose_threshold(rare(), "adaboost", "auto")
    assert found.threshold is not None
    assert found.threshold < 0.5
    assert (found.rows, found.folds) == (600, FOLDS)
    assert found == choose_threshold(rare(), "adaboost", "auto")


@pytest.mark.parametrize(
    ("dataset", "wanted", "threshold", "why"),
    [
        pytest.param(rare(), 0.3, 0.3, "VINTNER_THRESHOLD names it", id="named"),
        pytest.param(rare(share=0.04, rows=300), "auto", 0.5, "fewer than 20 different rows", id="few"),
        pytest.param(rare(share=0.04, rows=300), "tuned", 0.5, "fewer than 20 different rows", id="few for tuned"),
        pytest.param(replace(rare(), scored=(0,)), "auto", 0.5, "not that of the second", id="another class scored"),
        pytest.param(replace(rare(), scored=(0, 1)), "auto", 0.5, "not that of the second", id="macro"),
        pytest.param(dataset_of(ascending(90), THREE), 0.3, None, "for two classes", id="three"),
    ],
)
def test_where_nothing_is_compared(dataset: Dataset, wanted: Threshold, threshold: float | None, why: str) -> None:
    found = choose_threshold(dataset, "adaboost", wanted)
    assert found.threshold == threshold
    assert why in found.why
    assert (found.rows, found.curve, found.gain) == (0, (), None)


def test_rows_of_the_same_features_are_in_one_fold() -> None:
    chance = np.random.default_rng(4)
    values = chance.integers(0, 12, (2_000, 2)).astype(float)
    folds = folds_of(values, chance.random(2_000) < 0.05)
    assert folds is not None
    assert set(folds.tolist()) == set(range(FOLDS))
    groups: dict[tuple[float, ...], set[int]] = {}
    for row, fold in zip(values.tolist(), folds.tolist(), strict=True):
        groups.setdefault(tuple(row), set()).add(fold)
    assert all(len(each) == 1 for each in groups.values())


def test_copies_of_rare_rows_do_not_count_as_rows() -> None:
    values = np.vstack([ascending(300), np.tile(ascending(10) + 0.5, (30, 1))])
    assert folds_of(values, np.arange(600) >= 300) is None
    assert folds_of(ascending(600), np.arange(600) >= 600 - ROWS_OF_A_CLASS) is not None


def test_many_rows_are_compared_on_a_bounded_share_of_each_class() -> None:
    codes = (np.arange(40_000) % 100 == 0).astype(np.int32)
    rows = Rows(ascending(40_000), codes)
    some = compared_rows(rows)
    assert len(some) == COMPARED_ROWS
    assert some.codes.sum() == 100
    assert (np.diff(some.values[:, 0]) > 0).all()
    assert set(some.codes.tolist()) == {0, 1}


def test_many_rows_get_a_threshold_too() -> None:
    found = choose_threshold(rare(15_002), "logistic_regression", "auto")
    assert found.rows in {COMPARED_ROWS, COMPARED_ROWS - 1}
    assert found.threshold is not None
    assert found.threshold < 0.5


@pytest.mark.parametrize("rows", [COMPARED_ROWS, COMPARED_ROWS + 1, COMPARED_ROWS + 2, 2 * COMPARED_ROWS - 1])
@pytest.mark.parametrize("rare", [1, 3, 5_000])
def test_any_number_of_rows_is_compared_on_no_more_than_the_bound(rows: int, rare: int) -> None:
    codes = (np.arange(rows) < rare).astype(np.int32)
    some = compared_rows(Rows(ascending(rows), codes))
    assert COMPARED_ROWS - 2 <= len(some) <= COMPARED_ROWS
    assert some.codes.mean() == pytest.approx(rare / rows, abs=1e-4)
