"""Draws that the generators share; each takes the generator of its table, so that a table is the same every time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

_SYLLABLES = ("bar", "den", "fel", "gor", "hal", "kin", "lor", "mer", "nol", "pas", "ris", "sten", "tal", "vin", "wes")


def pick(rng: np.random.Generator, rows: int, weights: Mapping[Any, float]) -> NDArray[Any]:
    """Values by weight."""
    chances = np.array(list(weights.values()))
    drawn = rng.choice(len(chances), rows, p=chances / chances.sum())
    return np.array(list(weights))[drawn]


def flag(rng: np.random.Generator, rows: int, share: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """True for a share of the rows, or with each row's own chance."""
    return rng.random(rows) < share


def spelled(truth: ArrayLike, yes: str, no: str) -> NDArray[Any]:
    """Booleans in a table's own words."""
    return np.where(np.asarray(truth, bool), yes, no)


def banded(score: NDArray[np.float64], shares: Mapping[Any, float]) -> NDArray[Any]:
    """Ordered classes in exactly these shares: the rows of the lowest score get the first one."""
    places = np.argsort(np.argsort(score, kind="stable"), kind="stable") / len(score)
    bounds = np.cumsum(list(shares.values()))[:-1]
    return np.array(list(shares))[np.searchsorted(bounds, places, side="right")]


def gaps(rng: np.random.Generator, values: ArrayLike, share: float) -> "pd.Series[Any]":
    """The values with exactly this share of them missing."""
    column: pd.Series[Any] = pd.Series(np.asarray(values))
    if column.dtype.kind == "i":
        column = column.astype("Int64")
    absent = rng.permutation(len(column)) < round(share * len(column))
    return column.mask(absent)


def names(rng: np.random.Generator, rows: int) -> list[str]:
    """Invented names of three syllables, most of them distinct."""
    drawn = rng.integers(0, len(_SYLLABLES), (rows, 3))
    return ["".join(_SYLLABLES[place] for place in row).capitalize() for row in drawn]


def shortest(values: ArrayLike) -> list[str]:
    """Numbers as people write them: 22 and 0.42, never 22.0."""
    return [f"{value:g}" for value in np.asarray(values, float)]
