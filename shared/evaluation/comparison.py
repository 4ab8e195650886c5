"""Comparing two models on the same rows of the present test set.

It is needed when the test set changed since production was scored, and for the rule ``significant``. The rows that
production was trained on are left out for both: a model that has seen its test rows would score 1.0 and never leave.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

from shared.bucket.inventory import Inventory, Source
from shared.bucket.keys import Upload
from shared.bucket.store import Reader, Store
from shared.documents import Label, LineageEntry, ScoreDocument
from shared.errors import NotFound, Rejected
from shared.evaluation.intervals import Interval, interval
from shared.evaluation.metrics import confusion_of, f1_of
from shared.evaluation.predictions import score_rows
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.row_errors import listed
from shared.ingestion.loading import load_test_set
from shared.settings import Settings
from shared.tables.dataset import Dataset, Rows
from shared.tables.encoding import Encoding

RESAMPLES: Final = 9_999
SEED: Final = 42


class Incomparable(Rejected):
    """Production cannot be scored on the present test set."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The test rows that production was not trained on, and how many of how many these are."""

    dataset: Dataset
    rows: Rows
    counted: int
    total: int

    def f1(self, scorer: VectorScorer) -> float:
        """F1 of a model on the rows that count."""
        return f1_of(self.rows.codes, self.predict(scorer), self.dataset.scored)

    def f1_with_interval(self, scorer: VectorScorer) -> tuple[float, Interval]:
        """F1 of a model on the rows that count, and its 95 % interval."""
        predicted, scored = self.predict(scorer), self.dataset.scored
        matrix = confusion_of(self.rows.codes, predicted, len(self.dataset.classes) + 1)  # see _class_positions
        return f1_of(self.rows.codes, predicted, scored), interval(matrix, scored)

    def predict(self, scorer: VectorScorer) -> NDArray[np.int32]:
        """Class indices (rows,) of a model on the rows that count; raise Incomparable when it cannot score them."""
        indices, _ = score_rows(scorer, *rows_for(scorer, self.dataset.encoding, self.rows))
        positions_of_classes = _class_positions(scorer.plain.classes, self.dataset.classes)
        return np.take(positions_of_classes, indices)


def rows_for(scorer: VectorScorer, encoding: Encoding, rows: Rows) -> tuple[Encoding, Rows]:
    """The features that a model has, of rows under the current schema; raise Incomparable when it cannot score them."""
    absent = [name for name in scorer.plain.features if name not in encoding.names]
    if absent:
        raise Incomparable(f"the test set has no feature {listed(absent)}, which the model needs")
    positions = [encoding.names.index(name) for name in scorer.plain.features]
    own = encoding.of(positions)
    if other := [one.name for one, its in zip(own.columns, scorer.plain.columns, strict=True) if not one.like(its)]:
        raise Incomparable(f"column {other[0]} is of another kind now than it is for the model")
    return own, Rows(rows.values[:, positions], rows.codes)


def compare_with(
    store: Store,
    production: ScoreDocument,
    inventory: Inventory,
    settings: Settings,
    *,
    slots: Reader | None = None,
) -> Comparison:
    """The rows of the present test set that production (its ``score.json``) was not trained on.

    `slots` reads the rows (the store, unless given).
    Raise Incomparable when fewer than half are left, or the model is of another label or other classes.
    """
    own = production["settings"]
    for name in ("label", "positive"):
        if own[name] != settings.training()[name]:
            raise Incomparable(f"production was trained with {name} {own[name]!r}, the present test set has another")
    lineage = tuple(_source(entry) for entry in production["lineage"])
    try:
        dataset = load_test_set(store, lineage, inventory, settings, slots=slots)
    except NotFound as error:
        raise Incomparable(f"rows that production was trained on are gone: {error}") from None
    unknown = [label for label in dataset.classes if label not in production["classes"]]
    if unknown:
        raise Incomparable(f"production does not know the class {unknown[0]!r}")
    # The slots also hold the rows that were kept out of its training as part of an older test set: leaving these out
    # as well is the safe side.
    fresh = ~dataset.test_in_slots
    rows = Rows(dataset.test.values[fresh], dataset.test.codes[fresh])
    if 2 * len(rows) < len(dataset.test):
        raise Incomparable(
            f"production was trained on {len(dataset.test) - len(rows)} of the {len(dataset.test)} test rows: "
            "fewer than half are left to compare on"
        )
    return Comparison(dataset, rows, len(rows), len(dataset.test))


def _source(entry: LineageEntry) -> Source:
    return Source(Upload(entry["upload"], entry["etag"], 0, ""), entry["slot"])


def _class_positions(own: Iterable[Label], present: tuple[Label, ...]) -> NDArray[np.int32]:
    """The index of each of a model's classes; one past the end for a class that the dataset lacks."""
    return np.array([present.index(label) if label in present else len(present) for label in own], np.int32)


def p_value(comparison: Comparison, candidate: VectorScorer, production: VectorScorer) -> float:
    """One-sided p-value that the candidate's F1 is better on these rows.

    A paired permutation test: under the null hypothesis the two predictions of a row may be exchanged (Yeh, "More
    accurate tests for the statistical significance of result differences", 2000).
    """
    truth, scored = comparison.rows.codes, comparison.dataset.scored

    def gain(first: NDArray[np.int32], second: NDArray[np.int32], axis: int = -1) -> NDArray[np.float64]:
        return _f1_along(truth, np.moveaxis(first, axis, -1), scored) - _f1_along(
            truth, np.moveaxis(second, axis, -1), scored
        )

    result = permutation_test(
        (comparison.predict(candidate), comparison.predict(production)),
        gain,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // max(1, len(truth))),
        alternative="greater",
        rng=SEED,
    )
    return float(result.pvalue)


def _f1_along(truth: NDArray[np.int32], predicted: NDArray[np.int32], scored: Sequence[int]) -> NDArray[np.float64]:
    """F1 along the last axis: the mean over the scored classes."""
    per_class = []
    for label in scored:
        hit = ((predicted == label) & (truth == label)).sum(axis=-1)
        both = (predicted == label).sum(axis=-1) + (truth == label).sum()
        per_class.append(np.divide(2.0 * hit, both, out=np.zeros(np.shape(hit)), where=both > 0))
    return np.asarray(np.mean(per_class, axis=0))
