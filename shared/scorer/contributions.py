"""Contributions: what each input adds to a sum that decides, for one row.

Of trees they are those of the path that the row takes (Saabas, "Interpreting random forests", 2014): a node stands for
the mean of the leaves below it, weighted by the training rows that came there, and the step from a node to its child is
what the input adds that is compared there. All steps together, on top of what the roots stand for, are the leaves' sum.
Of trees with a single split each, as AdaBoost's, and of linear models this is the model itself: it adds up one function
of each input. Of deeper trees the order of the comparisons on the path has a part in it.

kind        sum                                    of two classes         of more
adaboost    the trees' weighted votes              log odds of the second  the predicted class's votes
boosting    start and leaves                       log odds of the second  the predicted class's
linear      intercept and products                 log odds of the second  the predicted class's
forest      the leaves' shares of the class        share of the second     share of the predicted class
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import fsum
from typing import Any, Final, NamedTuple

from shared.scorer.classifiers.trees import Tree

LOG_ODDS: Final = "log_odds"
PROBABILITY: Final = "probability"
SUM: Final = "sum"
ADDITIVE: Final = "additive"
PATH: Final = "path"


class Contributions(NamedTuple):
    """What each input adds to `base`, in the order of the inputs; all together are the deciding sum of a class."""

    base: float
    inputs: list[float]


Explain = Callable[[Sequence[float], int], Contributions]
"""From the inputs of a row and the index of a class to what each input adds for it."""


class Terms(NamedTuple):
    """What contributions are: `unit` is what they add up to, `method` whether the model itself is such a sum."""

    unit: str
    method: str


def terms_of(document: dict[str, Any]) -> Terms:
    """What the contributions of a scorer's document are."""
    kind, classes = document["kind"], len(document["classes"])
    unit = PROBABILITY if kind == "forest" else LOG_ODDS if classes == 2 else SUM
    adds_up = kind == "linear" or (kind == "adaboost" and all(len(tree["feature"]) <= 3 for tree in document["trees"]))
    return Terms(unit, ADDITIVE if adds_up else PATH)


def explainer_of(document: dict[str, Any], inputs: int) -> Explain:
    """What explains rows by a scorer's document that was loaded before, and so is whole."""
    return _EXPLAINERS[document["kind"]](document, inputs)


def _adaboost(document: dict[str, Any], inputs: int) -> Explain:
    trees = [Tree(**tree) for tree in document["trees"]]
    classes, weight_sum = len(document["classes"]), float(document["weight_sum"])
    scale = (2.0 if classes == 2 else 1.0) / weight_sum
    weights = [float(weight) * scale for weight in document["weights"]]

    @cache
    def values(label: int) -> list[list[float]]:
        return [
            _node_values(tree, [weight if said == label else -weight / (classes - 1) for said in range(classes)])
            for tree, weight in zip(trees, weights, strict=True)
        ]

    return _of_paths(trees, values, inputs)


def _forest(document: dict[str, Any], inputs: int) -> Explain:
    trees = [Tree(**tree) for tree in document["trees"]]

    @cache
    def values(label: int) -> list[list[float]]:
        leaves = [leaf[label] / len(trees) for leaf in document["leaves"]]
        return [_node_values(tree, leaves) for tree in trees]

    return _of_paths(trees, values, inputs)


def _boosting(document: dict[str, Any], inputs: int) -> Explain:
    start, leaves = document["start"], [float(value) for value in document["leaves"]]
    columns = [[Tree(**tree) for tree in document["trees"][place :: len(start)]] for place in range(len(start))]
    explained = [
        _of_paths(trees, cache(lambda _, own=trees: [_node_values(tree, leaves) for tree in own]), inputs)
        for trees in columns
    ]

    def explain(row: Sequence[float], label: int) -> Contributions:
        place = label if len(start) > 1 else 0
        found = explained[place](row, label)
        return found._replace(base=start[place] + found.base)

    return explain


def _linear(document: dict[str, Any], inputs: int) -> Explain:  # noqa: ARG001  (as the others)
    rows, intercepts = document["coefficients"], document["intercepts"]

    def explain(row: Sequence[float], label: int) -> Contributions:
        place = label if len(rows) > 1 else 0
        products = [coefficient * value for coefficient, value in zip(rows[place], row, strict=True)]
        return Contributions(float(intercepts[place]), products)

    return explain


def _node_values(tree: Tree, leaves: Sequence[float]) -> list[float]:
    """What each node stands for: a leaf for what it says, the others for the mean over the rows that came there."""
    values, rows = [0.0] * len(tree.feature), [0.0] * len(tree.feature)
    for node in reversed(range(len(values))):  # children come after their parents
        if tree.feature[node] < 0:
            values[node], rows[node] = leaves[tree.leaf[node]], 1.0 if tree.rows is None else tree.rows[node]
            continue
        left, right = tree.left[node], tree.right[node]
        rows[node] = rows[left] + rows[right]
        share = rows[left] / rows[node] if rows[node] else 0.5
        values[node] = share * values[left] + (1.0 - share) * values[right]
    return values


def _of_paths(trees: Sequence[Tree], values: Callable[[int], list[list[float]]], inputs: int) -> Explain:
    """The steps of the paths that a row takes through trees whose nodes stand for `values` of a class."""

    def explain(row: Sequence[float], label: int) -> Contributions:
        steps: list[list[float]] = [[] for _ in range(inputs)]
        roots = []
        for tree, means in zip(trees, values(label), strict=True):
            node = 0
            roots.append(means[0])
            while (feature := tree.feature[node]) >= 0:
                child = tree.left[node] if row[feature] <= tree.threshold[node] else tree.right[node]
                steps[feature].append(means[child] - means[node])
                node = child
        return Contributions(fsum(roots), [fsum(own) for own in steps])

    return explain


_EXPLAINERS: Final[dict[str, Callable[[dict[str, Any], int], Explain]]] = {
    "adaboost": _adaboost,
    "forest": _forest,
    "boosting": _boosting,
    "linear": _linear,
}
