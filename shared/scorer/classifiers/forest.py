"""Forests (Breiman, 2001; extremely randomised: Geurts, Ernst and Wehenkel, 2006), and single trees as forests of one.

A leaf says the probability of each class, and the forest the mean of its trees.
"""

from collections.abc import Sequence
from typing import Any

from shared.scorer.classifiers.probabilities import Probabilities, Score, added, check_finite, threshold_of
from shared.scorer.classifiers.trees import leaf_nodes, load_trees, walk


def load_forest(document: dict[str, Any], inputs: int, classes: int) -> Score:
    """A forest from its document: trees, and the probabilities of the classes at each of the leaves."""
    leaves = [tuple(map(float, leaf)) for leaf in document["leaves"]]
    if any(len(leaf) != classes for leaf in leaves):
        raise ValueError("leaves and classes differ in number")
    check_finite(share for leaf in leaves for share in leaf)
    threshold = threshold_of(document)
    ends = leaf_nodes(leaves)
    roots = [tree.grow(ends) for tree in load_trees(document["trees"], inputs, len(leaves))]

    def score(values: Sequence[float]) -> tuple[int, Probabilities]:
        found = [walk(root, values) for root in roots]
        probabilities = [added(column) / len(roots) for column in zip(*found, strict=True)]
        if threshold is not None:
            return (1 if probabilities[1] >= threshold else 0), probabilities
        return probabilities.index(max(probabilities)), probabilities

    return score
