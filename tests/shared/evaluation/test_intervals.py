"""Intervals and baselines: against simulated test sets of classifiers whose F1 is known."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.evaluation.intervals import Interval, baseline, interval
from shared.evaluation.metrics import f1_of
from tests.support.datasets import in_fresh_processes

SIMULATED = 1_000
COVERED = (0.93, 0.97)

Shares = NDArray[np.float64]


def of_two(positive: float, found: float, false_alarms: float) -> Shares:
    """The joint shares of a classifier of two classes (2, 2): how many are positive, found, falsely called so."""
    of_no = np.array([1 - false_alarms, false_alarms]) * (1 - positive)
    return np.array([of_no, np.array([1 - found, found]) * positive])


def of_many(classes: int, right: float) -> Shares:
    """The joint shares of a classifier of many classes, the last one three times as frequent as the first."""
    frequent = np.linspace(0.5, 1.5, classes)[:, None]
    shares = np.where(np.eye(classes, dtype=bool), right, (1 - right) / (classes - 1)) * frequent
    return np.asarray(shares / shares.sum())


def true_f1(shares: Shares, scored: list[int]) -> float:
    per_class = 2 * np.diag(shares) / (shares.sum(axis=0) + shares.sum(axis=1))
    return float(per_class[scored].mean())


CLASSIFIERS = [
    pytest.param(of_two(0.5, 0.9, 0.1), [1], 169, id="balanced, 169 rows"),
    pytest.param(of_two(0.2, 0.7, 0.2), [1], 169, id="a fifth positive, 169 rows"),
    pytest.param(of_two(0.2, 0.98, 0.02), [1], 300, id="nearly perfect, 300 rows"),
    pytest.param(of_two(0.05, 0.7, 0.2), [1], 1_000, id="rare, 1,000 rows"),
    pytest.param(of_two(0.5, 0.7, 0.2), [1], 10_000, id="10,000 rows"),
    pytest.param(of_many(3, 0.9), [0, 1, 2], 300, id="three classes"),
    pytest.param(of_many(3, 0.98), [0, 1, 2], 300, id="three classes, nearly perfect"),
    pytest.param(of_many(6, 0.7), list(range(6)), 400, id="six classes"),
]


@pytest.mark.parametrize(("shares", "scored", "rows"), CLASSIFIERS)
def test_covers_the_truth_of_a_known_classifier(shares: Shares, scored: list[int], rows: int) -> None:
    drawn = np.random.default_rng(7).multinomial(rows, shares.ravel(), SIMULATED).reshape(-1, *shares.shape)
    intervals = [interval(matrix, scored) for matrix in drawn]
    truth = true_f1(shares, scored)
    covered = sum(low <= truth <= high for low, high in intervals) / SIMULATED
    assert COVERED[0] <= covered <= COVERED[1]


@pytest.mark.parametrize(("shares", "scored", "rows"), CLASSIFIERS)
def test_the_score_is_inside_and_more_rows_are_surer(shares: Shares, scored: list[int], rows: int) -> None:
    matrix = np.round(shares * rows)
    few, many = interval(matrix, scored), interval(matrix * 16, scored)
    assert few[0] < true_f1(matrix, scored) < few[1]
    assert (few[1] - few[0]) / 5 < many[1] - many[0] < (few[1] - few[0]) / 3  # the square root of 16, about


@pytest.mark.parametrize(
    ("matrix", "scored", "bounds"),
    [
        pytest.param([[20, 0], [0, 20]], [1], (0.93, 1.0), id="nothing wrong"),
        pytest.param([[2, 0], [0, 2]], [1], (0.5, 1.0), id="nothing wrong, four rows"),
        pytest.param([[20, 0], [20, 0]], [1], (0.0, 0.22), id="nothing found"),
        pytest.param([[20, 0], [0, 0]], [1], (0.0, 1.0), id="no row of the class"),
        pytest.param([[20, 0, 0], [0, 20, 0], [0, 0, 20]], [0, 1, 2], (0.94, 1.0), id="three classes, nothing wrong"),
        pytest.param([[0, 9], [9, 0]], [0, 1], (0.0, 0.15), id="the mean, nothing right"),
    ],
)
def test_is_never_surer_than_the_rows_allow(matrix: list[list[int]], scored: list[int], bounds: Interval) -> None:
    low, high = interval(matrix, scored)
    assert low == pytest.approx(bounds[0], abs=0.02)
    assert high == pytest.approx(bounds[1], abs=0.02)


@pytest.mark.parametrize("scored", [[1], [0, 2], [0, 1, 2]])
def test_the_baseline_is_the_best_constant_answer(scored: list[int]) -> None:
    truth = np.repeat([0, 1, 2], [50, 30, 7]).astype(np.int32)
    constant = [f1_of(truth, np.full_like(truth, answer), scored) for answer in range(3)]
    matrix = np.zeros((3, 3))
    np.add.at(matrix, (truth, truth[::-1]), 1)
    assert baseline(matrix, scored) == pytest.approx(max(constant), abs=1e-6)


def test_many_classes_take_no_more_memory_at_once() -> None:
    """100 classes, every cell filled: 400 MB of draws if they were made all at once, and a sure score."""
    matrix = np.ones((100, 100)) + 99 * np.eye(100)
    low, high = interval(matrix, list(range(100)))
    assert low < 0.5025 < high
    assert high - low < 0.02


def test_two_processes_give_the_same_bytes() -> None:
    question = "interval([[9, 2, 1], [3, 8, 0], [1, 1, 7]], [0, 1, 2])"
    answers = in_fresh_processes(f"from shared.evaluation.intervals import interval; print({question})")
    assert answers == {f"{interval([[9, 2, 1], [3, 8, 0], [1, 1, 7]], [0, 1, 2])}\n"}
    assert json.loads(json.dumps(interval([[9, 2], [3, 8]], [1])))[0] > 0
