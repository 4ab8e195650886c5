"""The portable scorer: a fitted pipeline as plain numbers, answered in plain Python.

It mimics scikit-learn step by step instead of approximating it. A missing value takes the imputer's fill; each value is
scaled as ``(value - mean) / scale`` in float64; the result is rounded to float32, because that is what scikit-learn's
trees hold; and the float32 value is compared with the float64 threshold. Folding the scaler into the thresholds would
be cheaper and would sometimes decide otherwise.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Any, Final

from shared.documents import decode
from shared.errors import Rejected

Label = bool | int | float | str
Probabilities = list[float]

KIND: Final = "adaboost"


class OutOfRange(ValueError):
    """A value is so far from the training data that float32 cannot hold it after scaling."""

    def __init__(self, position: int) -> None:
        super().__init__(f"feature {position} is too large for float32 after scaling")
        self.position = position


@dataclass(frozen=True)
class Scorer:
    """A model that answers rows of plain Python numbers.

    `features` names the values of a row in order; `classes` names the probabilities in order. `label` and `ignored` are
    columns that a request may carry and that are not used.
    """

    features: tuple[str, ...]
    classes: tuple[Label, ...]
    label: str
    ignored: tuple[str, ...]
    fills: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    score: Callable[[Sequence[float]], tuple[int, Probabilities]]

    @classmethod
    def load(cls, body: bytes, key: str) -> "Scorer":
        """Read ``scorer.json``; raise Rejected when it is damaged or of a kind that this version does not know."""
        document = decode(body, key)
        if document.get("kind") != KIND:
            raise Rejected(f"{key}: expected a scorer of kind {KIND!r}, found {document.get('kind')!r}")
        try:
            return cls._from_document(document)
        except (KeyError, TypeError, IndexError, ValueError, ArithmeticError) as error:
            raise Rejected(f"{key}: expected a complete scorer, found none ({error!r})") from None

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> "Scorer":
        columns = [tuple(document[name]) for name in ("features", "fills", "means", "scales")]
        if len({len(column) for column in columns}) != 1:
            raise ValueError("features, fills, means and scales differ in length")
        features, fills, means, scales = columns
        classes = tuple(document["classes"])
        if len(classes) < 2:
            raise ValueError("fewer than two classes")
        trees = [_Tree(**tree) for tree in document["trees"]]
        weights = [float(weight) for weight in document["weights"]]
        if not trees or len(trees) != len(weights):
            raise ValueError("trees and weights differ in number")
        for tree in trees:
            tree.check(len(features), len(classes))
        boosting = (trees, weights, float(document["weight_sum"]))
        _check_finite([*fills, *means, *weights, *(bound for tree in trees for bound in tree.threshold)])
        _check_finite(1 / divisor for divisor in (*scales, document["weight_sum"]))
        decide = _binary(*boosting) if len(classes) == 2 else _multiclass(*boosting, len(classes))
        return cls(features, classes, document["label"], tuple(document["ignored"]), fills, means, scales, decide)

    def answer(self, row: Sequence[float | None]) -> tuple[int, Probabilities]:
        """The index of the predicted class, and the probability of each class.

        `row` has one float for each feature, in order; None is a missing value. Raise OutOfRange.
        """
        if None in row:
            row = [fill if value is None else value for value, fill in zip(row, self.fills, strict=True)]
        scaled = [
            (value - mean) / scale  # type: ignore[operator]
            for value, mean, scale in zip(row, self.means, self.scales, strict=True)
        ]
        return self.score(_to_float32(scaled))


def _check_finite(values: Iterable[float]) -> None:
    if not all(isfinite(value) for value in values):
        raise ValueError("a number is not finite")


def _to_float32(values: list[float]) -> tuple[float, ...]:
    """Each float64 rounded to the nearest float32 (ties to even), as numpy's astype does."""
    layout = f"<{len(values)}f"  # without "<" a value that is too large would silently become infinite
    try:
        return struct.unpack(layout, struct.pack(layout, *values))
    except OverflowError:
        raise OutOfRange(next(i for i, value in enumerate(values) if not _fits(value))) from None


def _fits(value: float) -> bool:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True


@dataclass(frozen=True)
class _Tree:
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


def _binary(
    trees: list[_Tree], weights: list[float], weight_sum: float
) -> Callable[[Sequence[float]], tuple[int, Probabilities]]:
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


def _multiclass(
    trees: list[_Tree], weights: list[float], weight_sum: float, classes: int
) -> Callable[[Sequence[float]], tuple[int, Probabilities]]:
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
