"""Fitted classifiers as plain numbers, and how they come to a decision, in plain Python.

Each mimics scikit-learn step by step. A tree compares a value with a float64 threshold; sums are taken in
scikit-learn's own order, so that they are the same floats and ties fall the same way.

kind        of                                            decision
adaboost    adaboost                                      each tree's weight for its class
forest      random_forest, extra_trees, decision_tree     the mean of the leaves' probabilities
boosting    gradient_boosting, hist_gradient_boosting     the sum of the leaves' values
linear      logistic_regression                           the sum of coefficients times values
"""

from collections.abc import Callable
from typing import Any, Final

from shared.scorer.classifiers.adaboost import load_adaboost
from shared.scorer.classifiers.boosting import load_boosting
from shared.scorer.classifiers.forest import load_forest
from shared.scorer.classifiers.linear import load_linear
from shared.scorer.classifiers.probabilities import Score

Loader = Callable[[dict[str, Any], int, int], Score]
"""From a scorer's document, the number of inputs and the number of classes. Raises ValueError, LookupError or
TypeError when the document is not whole."""

LOADERS: Final[dict[str, Loader]] = {
    "adaboost": load_adaboost,
    "forest": load_forest,
    "boosting": load_boosting,
    "linear": load_linear,
}
