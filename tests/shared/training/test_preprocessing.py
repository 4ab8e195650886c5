"""Preprocessing fitted a column at a time gives what its own fit gives, to the last bit."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.base import clone

from shared.tables.dataset import Dataset
from shared.training.preprocessing import build_features, export_features, fit_features
from tests.support.datasets import Matrix, categories_for, dataset_of, with_gaps

ROWS = 3_001


def numbers(seed: int = 1) -> Matrix:
    """Skewed, of a large mean, constant, empty, of few values."""
    draw = np.random.default_rng(seed)
    columns = [np.exp(draw.normal(size=ROWS)), 1e9 + draw.normal(size=ROWS), np.full(ROWS, 3.5), np.full(ROWS, np.nan)]
    return np.column_stack([*columns, draw.integers(0, 3, ROWS), with_gaps(draw.normal(size=(ROWS, 1)))])


CODES = (np.arange(ROWS) % 2).astype(np.int32)
DATASETS: dict[str, Callable[[], Dataset]] = {
    "numbers": lambda: dataset_of(numbers(), CODES),
    "categories": lambda: dataset_of(np.empty((ROWS, 0)), CODES, categories_for(CODES)),
    "both": lambda: dataset_of(numbers(), CODES, categories_for(CODES, 3)),
}


@pytest.mark.parametrize("make", DATASETS.values(), ids=DATASETS)
def test_the_same_numbers_as_its_own_fit(make: Callable[[], Dataset]) -> None:
    dataset = make()
    encoding, values = dataset.encoding, dataset.train.values
    ours, theirs = build_features(encoding), build_features(encoding)
    made = fit_features(ours, encoding, values, "float64")
    expected = theirs.fit_transform(encoding.frame(values))
    assert made.tobytes("C") == np.ascontiguousarray(expected).tobytes()
    assert export_features(ours, encoding) == export_features(theirs, encoding)
    assert ours.output_indices_ == theirs.output_indices_
    test = encoding.frame(dataset.test.values)
    assert ours.transform(test).tobytes() == theirs.transform(test).tobytes()
    assert fit_features(clone(theirs), encoding, values, "float32").tobytes() == made.astype(np.float32).tobytes()


def test_what_is_fitted_says_of_itself_what_its_own_fit_says() -> None:
    dataset = dataset_of(numbers(), CODES)
    ours, theirs = build_features(dataset.encoding), build_features(dataset.encoding)
    fit_features(ours, dataset.encoding, dataset.train.values, "float32")
    theirs.fit(dataset.encoding.frame(dataset.train.values))
    for step in ("imputer", "scaler"):
        own, their = (vars(one.named_transformers_["numbers"][step]) for one in (ours, theirs))
        assert own.keys() == their.keys()
        assert {name: repr(value) for name, value in own.items()} == {n: repr(v) for n, v in their.items()}
