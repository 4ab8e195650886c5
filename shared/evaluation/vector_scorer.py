"""The portable scorer for many rows at once: the same ``scorer.json``, the same decisions, with NumPy.

It reads what `shared.scorer` reads and takes each step as that does, only for all rows of a block together: scaling in
float64, rounding to float32, comparing with float64 thresholds, adding up tree after tree. So its decisions are
identical, and its probabilities differ by what the exponentials of two libraries do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.documents import decode
from shared.evaluation.vector_trees import tree_leaves
from shared.scorer.classifiers.probabilities import cut_of, threshold_of
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from shared.tables.encoding import Encoding
from shared.tables.table import Vocabulary, text_places

BLOCK_ROWS: Final = 16_384
_NEAR_A_TIE: Final = 1e-12

Matrix = NDArray[np.float64]
Answers = tuple[NDArray[np.int64], Matrix]
"""The index of the predicted class (rows,), and the probability of each class (rows, classes)."""
Score = Callable[[NDArray[Any]], Answers]
"""From the inputs (rows, inputs) to the answers."""


@dataclass(frozen=True, eq=False)
class VectorScorer:
    """A model that answers matrices of rows. `plain` is the same model for one row."""

    plain: Scorer
    score: Score

    @classmethod
    def load(cls, body: bytes, key: str) -> "VectorScorer":
        """Read ``scorer.json``; raise Rejected when it is damaged or of a kind that this version does not know."""
        plain = Scorer.load(body, key)
        document = decode(body, key)
        return cls(plain, _LOADERS[document["kind"]](document, plain))

    def answer(self, values: Matrix, encoding: Encoding) -> Answers:
        """Answer rows (rows, features) of the model's features in their order; raise OutOfRange for the first such row.

        `encoding` says what the values are; a text that the model does not know is treated as the plain scorer does.
        """
        blocks = [
            self.score(self._inputs(values[first : first + BLOCK_ROWS], encoding.vocabularies))
            for first in range(0, len(values), BLOCK_ROWS)
        ]
        if not blocks:
            return np.zeros(0, np.int64), np.zeros((0, len(self.plain.classes)))
        indices, probabilities = zip(*blocks, strict=True)
        return np.concatenate(indices), np.concatenate(probabilities)

    def _inputs(self, values: Matrix, vocabularies: Sequence[Vocabulary]) -> NDArray[Any]:
        """What the classifier sees (rows, inputs): float32, or float64 where scikit-learn has that."""
        inputs = self.plain.inputs
        found = np.zeros((len(values), inputs.width), np.float32 if inputs.is_single else np.float64)
        self._scale(values, found)
        first = len(inputs.fills)
        categories = iter(inputs.categories)
        for position, column in enumerate(inputs.columns):
            if column.is_category:
                category = next(categories)
                vocabulary = vocabularies[position] or ()
                place = places_of(category.places(first), vocabulary)[text_places(values[:, position], vocabulary)]
                known = np.flatnonzero(place >= 0)
                found[known, place[known]] = 1.0
                first += category.width
        return found

    def _scale(self, values: Matrix, found: NDArray[Any]) -> None:
        inputs = self.plain.inputs
        numbers = [position for position, column in enumerate(inputs.columns) if not column.is_category]
        too_large = np.full(len(values), len(numbers))
        for place, position in reversed(list(enumerate(numbers))):
            own = values[:, position]
            filled = np.where(np.isnan(own), inputs.fills[place], own)
            with np.errstate(over="ignore"):
                scaled = (filled - inputs.means[place]) / inputs.scales[place]
                too_large[np.isinf(scaled.astype(np.float32))] = place
                found[:, place] = scaled
        rows = np.flatnonzero(too_large < len(numbers))
        if len(rows):
            raise OutOfRange(inputs.columns[numbers[too_large[rows[0]]]].name)


def places_of(known: tuple[dict[Any, int], int | None], vocabulary: Sequence[str]) -> NDArray[np.int64]:
    """The column that is 1 for each text of a vocabulary, and last for a missing value; -1 for none."""
    places, unknown = known
    found = [places.get(text, unknown) for text in (*vocabulary, None)]
    return np.array([-1 if place is None else place for place in found], np.int64)


def _adaboost(document: dict[str, Any], plain: Scorer) -> Score:
    """As `shared.scorer.classifiers.adaboost`: each tree's weight for its class."""
    classes = len(plain.classes)
    trees = [tree_leaves(tree, plain.inputs) for tree in document["trees"]]
    weights, weight_sum, cut = document["weights"], document["weight_sum"], cut_of(document)
    if classes == 2:
        said = [np.array([-weight, weight])[:, None] for weight in weights]
    else:
        said = [np.where(np.eye(classes, dtype=bool), weight, -1 / (classes - 1) * weight) for weight in weights]

    def score(values: NDArray[Any]) -> Answers:
        total = np.zeros((len(values), 1 if classes == 2 else classes))
        for leaves, own in zip(trees, said, strict=True):
            total += leaves(values, own)
        total /= weight_sum
        if classes == 2:
            return _of_log_odds(total[:, 0] + total[:, 0], cut)
        return np.argmax(total, axis=1), _softmax(total / (classes - 1))

    return score


