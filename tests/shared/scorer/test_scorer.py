"""The portable scorer: float32 like numpy's, decisions like scikit-learn's, and damaged documents rejected."""

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.documents import Document, encode
from shared.errors import Rejected
from shared.formats.values import FLOAT32_MAX
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from tests.support.stage import stump

KEY = "models/m/scorer.json"
FIRST_TOO_LARGE = 2.0**128 - 2.0**103  # halfway between the largest float32 and the next power of two


def load(**changes: object) -> Scorer:
    return Scorer.load(encode({**json.loads(stump()), **changes}), KEY)


def tree(*nodes: tuple[int, float, int, int, int]) -> Document:
    """A tree of (feature, threshold, left, right, leaf)."""
    return dict(
        zip(("feature", "threshold", "left", "right", "leaf"), map(list, zip(*nodes, strict=True)), strict=True)
    )


LEAF_NO, LEAF_YES = (-1, 0.0, 0, 0, 0), (-1, 0.0, 0, 0, 1)


def test_a_scorer_knows_what_a_request_needs() -> None:
    scorer = load(ignored=["Id"], label="quality")
    assert (scorer.features, scorer.classes, scorer.label, scorer.ignored) == (
        ("a", "b"),
        ("no", "yes"),
        "quality",
        ("Id",),
    )


EDGE = np.float32(0.1).item()  # a float32 that is greater than 0.1
BELOW = np.nextafter(np.float32(0.1), np.float32(0)).item()
ROWS: dict[str, tuple[float, float, int]] = {
    "below": (0.0, -1.0, 0),
    "on the threshold": (0.0, 0.0, 0),
    "above": (0.0, 1e-45, 1),
    "rounds to zero": (0.0, 1e-46, 0),
    "negative zero": (0.0, -0.0, 0),
    "rounds above the threshold": (0.1, 0.1, 1),
    "the float32 below": (0.1, BELOW, 0),
    "just above halfway": (0.1, math.nextafter((EDGE + BELOW) / 2, 1), 1),
    "just below halfway": (0.1, math.nextafter((EDGE + BELOW) / 2, 0), 0),
    "on a float32 threshold": (EDGE, 0.1, 0),
    "one float32 above": (EDGE, np.nextafter(np.float32(0.1), np.float32(1)).item(), 1),
}


@pytest.mark.parametrize(("threshold", "value", "expected"), ROWS.values(), ids=ROWS)
def test_compares_the_float32_with_the_float64_threshold(threshold: float, value: float, expected: int) -> None:
    scorer = Scorer.load(stump(threshold), KEY)
    assert scorer.answer([value, 0.0])[0] == expected == int(np.float32(value).item() > threshold)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(FLOAT32_MAX)
@example(math.nextafter(FIRST_TOO_LARGE, 0))
@example(FIRST_TOO_LARGE)
@example(-FIRST_TOO_LARGE)
@example(7.006492321624085e-46)  # half of the smallest float32
@example(7.006492321624086e-46)
def test_rounds_to_float32_as_numpy_does(value: float) -> None:
    with np.errstate(over="ignore"):
        rounded = np.float64(value).astype(np.float32)
    if np.isinf(rounded):
        with pytest.raises(OutOfRange):
            load().answer([value, 0.0])
        return
    scorers = [Scorer.load(stump(math.nextafter(rounded.item(), bound)), KEY) for bound in (-math.inf, math.inf)]
    assert [scorer.answer([value, 0.0])[0] for scorer in scorers] == [1, 0]


SCALED: dict[str, tuple[dict[str, object], list[float | None], int]] = {
    "mean": ({"means": [5.0, 0.0]}, [5.0, 0.0], 0),
    "above the mean": ({"means": [5.0, 0.0]}, [5.1, 0.0], 1),
    "scale keeps the sign": ({"scales": [1e-30, 1.0]}, [1e-10, 0.0], 1),
    "a fill": ({"fills": [1.0, 0.0]}, [None, 0.0], 1),
    "every fill": ({"fills": [-1.0, 0.0]}, [None, None], 0),
    "zero is not missing": ({"fills": [1.0, 0.0]}, [0.0, None], 0),
}


@pytest.mark.parametrize(("changes", "row", "expected"), SCALED.values(), ids=SCALED)
def test_fills_and_scales(changes: dict[str, object], row: list[float | None], expected: int) -> None:
    assert load(**changes).answer(row)[0] == expected


@pytest.mark.parametrize(
    ("row", "feature"), [([1e39, 0.0], "a"), ([0.0, -1e39], "b"), ([1e39, 1e39], "a"), ([0.0, 1e308], "b")]
)
def test_names_the_value_that_is_out_of_range(row: list[float], feature: str) -> None:
    with pytest.raises(OutOfRange, match=f"feature {feature} is too large for float32") as raised:
        load().answer(row)
    assert raised.value.feature == feature


def test_a_value_is_out_of_range_after_scaling() -> None:
    with pytest.raises(OutOfRange):
        load(scales=[1e-10, 1.0]).answer([1e30, 0.0])


