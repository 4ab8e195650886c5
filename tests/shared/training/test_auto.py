"""The estimator `auto`: chosen by cross-validation on the training rows, never on the test set."""

from dataclasses import replace

import numpy as np
import pytest

from shared.tables.dataset import Dataset, Rows
from shared.training.model_selection import COMPARED, COMPARED_ROWS, compared_rows, select
from tests.support.datasets import Matrix, dataset_of
from tests.support.stage import Stage


def rings(rows: int = 180) -> Dataset:
    """Points that are of a class by their distance from the middle: no straight line tells them apart."""
    chance = np.random.default_rng(1)
    values = chance.normal(size=(rows, 2))
    return dataset_of(values, (np.hypot(*values.T) > 1.2).astype(np.int32))


def lines(rows: int = 180) -> Dataset:
    """Points that are of a class by which side of a slanting line they are on."""
    chance = np.random.default_rng(2)
    values = chance.normal(size=(rows, 6))
    return dataset_of(values, (values @ np.array([1.0, -2, 3, -4, 5, -6]) > 0).astype(np.int32))


def test_a_named_estimator_is_taken_uncompared() -> None:
    selection = select(rings(), "decision_tree")
    assert (selection.estimator, selection.scores, selection.rows, selection.folds) == ("decision_tree", {}, 0, 0)


def test_the_best_estimator_is_chosen_and_the_losers_are_shown() -> None:
    selection = select(lines(), "auto")
    assert selection.estimator == "logistic_regression"
    assert tuple(selection.scores) == COMPARED
    assert (
        max(score for score in selection.scores.values() if score is not None) == selection.scores[selection.estimator]
    )
    assert (selection.rows, selection.folds) == (120, 5)


def test_another_shape_of_the_data_has_another_loser() -> None:
    scores = select(rings(), "auto").scores
    assert scores["logistic_regression"] == min(score for score in scores.values() if score is not None)


def test_selection_is_repeatable_and_the_test_set_has_no_say() -> None:
    dataset = rings()
    other = replace(dataset, test=Rows(dataset.test.values[::-1] * 5, 1 - dataset.test.codes))
    assert select(other, "auto") == select(dataset, "auto")


def test_equals_are_decided_by_the_order_of_the_list() -> None:
    values: Matrix = np.arange(90, dtype=np.float64)[:, None]
    selection = select(dataset_of(values, (values[:, 0] >= 45).astype(np.int32)), "auto")
    best = selection.scores[selection.estimator]
    assert selection.estimator == next(name for name in COMPARED if selection.scores[name] == best)


def labelled(*counts: int) -> Dataset:
    """So many training rows of each class; the test set has some of each."""
    codes = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    rows = np.arange(3 * len(codes))
    together = np.where(rows % 3 == 2, codes[rows // 3], rows % len(counts)).astype(np.int32)
    values = together + np.random.default_rng(0).normal(scale=0.1, size=len(rows))
    dataset = dataset_of(values[:, None], together)
    kept = rows[rows % 3 > 0] % 3 == 2
    return replace(dataset, train=Rows(dataset.train.values[kept], dataset.train.codes[kept]))


RARE: dict[str, tuple[tuple[int, ...], int]] = {
    "two rows of a class": ((20, 2), 5),
    "one row of a class": ((20, 12, 1), 5),
    "three rows of each class": ((3, 3), 3),
    "one row of each class": ((1, 1), 0),
    "one class": ((8,), 0),
}


@pytest.mark.parametrize(("counts", "folds"), RARE.values(), ids=RARE)
def test_rare_classes_are_no_obstacle(counts: tuple[int, ...], folds: int) -> None:
    selection = select(labelled(*counts), "auto")
    assert selection.folds == folds
    assert selection.estimator in COMPARED


def test_an_estimator_that_cannot_be_trained_on_a_fold_is_no_winner() -> None:
    selection = select(labelled(4, 1), "auto")
    assert None in selection.scores.values()
    assert selection.scores[selection.estimator] is not None


def test_many_rows_are_sampled() -> None:
    many = lines(3 * COMPARED_ROWS).train
    assert len(many) == 2 * COMPARED_ROWS
    found = compared_rows(many)
    assert found.values.tolist() == compared_rows(many).values.tolist()
    assert len({tuple(row) for row in found.values.tolist()}) == COMPARED_ROWS


def test_the_score_document_has_the_selection(stage: Stage) -> None:
    stage.change(estimator="auto")
    stage.put_samples(1, 2)
    (score,) = stage.ingest().trained
    selection = score["selection"]
    assert (
        score["estimator"] == selection["estimator"] == max(COMPARED, key=lambda name: selection["scores"][name] or 0)
    )
    assert selection["rows"] == score["train_rows"]
    stage.promote()
    assert stage.pointer.model_id == score["model_id"]
