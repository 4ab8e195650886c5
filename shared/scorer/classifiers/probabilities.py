"""What every classifier answers, and how its numbers become probabilities."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from math import exp, isfinite, ulp
from operator import add
from typing import Any, Final

Probabilities = list[float]
Score = Callable[[Sequence[float]], tuple[int, Probabilities]]
"""From the inputs of a row to the index of the predicted class and the probability of each class."""

_LOWEST: Final = -700.0  # beyond it the exponential would overflow, and the probability is 0 to 300 digits


def cut_of(document: Mapping[str, Any], *, tie: bool = False) -> float:
    """The lowest log odds of the second of two classes that decide for it.

    A document without a threshold decides at 0; `tie` says whether 0 itself is the second class. Raise ValueError,
    KeyError or TypeError for a threshold that is none.
    """
    if threshold_of(document) is None:
        return 0.0 if tie else ulp(0.0)
    cut = float(document["threshold_log_odds"])
    check_finite([cut])
    return cut


def threshold_of(document: Mapping[str, Any]) -> float | None:
    """From which probability of the second of two classes on that class is the answer; None where none is named."""
    if "threshold" not in document:
        return None
    threshold = float(document["threshold"])
    if not 0 < threshold < 1 or len(document["classes"]) != 2:
        raise ValueError("a threshold is a number between 0 and 1, and for two classes")
    return threshold


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
