"""Logistic regression: the log odds are a weighted sum of the inputs.

The order in which scikit-learn adds up depends on the processor and on how many rows it is given, so its last digit is
not its own. Here the sum of the products is the nearest float to the true one. A row whose log odds are 0 to that last
digit is the one case in which the decisions can differ; training refuses a model that has such a row.
"""

from collections.abc import Sequence
from math import fsum
from operator import mul
from typing import Any

from shared.scorer.classifiers.probabilities import Probabilities, Score, check_finite, cut_of, logistic, softmax


def load_linear(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """Logistic regression from its document: coefficients and intercept of the second of two classes, or of each."""
    rows = [tuple(map(float, row)) for row in document["coefficients"]]
    intercepts = [float(intercept) for intercept in document["intercepts"]]
    if len(intercepts) != (1 if classes == 2 else classes) or any(len(row) != inputs for row in rows):
        raise ValueError("coefficients, inputs and classes differ in number")
    check_finite([*intercepts, *(coefficient for row in rows for coefficient in row)])
    cut = cut_of(document)
    weights = list(zip(rows, intercepts, strict=True))

    def add(values: Sequence[float]) -> list[float]:
        return [fsum(map(mul, row, values)) + intercept for row, intercept in weights]

    def binary(values: Sequence[float]) -> tuple[int, Probabilities]:
        (decision,) = add(values)
        return (1 if decision >= cut else 0), logistic(decision)

    def multiclass(values: Sequence[float]) -> tuple[int, Probabilities]:
        decisions = add(values)
        return decisions.index(max(decisions)), softmax(decisions)

    return binary if classes == 2 else multiclass
