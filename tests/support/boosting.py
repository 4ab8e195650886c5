"""Rows to boost on that are few, tied or degenerate, and AdaBoost on them however few they are."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import AdaBoostClassifier
from sklearn.preprocessing import StandardScaler

from shared.documents import encode
from shared.training.classifiers import as_scikit_learn, family_of
from shared.training.presorted_adaboost import PresortedAdaBoostClassifier

Problem = tuple[NDArray[Any], NDArray[Any]]


class Always(PresortedAdaBoostClassifier):
    """However few the rows are."""

    presort_from = 0


def chance(seed: int) -> np.random.Generator:
    """A source of numbers."""
    return np.random.default_rng(seed)


def cancer() -> Problem:
    """Two classes, thirty features."""
    values, codes = datasets.load_breast_cancer(return_X_y=True)
    return values, codes


def beside(make: Callable[[NDArray[Any]], NDArray[Any]]) -> Problem:
    """The same with more columns, made of its own."""
    values, codes = cancer()
    return np.hstack([values, make(values)]), codes


def random_problem(seed: int) -> Problem:
    """Ties by rounding, two to four classes."""
    draw = chance(seed)
    rows = int(draw.integers(20, 400))
    values = np.round(draw.normal(size=(rows, 5)), int(draw.integers(0, 4)))
    return values, draw.integers(0, int(draw.integers(2, 5)), rows)


SMALL: Final[dict[str, Callable[[], Problem]]] = {
    "breast cancer": cancer,
    "iris": lambda: datasets.load_iris(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "each column twice": lambda: beside(lambda values: values),
    "mirrored columns": lambda: beside(lambda values: -values),
    "constant columns": lambda: beside(lambda values: np.ones((len(values), 3))),
    "all constant": lambda: (np.ones((50, 3)), chance(0).integers(0, 2, 50)),
    "one stump is perfect": lambda: (np.arange(100.0)[:, None], (np.arange(100) > 40).astype(int)),
    "two rows": lambda: (np.array([[0.0], [1.0]]), np.array([0, 1])),
    "exclusive or": lambda: (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]] * 25), np.array([0, 1, 1, 0] * 25)),
    "truth values": lambda: (chance(1).integers(0, 2, (500, 8)).astype(float), chance(2).integers(0, 2, 500)),
    "labels are texts": lambda: (cancer()[0], np.where(cancer()[1], "good", "bad")),
    **{f"random {seed}": lambda seed=seed: random_problem(seed) for seed in range(20)},  # type: ignore[misc]
}


def scaled(problem: Problem) -> Problem:
    """The same, scaled as the pipeline scales."""
    return StandardScaler().fit_transform(problem[0]), problem[1]


def scorer_of(model: AdaBoostClassifier) -> bytes:
    """The bytes that a model adds to ``scorer.json``."""
    own = as_scikit_learn(model)
    return encode(family_of(own).export(own))


def fitted(model: AdaBoostClassifier, problem: Problem) -> bytes:
    """The same of a model that is fitted first, or what it refuses."""
    try:
        return scorer_of(model.fit(*problem))
    except ValueError as error:
        return str(error).encode()
