"""Trees for many rows at once: scikit-learn's own compiled walk over the columns of a tree in ``scorer.json``.

A single split needs no walk. Of the others the columns become scikit-learn's own tree structures: the one of trees that
compare float32 values, or the one of histogram-based boosting, which compares float64 values. Nothing is unpickled.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import NODE_DTYPE, Tree

from shared.scorer.preprocessing import Inputs

_LEAF: Final = -1
_NO_FEATURE: Final = -2

Leaves = Callable[[NDArray[Any], NDArray[np.float64]], NDArray[np.float64]]
"""From inputs (rows, inputs), and what each leaf says (leaves, values), to what is said of each row (rows, values)."""


def tree_leaves(document: dict[str, Any], inputs: Inputs) -> Leaves:
    """What a tree of ``scorer.json`` says of rows."""
    feature, threshold, leaf = document["feature"], document["threshold"], np.array(document["leaf"])
    if len(feature) == 1:
        return lambda values, said: np.broadcast_to(said[leaf[0]], (len(values), said.shape[1]))
    if len(feature) == 3:
        split, left, right = feature[0], leaf[document["left"][0]], leaf[document["right"][0]]
        bound = np.float64(threshold[0])  # a Python float would be rounded to the values' float32 first
        return lambda values, said: np.where((values[:, split] <= bound)[:, None], said[left], said[right])
    place = _single(document, inputs.width) if inputs.is_single else _double(document)
    return lambda values, said: said[leaf[place(values)]]


def _single(document: dict[str, Any], width: int) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """The node at which each row of float32 values ends (rows,)."""
    feature = np.array(document["feature"])
    count = len(feature)
    nodes = np.zeros(count, NODE_DTYPE)
    is_leaf = feature == _LEAF
    nodes["feature"] = np.where(is_leaf, _NO_FEATURE, feature)
    nodes["threshold"] = document["threshold"]
    nodes["left_child"] = np.where(is_leaf, _LEAF, document["left"])
    nodes["right_child"] = np.where(is_leaf, _LEAF, document["right"])
    tree = Tree(width, np.ones(1, np.intp), 1)
    values = np.zeros((count, 1, 1))
    tree.__setstate__({"max_depth": count, "node_count": count, "nodes": nodes, "values": values})
    return lambda rows: np.asarray(tree.apply(rows), np.int64)


def _double(document: dict[str, Any]) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """The node at which each row of float64 values ends (rows,)."""
    feature = np.array(document["feature"])
    nodes = np.zeros(len(feature), PREDICTOR_RECORD_DTYPE)
    is_leaf = feature == _LEAF
    nodes["value"] = np.arange(len(feature))
    nodes["is_leaf"] = is_leaf
    nodes["feature_idx"] = np.where(is_leaf, 0, feature)
    nodes["num_threshold"] = document["threshold"]
    nodes["left"], nodes["right"] = document["left"], document["right"]
    bitsets = np.zeros((0, 8), np.uint32)
    predictor = TreePredictor(nodes, bitsets, bitsets)
    indices = np.zeros(int(feature.max()) + 1, np.uint32)

    def place(rows: NDArray[Any]) -> NDArray[np.int64]:
        ends = predictor.predict(rows, bitsets, indices, 1)
        return np.asarray(ends, np.float64).astype(np.int64)

    return place
