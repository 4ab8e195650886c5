"""Numbers on a grid: what makes sums exact, and so independent of their order and of the processor.

Gradients lie on a grid of 2^-20: the float64 sums of up to 2^32 of them are exact in any order. Probabilities come from
a table over the log odds in steps of 2^-13, made of products of a few exponentials that are rounded correctly, so that
no two processors' exponential functions can differ. Leaves lie on a grid of 2^-16: sums of them below 128 are exact in
float32 and float64 alike.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

GRADIENT_STEPS: Final = np.float64(2**20)
LEAF_STEPS: Final = 2**16
LOG_ODDS_STEPS: Final = 2**13
FARTHEST: Final = 16  # log odds beyond it count as that: a probability below 2^-23
BLOCK_ROWS: Final = 1 << 15  # of which everything fits the processor's cache

Floats = NDArray[np.float32]
Objective = Callable[[NDArray[Any], Any], tuple[Floats, Floats]]
"""From the log odds (rows,) or (rows, classes) and the matrix that they are of to gradients and Hessians."""


def on_leaf_grid(value: float) -> float:
    """The nearest number on the grid of leaves."""
    return round(value * LEAF_STEPS) / LEAF_STEPS


@cache
def exponentials() -> NDArray[np.float64]:
    """exp(-i / 2^13) for each i from 0 to 16 * 2^13, within two units of the last place."""
    low = 512
    count = FARTHEST * LOG_ODDS_STEPS
    with localcontext() as context:
        context.prec = 40
        fine = [float((Decimal(-place) / LOG_ODDS_STEPS).exp()) for place in range(low)]
        coarse = [float((Decimal(-place * low) / LOG_ODDS_STEPS).exp()) for place in range(count // low + 1)]
    return np.asarray((np.array(coarse)[:, None] * np.array(fine)).ravel()[: count + 1])


@cache
def _two_classes() -> tuple[NDArray[np.float64], Floats]:
    """The probability of the second class at each log odds from -16 to 16, on the grid, and its Hessian."""
    above = 1.0 / (1.0 + exponentials())
    second = np.rint(np.concatenate([1.0 - above[:0:-1], above]) * GRADIENT_STEPS) / GRADIENT_STEPS
    return second, _hessians(second, 1.0)


def _hessians(shares: NDArray[np.float64], factor: float) -> Floats:
    found = np.rint(shares * (1.0 - shares) * factor * GRADIENT_STEPS)
    return np.asarray(np.maximum(found, 1.0) / GRADIENT_STEPS, np.float32)


def objective_of(classes: NDArray[np.uint8], starts: NDArray[np.float32]) -> Objective:
    """Log loss for rows of these classes (rows,); `starts` is added to all log odds: one of two classes, else each."""
    return _of_two(classes, starts) if len(starts) == 1 else _of_several(classes, starts)


def _of_two(classes: NDArray[np.uint8], starts: NDArray[np.float32]) -> Objective:
    second, hessian = _two_classes()
    middle = np.float32(FARTHEST * LOG_ODDS_STEPS + float(starts[0]) * LOG_ODDS_STEPS)
    probability = second.astype(np.float32)

    def objective(log_odds: NDArray[Any], _: object) -> tuple[Floats, Floats]:
        found = log_odds.reshape(-1)
        gradients, hessians = np.empty((2, len(found)), np.float32)
        for first in range(0, len(found), BLOCK_ROWS):
            own = slice(first, first + BLOCK_ROWS)
            steps = found[own] * np.float32(LOG_ODDS_STEPS)
            steps += middle
            place = np.rint(steps, out=steps).astype(np.int32)  # log odds stay below 128: 2^20 steps
            probability.take(place, out=gradients[own], mode="clip")
            hessian.take(place, out=hessians[own], mode="clip")
        gradients -= classes
        return gradients[:, None], hessians[:, None]

    return objective


def _of_several(classes: NDArray[np.uint8], starts: NDArray[np.float32]) -> Objective:
    powers = exponentials()
    farthest = np.float32(FARTHEST * LOG_ODDS_STEPS)

    def objective(log_odds: NDArray[Any], _: object) -> tuple[Floats, Floats]:
        found = log_odds.reshape(-1, len(starts))
        gradients, hessians = np.empty((2, *found.shape), np.float32)
        for first in range(0, len(found), BLOCK_ROWS):
            own = slice(first, first + BLOCK_ROWS)
            moved = found[own] + starts
            steps = (moved.max(axis=1, keepdims=True) - moved) * np.float32(LOG_ODDS_STEPS)
            shares = powers[np.rint(np.minimum(steps, farthest)).astype(np.int32)]
            whole = np.zeros(len(shares))
            for column in shares.T:  # in the order of the classes: each processor's own sum may take another
                whole += column
            shares /= whole[:, None]
            shares = np.rint(shares * GRADIENT_STEPS) / GRADIENT_STEPS
            hessians[own] = _hessians(shares, 2.0)
            shares[np.arange(len(shares)), classes[own]] -= 1.0
            gradients[own] = shares
        return gradients, hessians

    return objective
