"""Trees: a fitted decision tree as columns in a document, and as nested nodes to walk through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.scorer.classifiers.probabilities import check_finite

Node = tuple[int, Any, Any, Any]
"""(feature, threshold, left node, right node); of a leaf (-1, what it says, None, None)."""


@dataclass(frozen=True)
class Tree:
    """A decision tree as columns. Node 0 is the root; a leaf has feature -1, and `leaf` is its number among leaves.

    Trees share the leaves that say the same. `rows` are the training rows that came to each leaf; an earlier version
    wrote none.
    """

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    leaf: list[int]
    rows: list[int] | None = None

    def check(self, features: int, leaves: int) -> None:
        """Raise ValueError unless every walk from the root ends at a known leaf."""
        nodes = len(self.feature)
        rows = self.leaf if self.rows is None else self.rows
        if not nodes or {len(self.threshold), len(self.left), len(self.right), len(self.leaf), len(rows)} != {nodes}:
            raise ValueError("the columns of a tree differ in length")
        for node, feature in enumerate(self.feature):
            children = (self.left[node], self.right[node])
            if not -1 <= feature < features or not 0 <= self.leaf[node] < leaves:
                raise ValueError("a node names an unknown feature or leaf")
            if feature >= 0 and not all(node < child < nodes for child in children):
                raise ValueError("a node's children do not come after it")
        check_finite(self.threshold)
        if min(rows) < 0:
            raise ValueError("a node has fewer rows than none")

    def grow(self, ends: Sequence[Node]) -> Node:
        """The root, with the node of each leaf in its place: `leaf_nodes` makes them, once for all trees that share."""
        nodes: list[Node] = [(-1, None, None, None)] * len(self.feature)
        for node in reversed(range(len(nodes))):  # children come after their parents
            feature = self.feature[node]
            nodes[node] = (
                ends[self.leaf[node]]
                if feature < 0
                else (feature, self.threshold[node], nodes[self.left[node]], nodes[self.right[node]])
            )
        return nodes[0]


def leaf_nodes(leaves: Iterable[Any]) -> list[Node]:
    """The nodes of leaves, by what they say."""
    return [(-1, leaf, None, None) for leaf in leaves]


def load_trees(documents: Sequence[dict[str, Any]], features: int, leaves: int) -> list[Tree]:
    """Read trees; raise ValueError or TypeError when there is none or one is not whole."""
    trees = [Tree(**document) for document in documents]
    if not trees:
        raise ValueError("there is no tree")
    for tree in trees:
        tree.check(features, leaves)
    return trees


def walk(node: Node, values: Sequence[float]) -> Any:  # noqa: ANN401  (whatever the leaves say)
    """What the leaf says that a row of values comes to."""
    feature, said, left, right = node
    while feature >= 0:
        feature, said, left, right = left if values[feature] <= said else right
    return said
