"""What every classifier answers, and how its numbers become probabilities."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import exp, isfinite
from operator import add
from typing import Final

Probabilities = list[float]
Score = Callable[[Sequence[float]], tuple[int, Probabilities]]
"""From the inputs of a row to the index of the predicted class and the probability of each class."""

_LOWEST: Final = -700.0  # beyond it the exponential would overflow, and the probability is 0 to 300 digits


def added(values: Iterable[float], start: float = 0.0) -> float:
    """The sum in the order of the values, each step rounded, as scikit-learn's: Python 3.12's own sum compensates."""
    return reduce(add, values, start)


def check_finite(values: Iterable[float]) -> None:
    """Raise ValueError unless all values are finite."""
    if not all(isfinite(value) for value in values):
        raise ValueError("a number is not finite")


def logistic(value: float) -> Probabilities:
    """The probabilities of two classes from the log odds of the second."""
    second = 1.0 / (1.0 + exp(-value)) if value > _LOWEST else 0.0
    return [1.0 - second, second]


def softmax(values: Sequence[float]) -> Probabilities:
    """The probabilities of several classes from their log odds. The greatest is taken off, so that none overflows."""
    best = max(values)
    powers = [exp(value - best) for value in values]
    whole = sum(powers)
    return [power / whole for power in powers]
