"""The trained trees: put on the grid, as XGBoost's own model for people, and as plain numbers for the scorer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xgboost
from numpy.typing import NDArray

from engine.features import Bins, Features
from engine.grid import on_leaf_grid
from shared.documents import Document
from shared.tables.encoding import Encoding

_WHOLE: Final = 2**24  # below it float32 holds every whole number: the bins that are compared


@dataclass(frozen=True, eq=False)
class Trees:
    """A booster whose leaves are on the grid and include where it starts; `model` is XGBoost's JSON."""

    model: Document
    features: Features

    @classmethod
    def of(cls, body: bytes, starts: Sequence[float], features: Features) -> "Trees":
        """From the bytes that training gives; `starts` are added to the leaves of each class's first tree."""
        model = json.loads(body)
        for number, tree in enumerate(_trees(model)):
            start = starts[number] if number < len(starts) else 0.0
            for node in np.flatnonzero(np.array(tree["left_children"]) < 0):
                value = on_leaf_grid(tree["split_conditions"][node]) + start
                tree["split_conditions"][node] = tree["base_weights"][node] = value
        return cls(model, features)

    def booster(self) -> xgboost.Booster:
        """XGBoost's own model, of bins."""
        return xgboost.Booster(model_file=bytearray(json.dumps(self.model).encode()))

    def log_odds(self, bins: Bins) -> NDArray[np.float64]:
        """What XGBoost makes of rows: (rows, 1) for two classes, else (rows, classes)."""
        found = self.booster().predict(xgboost.DMatrix(bins), output_margin=True)
        return np.asarray(found, np.float64).reshape(len(bins), -1)

    def for_people(self, encoding: Encoding, classes: Sequence[object]) -> bytes:
        """The model in XGBoost's binary JSON. Attributes say what its bins are: `bin_edges` of each column."""
        booster = self.booster()
        names = [encoding.columns[place].name for place in self.features.sources]
        booster.set_attr(
            bin_columns=json.dumps(names),
            bin_edges=json.dumps([edges.tolist() for edges in self.features.thresholds]),
            features=json.dumps(self.features.export(encoding), sort_keys=True),
            classes=json.dumps(list(classes)),
        )
        return bytes(booster.save_raw("ubj"))

    def export(self, outputs: int) -> Document:
        """The trees as ``scorer.json`` has them: a value goes left when it is at most the edge below the bin."""
        trees = _trees(self.model)
        leaves = sorted({value for tree in trees for value, left in _values(tree) if left < 0})
        number = {value: place for place, value in enumerate(leaves)}
        edges = self.features.thresholds
        return {
            "start": [0.0] * outputs,
            "tie": 0,
            "leaves": leaves,
            "trees": [_exported(tree, number, edges) for tree in trees],
        }

    def importances(self, encoding: Encoding) -> dict[str, float]:
        """The gain of all splits by feature, of all features together 1."""
        totals = dict.fromkeys(encoding.names, 0.0)
        sources = self.features.sources
        for tree in _trees(self.model):
            for place, gain, left in zip(
                tree["split_indices"], tree["loss_changes"], tree["left_children"], strict=True
            ):
                if left >= 0:
                    totals[encoding.columns[sources[place]].name] += max(0.0, gain)
        whole = sum(totals.values())
        return {name: total / whole for name, total in totals.items()} if whole else totals


def _trees(model: Document) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = model["learner"]["gradient_booster"]["model"]["trees"]
    return found


def _values(tree: dict[str, Any]) -> list[tuple[float, int]]:
    return list(zip(tree["split_conditions"], tree["left_children"], strict=True))


def _exported(
    tree: dict[str, Any], number: dict[float, int], edges: Sequence[NDArray[np.float64]]
) -> dict[str, list[float]]:
    """The columns of a tree; the rows of a leaf are the sum of its Hessians, as XGBoost counts them."""
    nodes = list(
        zip(
            tree["split_indices"],
            tree["split_conditions"],
            tree["left_children"],
            tree["right_children"],
            tree["sum_hessian"],
            strict=True,
        )
    )
    return {
        "feature": [place if left >= 0 else -1 for place, _, left, _, _ in nodes],
        "threshold": [_edge(edges[place], bound) if left >= 0 else 0.0 for place, bound, left, _, _ in nodes],
        "left": [max(left, 0) for _, _, left, _, _ in nodes],
        "right": [max(right, 0) for _, _, _, right, _ in nodes],
        "leaf": [0 if left >= 0 else number[value] for _, value, left, _, _ in nodes],
        "rows": [0 if left >= 0 else max(1, round(weight)) for _, _, left, _, weight in nodes],
    }


def _edge(edges: NDArray[np.float64], bound: float) -> float:
    """The edge of a split between bins: what is below the bound, a whole number, is at most this."""
    if not 1 <= bound <= len(edges) or bound != round(bound) or bound >= _WHOLE:
        raise ValueError(f"expected a split between bins 0 and {len(edges)}, found one at {bound}")
    return float(edges[int(bound) - 1])
