"""Gradient boosting (Friedman, 2001), with exact or histogram-based trees.

The values of the leaves are added to those that boosting started from: the log odds of the second of two classes, or of
each of several. Then each round has a tree for each class.
"""

from collections.abc import Sequence
from typing import Any

from shared.scorer.classifiers.probabilities import Probabilities, Score, added, check_finite, cut_of, logistic, softmax
from shared.scorer.classifiers.trees import leaf_nodes, load_trees, walk


def load_boosting(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """Gradient boosting from its document: trees, the values of the leaves, where it starts.

    `tie` is the class of a row whose log odds are 0: scikit-learn's two kinds differ there.
    """
    start, leaves = ([float(value) for value in document[name]] for name in ("start", "leaves"))
    tie = document["tie"]
    if len(start) != (1 if classes == 2 else classes) or tie not in {0, 1}:
        raise ValueError("another number of starting values than the classes need, or an unknown tie")
    check_finite([*start, *leaves])
    ends = leaf_nodes(leaves)
    roots = [tree.grow(ends) for tree in load_trees(document["trees"], inputs, len(leaves))]
    if len(roots) % len(start):
        raise ValueError("a round of trees is not whole")
    cut = cut_of(document, tie=bool(tie))
    columns = [(first, roots[position :: len(start)]) for position, first in enumerate(start)]

    def add(values: Sequence[float]) -> list[float]:
        return [added([walk(root, values) for root in trees], first) for first, trees in columns]

    def binary(values: Sequence[float]) -> tuple[int, Probabilities]:
        (decision,) = add(values)
        return (1 if decision >= cut else 0), logistic(decision)

    def multiclass(values: Sequence[float]) -> tuple[int, Probabilities]:
        decisions = add(values)
        return decisions.index(max(decisions)), softmax(decisions)

    return binary if classes == 2 else multiclass
