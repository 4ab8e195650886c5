"""AdaBoost (SAMME; Zhu, Zou, Rosset and Hastie, 2009).

For each tree its weight is added for the class that it decides for, and weight / (classes - 1) taken off every other.
"""

from collections.abc import Sequence
from math import exp
from typing import Any

from shared.scorer.classifiers.probabilities import Probabilities, Score, added, check_finite, cut_of, softmax
from shared.scorer.classifiers.trees import Node, leaf_nodes, load_trees, walk


def load_adaboost(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """AdaBoost from its document; the leaf of a tree is the class that it decides for."""
    trees = load_trees(document["trees"], inputs, classes)
    weights = [float(weight) for weight in document["weights"]]
    weight_sum = float(document["weight_sum"])
    if len(trees) != len(weights):
        raise ValueError("trees and weights differ in number")
    check_finite([*weights, 1 / weight_sum])
    if classes == 2:
        grown = [tree.grow(leaf_nodes((-weight, weight))) for tree, weight in zip(trees, weights, strict=True)]
        return _binary(grown, weight_sum, cut_of(document))
    shares = [_shares(weight, classes) for weight in weights]
    grown = [tree.grow(leaf_nodes(share)) for tree, share in zip(trees, shares, strict=True)]
    return _multiclass(grown, weight_sum, classes)


def _shares(weight: float, classes: int) -> list[tuple[float, ...]]:
    """What a tree adds for each class, for each class that it may decide for."""
    other = -1 / (classes - 1) * weight
    return [tuple(weight if index == chosen else other for index in range(classes)) for chosen in range(classes)]


def _stumps(roots: Sequence[Node]) -> list[tuple[int, float, Any, Any]] | None:
    """Feature, threshold and what both leaves say, when all trees are single splits or leaves: these need no walk."""
    if any(feature >= 0 and (left[0] >= 0 or right[0] >= 0) for feature, _, left, right in roots):
        return None
    return [
        (feature, said, left[1], right[1]) if feature >= 0 else (0, 0.0, said, said)
        for feature, said, left, right in roots
    ]


def _binary(roots: Sequence[Node], weight_sum: float, cut: float) -> Score:
    stumps = _stumps(roots)

    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        total = 0.0
        if stumps is None:
            for root in roots:
                total += walk(root, values)
        else:
            for feature, threshold, left, right in stumps:
                total += left if values[feature] <= threshold else right
        half = total / weight_sum
        decision = half + half
        second = 1.0 / (1.0 + exp(-decision))
        return (1 if decision >= cut else 0), [1.0 - second, second]

    return score


def _multiclass(roots: Sequence[Node], weight_sum: float, classes: int) -> Score:
    stumps = _stumps(roots)

    def votes(values: Sequence[float]) -> list[tuple[float, ...]]:
        if stumps is None:
            return [walk(root, values) for root in roots]
        return [left if values[feature] <= threshold else right for feature, threshold, left, right in stumps]

    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        decisions = [added(column) / weight_sum for column in zip(*votes(values), strict=True)]
        return decisions.index(max(decisions)), softmax([decision / (classes - 1) for decision in decisions])

    return score
