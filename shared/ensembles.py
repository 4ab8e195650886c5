"""Ensembles: fitted trees as plain numbers, and how their votes become a decision, in plain Python.

Each mimics scikit-learn step by step. A tree compares a float32 value with a float64 threshold; sums are taken in
scikit-learn's own order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Any

Probabilities = list[float]
Score = Callable[[Sequence[float]], tuple[int, Probabilities]]
"""From float32 values to the index of the predicted class and the probability of each class."""


def load_adaboost(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """AdaBoost from its document. Raise ValueError, KeyError or TypeError when it is not whole."""
    trees = [Tree(**tree) for tree in document["trees"]]
    weights = [float(weight) for weight in document["weights"]]
    weight_sum = float(document["weight_sum"])
    if not trees or len(trees) != len(weights):
        raise ValueError("trees and weights differ in number")
    for tree in trees:
        tree.check(inputs, classes)
    check_finite([*weights, 1 / weight_sum, *(bound for tree in trees for bound in tree.threshold)])
    if classes == 2:
        return _binary(trees, weights, weight_sum)
    return _multiclass(trees, weights, weight_sum, classes)


def check_finite(values: Iterable[float]) -> None:
    """Raise ValueError unless all values are finite."""
    if not all(isfinite(value) for value in values):
        raise ValueError("a number is not finite")


@dataclass(frozen=True)
class Tree:
    """A decision tree as columns. Node 0 is the root; a leaf has feature -1, and `leaf` is its class index."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    leaf: list[int]

    def check(self, features: int, classes: int) -> None:
        """Raise ValueError unless every walk from the root ends at a leaf with a known class."""
        nodes = len(self.feature)
        if not nodes or {len(self.threshold), len(self.left), len(self.right), len(self.leaf)} != {nodes}:
            raise ValueError("the columns of a tree differ in length")
        for node, feature in enumerate(self.feature):
            children = (self.left[node], self.right[node])
            if not -1 <= feature < features or not 0 <= self.leaf[node] < classes:
                raise ValueError("a node names an unknown feature or class")
            if feature >= 0 and not all(node < child < nodes for child in children):
                raise ValueError("a node's children do not come after it")

    def decide(self, values: Sequence[float]) -> int:
        """The class index of a row of float32 values."""
        node = 0
        while (feature := self.feature[node]) >= 0:
            node = self.left[node] if values[feature] <= self.threshold[node] else self.right[node]
        return self.leaf[node]

    def as_stump(self) -> tuple[int, float, int, int] | None:
        """Feature, threshold and the two classes, when the tree is a single split or a single leaf."""
        if len(self.feature) == 1:
            return 0, 0.0, self.leaf[0], self.leaf[0]
        if len(self.feature) == 3:
            return self.feature[0], self.threshold[0], self.leaf[self.left[0]], self.leaf[self.right[0]]
        return None


# AdaBoost (SAMME; Zhu, Zou, Rosset and Hastie, 2009) adds for each tree its weight to the class that it decides for
# and weight / (classes - 1) off every other. The additions below are in scikit-learn's own order, so that the sums are
# the same floats and ties fall the same way.


def _binary(trees: list[Tree], weights: list[float], weight_sum: float) -> Score:
    stumps = [tree.as_stump() for tree in trees]
    signed = {0: -1.0, 1: 1.0}
    steps = [
        (stump[0], stump[1], signed[stump[2]] * weight, signed[stump[3]] * weight)
        for stump, weight in zip(stumps, weights, strict=True)
        if stump is not None
    ]

    def vote_of_stumps(values: Sequence[float]) -> float:
        total = 0.0
        for feature, threshold, left, right in steps:
            total += left if values[feature] <= threshold else right
        return total

    def vote_of_trees(values: Sequence[float]) -> float:
        total = 0.0
        for tree, weight in zip(trees, weights, strict=True):
            total += weight if tree.decide(values) else -weight
        return total

    vote = vote_of_stumps if len(steps) == len(trees) else vote_of_trees

    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        half = vote(values) / weight_sum
        decision = half + half
        second = 1.0 / (1.0 + exp(-decision))
        return (1 if decision > 0 else 0), [1.0 / (1.0 + exp(decision)), second]

    return score


def _multiclass(trees: list[Tree], weights: list[float], weight_sum: float, classes: int) -> Score:
    others = [-1 / (classes - 1) * weight for weight in weights]

    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        totals = [0.0] * classes
        for tree, weight, other in zip(trees, weights, others, strict=True):
            chosen = tree.decide(values)
            totals = [total + (weight if index == chosen else other) for index, total in enumerate(totals)]
        decisions = [total / weight_sum for total in totals]
        best = max(decisions)
        powers = [exp((decision - best) / (classes - 1)) for decision in decisions]
        whole = sum(powers)
        return decisions.index(best), [power / whole for power in powers]

    return score