def _forest(document: dict[str, Any], plain: Scorer) -> Score:
    """As `shared.scorer.classifiers.forest`: the mean of the leaves' probabilities."""
    trees = [tree_leaves(tree, plain.inputs) for tree in document["trees"]]
    said = np.array(document["leaves"], np.float64)
    threshold = threshold_of(document)

    def score(values: NDArray[Any]) -> Answers:
        total = np.zeros((len(values), len(plain.classes)))
        for leaves in trees:
            total += leaves(values, said)
        total /= len(trees)
        if threshold is not None:
            return (total[:, 1] >= threshold).astype(np.int64), total
        return np.argmax(total, axis=1), total

    return score


def _boosting(document: dict[str, Any], plain: Scorer) -> Score:
    """As `shared.scorer.classifiers.boosting`: the sum of the leaves' values for each class."""
    start = [float(value) for value in document["start"]]
    said = np.array(document["leaves"], np.float64)[:, None]
    trees = [tree_leaves(tree, plain.inputs) for tree in document["trees"]]
    cut = cut_of(document, tie=bool(document["tie"]))

    def score(values: NDArray[Any]) -> Answers:
        total = np.tile(np.array(start), (len(values), 1))
        for number, leaves in enumerate(trees):
            total[:, number % len(start)] += leaves(values, said)[:, 0]
        if len(start) == 1:
            return _of_log_odds(total[:, 0], cut)
        return np.argmax(total, axis=1), _softmax(total)

    return score


def _linear(document: dict[str, Any], plain: Scorer) -> Score:
    """As `shared.scorer.classifiers.linear`. A row too near to a tie for this sum is left to the exact one."""
    coefficients = np.array(document["coefficients"], np.longdouble)
    intercepts = np.array(document["intercepts"], np.longdouble)
    cut = cut_of(document)

    def score(values: NDArray[Any]) -> Answers:
        total = np.zeros((len(values), len(intercepts)), np.longdouble)
        size = np.zeros((len(values), len(intercepts)), np.longdouble)
        for column, weights in zip(values.T, coefficients.T, strict=True):
            product = column[:, None].astype(np.longdouble) * weights
            total += product
            size += np.abs(product)
        decisions = (total + intercepts).astype(np.float64)
        indices, probabilities = (
            _of_log_odds(decisions[:, 0], cut)
            if len(intercepts) == 1
            else (np.argmax(decisions, axis=1), _softmax(decisions))
        )
        near = _gap(decisions, cut) <= _NEAR_A_TIE * (size.max(axis=1) + np.abs(intercepts).max())
        for row in np.flatnonzero(near):
            indices[row], probabilities[row] = plain.score(values[row].tolist())
        return indices, probabilities

    return score


def _gap(decisions: Matrix, cut: float) -> Matrix:
    """How far each row (rows,) is from another decision."""
    if decisions.shape[1] == 1:
        return np.abs(decisions[:, 0] - cut)
    best = np.partition(decisions, -2, axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0])


def _of_log_odds(decision: Matrix, cut: float) -> Answers:
    """Two classes from the log odds of the second (rows,), which decide for it from `cut` on."""
    with np.errstate(over="ignore"):
        second = 1.0 / (1.0 + np.exp(-decision))
    return (decision >= cut).astype(np.int64), np.column_stack([1.0 - second, second])


def _softmax(values: Matrix) -> Matrix:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


_LOADERS: Final[dict[str, Callable[[dict[str, Any], Scorer], Score]]] = {
    "adaboost": _adaboost,
    "forest": _forest,
    "boosting": _boosting,
    "linear": _linear,
}
