"""AdaBoost (SAMME; Zhu, Zou, Rosset and Hastie, 2009).

For each tree its weight is added for the class that it decides for, and weight / (classes - 1) taken off every other.
"""

from collections.abc import Callable, Sequence
from math import exp
from typing import Any

from shared.ensembles.answers import Probabilities, Score, check_finite, softmax
from shared.ensembles.trees import Node, load_trees, walk


def load_adaboost(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """AdaBoost from its document; the leaf of a tree is the class that it decides for."""
    trees = load_trees(document["trees"], inputs, classes)
    weights = [float(weight) for weight in document["weights"]]
    weight_sum = float(document["weight_sum"])
    if len(trees) != len(weights):
        raise ValueError("trees and weights differ in number")
    check_finite([*weights, 1 / weight_sum])
    if classes == 2:
        votes = _votes([tree.grow((-weight, weight)) for tree, weight in zip(trees, weights, strict=True)])
        return _binary(votes, weight_sum)
    shares = [_shares(weight, classes) for weight in weights]
    votes = _votes([tree.grow(share) for tree, share in zip(trees, shares, strict=True)])
    return _multiclass(votes, weight_sum, classes)


def _shares(weight: float, classes: int) -> list[tuple[float, ...]]:
    """What a tree adds for each class, for each class that it may decide for."""
    other = -1 / (classes - 1) * weight
    return [tuple(weight if index == chosen else other for index in range(classes)) for chosen in range(classes)]


def _votes(roots: Sequence[Node]) -> Callable[[Sequence[float]], list[Any]]:
    """What the trees say of a row, in their order. Trees of a single split need no walk."""
    if any(feature >= 0 and (left[0] >= 0 or right[0] >= 0) for feature, _, left, right in roots):
        return lambda values: [walk(root, values) for root in roots]
    stumps = [
        (feature, said, left[1], right[1]) if feature >= 0 else (0, 0.0, said, said)
        for feature, said, left, right in roots
    ]
    return lambda values: [
        left if values[feature] <= threshold else right for feature, threshold, left, right in stumps
    ]


def _binary(votes: Callable[[Sequence[float]], list[float]], weight_sum: float) -> Score:
    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        half = sum(votes(values)) / weight_sum
        decision = half + half
        return (1 if decision > 0 else 0), [1.0 / (1.0 + exp(decision)), 1.0 / (1.0 + exp(-decision))]

    return score


def _multiclass(votes: Callable[[Sequence[float]], list[tuple[float, ...]]], weight_sum: float, classes: int) -> Score:
    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        decisions = [sum(column) / weight_sum for column in zip(*votes(values), strict=True)]
        return decisions.index(max(decisions)), softmax([decision / (classes - 1) for decision in decisions])

    return score
