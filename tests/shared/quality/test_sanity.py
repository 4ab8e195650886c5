"""Doubts about a score: each on its case, and silence on good ones."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from shared.quality.sanity import deciding_columns, doubts_of_columns, doubts_of_rows, doubts_of_score
from shared.tables.dataset import Dataset
from tests.support.datasets import Codes, Matrix, dataset_of

ROWS = 300


def of_matrix(matrix: list[list[int]], f1: float, interval: tuple[float, float], baseline: float) -> list[str]:
    found = doubts_of_score(
        {
            "f1": f1,
            "interval": list(interval),
            "baseline": baseline,
            "metrics": {},
            "confusion": {"labels": ["no", "yes"] if len(matrix) == 2 else [1, 2, 3], "matrix": matrix},
        }
    )
    return [warning.doubt for warning in found]


@pytest.mark.parametrize(
    ("matrix", "f1", "interval", "baseline", "doubts"),
    [
        pytest.param([[80, 5], [9, 75]], 0.9, (0.86, 0.94), 0.66, [], id="a good score"),
        pytest.param(
            [[95, 0], [5, 0]], 0.0, (0, 0.1), 0.1, ["never_predicted", "no_better_than_constant"], id="always no"
        ),
        pytest.param(
            [[0, 50], [0, 50]],
            2 / 3,
            (0.6, 0.7),
            2 / 3,
            ["never_predicted", "no_better_than_constant"],
            id="always yes",
        ),
        pytest.param([[9, 1], [1, 9]], 0.9, (0.72, 0.97), 0.67, ["test_set_too_small"], id="twenty rows"),
        pytest.param([[90, 10], [10, 90]], 0.9, (0.75, 0.95), 0.67, [], id="an interval of 0.2 is enough"),
        pytest.param(
            [[30, 0, 0], [2, 0, 4], [0, 0, 30]], 0.6, (0.5, 0.65), 0.2, ["never_predicted"], id="one of three"
        ),
        pytest.param([[30, 1], [0, 0]], 0.4, (0.3, 0.5), 0.2, [], id="a class that the test set lacks"),
    ],
)
def test_what_the_figures_say(
    matrix: list[list[int]], f1: float, interval: tuple[float, float], baseline: float, doubts: list[str]
) -> None:
    assert of_matrix(matrix, f1, interval, baseline) == doubts


@pytest.mark.parametrize(("rows", "doubts"), [(200, []), (401, ["most_rows_gone"])])
def test_most_rows_gone_before_training(rows: int, doubts: list[str]) -> None:
    dataset = replace(dataset_of(np.arange(300, dtype=np.float64)[:, None], drawn(2)), rows=(rows,))
    assert len(dataset.train) == 200
    assert [warning.doubt for warning in doubts_of_rows(dataset, "union")] == doubts


def deciding(dataset: Dataset) -> list[str]:
    train = dataset.train
    found = doubts_of_columns(dataset.encoding, train.values, train.codes, dataset.scored)
    return [str(warning.column) for warning in found]


def with_column(column: Matrix, codes: Codes, *, category: bool = False) -> Dataset:
    """Noise, and one more column."""
    noise = np.random.default_rng(1).normal(size=(len(codes), 3))
    if category:
        return dataset_of(noise, codes, column[:, None])
    return dataset_of(np.column_stack([noise, column]), codes)


def drawn(classes: int, seed: int = 0) -> Codes:
    return np.random.default_rng(seed).integers(0, classes, ROWS).astype(np.int32)


@pytest.mark.parametrize("classes", [2, 3, 4, 8])
def test_a_column_that_repeats_the_label_is_named(classes: int) -> None:
    codes = drawn(classes)
    assert deciding(with_column(codes.astype(np.float64) * 10 + 7, codes)) == ["number 3"]
    assert deciding(with_column(codes.astype(np.float64), codes, category=True)) == ["category 0"]


def test_a_category_of_several_texts_a_class_is_named() -> None:
    """Texts 1, 3, 5, 7, 9 are one class: no two splits of their order tell them apart, but sorted by class they do."""
    texts = np.random.default_rng(2).integers(0, 10, ROWS)
    assert deciding(with_column(texts.astype(np.float64), (texts % 2).astype(np.int32), category=True)) == [
        "category 0"
    ]


@pytest.mark.parametrize("category", [False, True])
def test_a_column_that_is_filled_in_afterwards_is_named(category: bool) -> None:
    """Only what has the label has a value at all, as the lifeboats of those who were saved."""
    codes = drawn(2)
    values = np.where(codes == 1, np.random.default_rng(3).integers(0, 8, ROWS), np.nan)
    assert len(deciding(with_column(values, codes, category=category))) == 1


@pytest.mark.parametrize("wrong", [1, 5])
def test_a_few_mistakes_still_count_and_many_do_not(wrong: int) -> None:
    codes = drawn(2)
    column = codes.astype(np.float64)
    column[1 : 3 * wrong : 3] = 1 - column[1 : 3 * wrong : 3]  # each third row is a test row
    assert bool(deciding(with_column(column, codes))) == (wrong == 1)


def test_names_of_their_own_for_each_row_decide_nothing() -> None:
    codes = drawn(2)
    dataset = dataset_of(np.arange(ROWS, dtype=np.float64)[:, None] % 7, codes)
    names = np.arange(len(dataset.train), dtype=np.float64)[:, None]
    assert not deciding_columns(dataset.encoding, names, dataset.train.codes, dataset.scored)


@pytest.mark.parametrize(("rows", "found"), [(30, False), (60, True)])
def test_few_rows_say_nothing(rows: int, found: bool) -> None:
    codes = drawn(2)[:rows]
    assert bool(deciding(with_column(codes.astype(np.float64), codes))) == found


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine])
def test_silent_on_tables_that_everybody_knows(load: object) -> None:
    values, codes = load(return_X_y=True)  # type: ignore[operator]
    assert deciding(dataset_of(values, codes.astype(np.int32))) == []


def test_many_rows_are_sampled() -> None:
    codes = np.random.default_rng(0).integers(0, 2, 30_000).astype(np.int32)
    dataset = with_column(codes.astype(np.float64), codes)
    assert deciding(dataset) == ["number 3"]
    assert deciding(with_column(codes[::-1].astype(np.float64), codes)) == []
