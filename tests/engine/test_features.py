"""Features: bins against the scorer's comparisons, and categories against scikit-learn's encoder."""

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from engine.features import MAX_EDGES, Features, category_counts, one_hot_of
from shared.training.preprocessing import MAX_ONE_HOT_COLUMNS

NAN = float("nan")
ONE = np.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([3.0, 1.0, 1.0, 2.0], [1.5, 2.5]),
        ([5.0, 5.0], []),
        ([NAN, NAN], []),
        ([1.0, ONE], [1.0]),
        ([-1.7e308, 1.7e308], [0.0]),
        ([0.0, -0.0, 4.0, NAN], [2.0]),
    ],
    ids=["between", "one value", "nothing", "neighbours", "far apart", "zeros and a gap"],
)
def test_edges_are_between_few_values(values: list[float], edges: list[float]) -> None:
    (found,) = Features.of(np.array(values)[:, None], [None]).edges
    assert found is not None
    assert found.tolist() == edges


def test_many_values_have_as_many_bins_as_a_byte_holds() -> None:
    values = np.random.default_rng(1).normal(size=(10_000, 1))
    features = Features.of(values, [None])
    counts = np.bincount(features.cut(values, [None])[:, 0])
    assert len(counts) == MAX_EDGES + 1
    assert (counts.min(), counts.max()) == (39, 40)


def test_a_bin_says_what_the_scorer_compares() -> None:
    values = np.random.default_rng(2).normal(size=(2_000, 2)).round(2)
    features = Features.of(values[:500], [None, None])
    bins = features.cut(values, [None, None])
    for column, edges in enumerate(features.thresholds):
        for bound in range(1, len(edges) + 1):
            assert np.array_equal(bins[:, column] < bound, values[:, column] <= edges[bound - 1])


@pytest.mark.parametrize("texts", [3, MAX_ONE_HOT_COLUMNS, MAX_ONE_HOT_COLUMNS + 1, 400])
def test_categories_have_the_columns_of_scikit_learn(texts: int) -> None:
    names = [f"text {number:03}" for number in range(texts)]
    counts = {name: 1_000 - number for number, name in enumerate(names)}
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT_COLUMNS)
    encoder.fit(np.repeat(names, list(counts.values()))[:, None])
    (rare,) = encoder.infrequent_categories_
    found = one_hot_of(counts)
    assert list(found.rare) == ([] if rare is None else rare.tolist())
    assert sorted([*found.categories, *found.rare]) == names
    assert found.width == min(texts, MAX_ONE_HOT_COLUMNS)


def test_a_text_has_its_column_under_any_vocabulary() -> None:
    counts = category_counts([(("a", "b"),), (("b", "c"),)], [(np.array([2, 1, 0]),), (np.array([4, 0, 3]),)])
    assert counts == [{"a": 2, "b": 5, "missing": 3}]
    features = Features.of(np.zeros((1, 1)), counts)
    bins = features.cut(np.array([[1.0], [0.0], [NAN], [2.0]]), [("a", "b", "new")])
    assert bins.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