@pytest.mark.parametrize("row", [[], [1.0], [None]])
def test_a_row_that_lacks_a_value_is_a_mistake(row: list[float | None]) -> None:
    with pytest.raises((ValueError, struct.error), match=r"zip|expected 2 items"):
        load().answer(row)


def test_two_classes_by_the_sign_of_the_vote() -> None:
    index, probabilities = Scorer.load(stump(), KEY).answer([1.0, 0.0])
    assert index == 1
    assert probabilities == pytest.approx([1 / (1 + math.exp(2.0)), 1 / (1 + math.exp(-2.0))], rel=1e-14)
    assert sum(probabilities) == pytest.approx(1, abs=1e-15)


def test_a_tied_vote_is_for_the_first_class() -> None:
    trees = [tree((0, 0.0, 1, 2, 0), LEAF_NO, LEAF_YES), tree((0, 0.0, 1, 2, 0), LEAF_YES, LEAF_NO)]
    scorer = load(trees=trees, weights=[0.3, 0.3], weight_sum=0.6)
    assert scorer.answer([1.0, 0.0]) == (0, [0.5, 0.5])


def test_a_tied_vote_of_three_is_for_the_first_class() -> None:
    leaves = [tree((-1, 0.0, 0, 0, leaf)) for leaf in (2, 1)]
    scorer = load(trees=leaves, weights=[0.5, 0.5], weight_sum=1.0, classes=["a", "b", "c"])
    index, probabilities = scorer.answer([0.0, 0.0])
    assert index == 1
    assert probabilities[1] == probabilities[2] > probabilities[0]


def test_a_single_leaf_answers_always_the_same() -> None:
    scorer = load(trees=[tree(LEAF_YES)])
    assert {scorer.answer([value, 0.0])[0] for value in (-1e30, 0.0, 1e30)} == {1}


def test_deeper_trees_walk_to_a_leaf() -> None:
    deep = tree((0, 0.0, 1, 2, 0), LEAF_NO, (1, 0.0, 3, 4, 0), LEAF_NO, LEAF_YES)
    scorer = load(trees=[deep])
    quadrants = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    assert [scorer.answer(row)[0] for row in quadrants] == [0, 0, 0, 1]


def changed(**changes: object) -> Document:
    return {**tree((0, 0.0, 1, 2, 0), LEAF_NO, LEAF_YES), **changes}


def without(name: str) -> bytes:
    return encode({key: value for key, value in json.loads(stump()).items() if key != name})


PARTS = ["features", "classes", "label", "ignored", "fills", "means", "scales", "weights", "weight_sum", "trees"]
TREES: dict[str, Any] = {
    "no tree": [],
    "two trees and one weight": [changed(), changed()],
    "a tree without nodes": [{name: [] for name in changed()}],
    "a tree that is a list": [[1]],
    "a tree without a column": [{"feature": [-1]}],
    "a tree with another column": [{**changed(), "depth": 1}],
    "columns that differ in length": [changed(threshold=[0.0])],
    "a node that is its own child": [changed(left=[0, 0, 0])],
    "a cycle": [tree((0, 0.0, 1, 2, 0), (0, 0.0, 0, 2, 0), LEAF_YES)],
    "a child that is not there": [changed(right=[3, 0, 0])],
    "a negative child": [changed(right=[-1, 0, 0])],
    "an unknown feature": [changed(feature=[2, -1, -1])],
    "a negative feature": [changed(feature=[-2, -1, -1])],
    "an unknown class": [changed(leaf=[0, 0, 2])],
    "a negative class": [changed(leaf=[0, 0, -1])],
    "texts": [changed(feature=["a", "b", "c"])],
    "thresholds that are texts": [changed(threshold=["a", "b", "c"])],
    "nothing": None,
}
FIELDS: dict[str, dict[str, object]] = {
    "another kind": {"kind": "network"},
    "no kind": {"kind": None},
    "fewer fills": {"fills": [0.0]},
    "more means": {"means": [0.0] * 3},
    "more features": {"features": ["a", "b", "c"]},
    "a weight that is a text": {"weights": ["heavy"]},
    "a weight that is nothing": {"weights": [None]},
    "weights that are a number": {"weights": 1.0},
    "a sum that is nothing": {"weight_sum": None},
    "a sum of zero": {"weight_sum": 0.0},
    "no class": {"classes": []},
    "one class": {"classes": ["no"], "trees": [tree(LEAF_NO)]},
    "features that are a number": {"features": 2},
    "a scale of zero": {"scales": [0.0, 1.0]},
    "a mean that is a text": {"means": ["low", 0.0]},
    "a fill that is nothing": {"fills": [None, 0.0]},
    **{name: {"trees": trees} for name, trees in TREES.items()},
}
DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "cut off": stump()[:-1],
    "a list": b"[]",
    "another format": stump().replace(b'"format":1', b'"format":2'),
    **{f"no {name}": without(name) for name in PARTS},
    **{name: encode({**json.loads(stump()), **fields}) for name, fields in FIELDS.items()},
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_scorer_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected, match=r"models/m/scorer.json: expected"):
        Scorer.load(body, KEY)


def test_says_which_kind_was_found() -> None:
    with pytest.raises(Rejected, match=r"expected a scorer of kind 'adaboost' or .*, found 'network'"):
        load(kind="network")
