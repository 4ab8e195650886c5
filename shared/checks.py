"""Checks of a slot against the test set: what deserves a look before one wonders about a score.

All of it is a pure function of the slot, the test set and the schema, so that the order of arrival decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp

from shared.columns import Column
from shared.dataset import misfit, same_features
from shared.encoding import Typed, encode
from shared.reasons import BadTable, Reason, listed
from shared.reference import Reference
from shared.table import Table

SIGNIFICANCE: Final = 0.01
LARGE_SHIFT: Final = 0.25  # of the population stability index
ENOUGH_ROWS: Final = 30  # with fewer rows a distribution says nothing
SAMPLED_ROWS: Final = 20_000
RARE: Final = 10  # categories with fewer rows are counted together
BINS: Final = 10


@dataclass(frozen=True)
class Drift:
    """A feature whose distribution in a slot is another one than in the test set.

    `p_value` is adjusted for the number of features; `stability_index` is the population stability index.
    """

    feature: str
    test: str
    p_value: float
    stability_index: float

    def __str__(self) -> str:
        return (
            f"column {self.feature} is distributed otherwise than in the test set "
            f"({self.test}, adjusted p = {self.p_value:.2g}; population stability index {self.stability_index:.2f})"
        )


@dataclass(frozen=True)
class Findings:
    """What the checks of a slot found."""

    warnings: tuple[str, ...]
    drift: tuple[Drift, ...]

    def drift_document(self) -> dict[str, Any]:
        """The drift as it stands in a receipt: by feature."""
        return {
            one.feature: {"test": one.test, "p_value": one.p_value, "psi": one.stability_index} for one in self.drift
        }


def check(table: Table, reference: Reference) -> Findings:
    """Compare a slot with the test set; raise BadTable when it lacks a feature."""
    features = reference.schema.features
    if problem := misfit(table.features, [column.name for column in features]):
        raise BadTable([Reason(problem, line=1)])
    notes = list(_other_columns(table, reference))
    samples = []
    for column in features:
        own = _column([table], column)
        held_out = _column(reference.tests, column)
        notes += _values_apart(column, own, held_out)
        samples.append((column, own, held_out))
    notes += _labels_apart(table, reference)
    notes += _label_noise(table, reference, features)
    drift = tuple(_drift(samples))
    return Findings((*notes, *map(str, drift)), drift)


def _column(tables: Sequence[Table], column: Column) -> Typed:
    encoding, matrices = encode(tables, [column])
    values = np.concatenate([matrix[:, 0] for matrix in matrices])
    return Typed(values, encoding.vocabularies[0], values, {})


def _other_columns(table: Table, reference: Reference) -> list[str]:
    extra = [name for name in table.features if name not in reference.columns]
    return [f"columns that the test set lacks are not used: {listed(extra)}"] if extra else []


def _values_apart(column: Column, own: Typed, held_out: Typed) -> list[str]:
    """Categories that the test set lacks, or numbers far outside of its range."""
    if own.vocabulary is not None:
        unknown = sorted(set(own.vocabulary) - set(held_out.vocabulary or ()))
        return [f"column {column.name}: categories that the test set lacks: {listed(unknown)}"] if unknown else []
    numbers, range_ = own.values[~np.isnan(own.values)], held_out.values[~np.isnan(held_out.values)]
    if not len(numbers) or not len(range_):
        return []
    low, high = float(range_.min()), float(range_.max())
    if low == high:
        return []
    outside = int(np.count_nonzero((numbers < low - (high - low)) | (numbers > high + (high - low))))
    if not outside:
        return []
    range_text = f"{low:g} to {high:g}"
    return [
        f"column {column.name}: {outside} of {len(numbers)} values are far from the test set's, {range_text}: the unit?"
    ]


def _labels_apart(table: Table, reference: Reference) -> list[str]:
    known = {label for test in reference.tests for label in test.labels}
    unknown = [label for label in table.labels if label not in known]
    if not unknown:
        return []
    return [f"classes that the test set lacks, so that they are trained on and never scored: {listed(unknown)}"]


def _label_noise(table: Table, reference: Reference, features: Sequence[Column]) -> list[str]:
    """Rows with the features of another row and another label."""
    _, matrices = encode([table, *reference.tests], features)
    tables = [table, *reference.tests]
    labels = np.concatenate([np.array(one.labels, object)[one.codes] for one in tables])
    groups = same_features(np.concatenate(matrices))
    pairs = np.unique(np.column_stack([groups, np.unique(labels.astype(str), return_inverse=True)[1]]), axis=0)
    several = np.bincount(pairs[:, 0]) > 1
    noisy = int(np.count_nonzero(several[groups[: len(table)]]))
    if not noisy:
        return []
    return [
        f"{noisy} of {len(table)} rows have the features of another row, here or in the test set, and another label"
    ]


def _drift(samples: Sequence[tuple[Column, Typed, Typed]]) -> list[Drift]:
    """The features that drifted: by a two-sample test, corrected for their number, and by more than a trifle."""
    counted = [
        (column, own, held_out, _counts(own, held_out))
        for column, own, held_out in samples
        if min(len(own.values), len(held_out.values)) >= ENOUGH_ROWS
    ]
    indices = [_stability_index(counts) for *_, counts in counted]
    if max(indices, default=0.0) < LARGE_SHIFT:
        return []  # whatever the tests would say; they take most of the time of reading a small slot
    tested = [_tested(own, held_out, counts) for _, own, held_out, counts in counted]
    adjusted = false_discovery_control([p_value for _, p_value in tested])  # Benjamini and Hochberg, 1995
    return [
        Drift(column.name, test, float(p_value), index)
        for (column, *_), index, (test, _), p_value in zip(counted, indices, tested, adjusted, strict=True)
        if p_value < SIGNIFICANCE and index >= LARGE_SHIFT
    ]


def _counts(own: Typed, held_out: Typed) -> NDArray[np.int64]:
    """Rows (2, bins) of both in each bin."""
    if own.vocabulary is not None:
        return _category_counts(own, held_out)
    return _binned(_sampled(own.values), _sampled(held_out.values))


def _tested(own: Typed, held_out: Typed, counts: NDArray[np.int64]) -> tuple[str, float]:
    """The test's name and its p-value."""
    if own.vocabulary is not None:
        return "chi-squared test", _chi_squared(counts)
    samples = _sampled(own.values), _sampled(held_out.values)
    gaps = np.array([[np.count_nonzero(missing), np.count_nonzero(~missing)] for missing in map(np.isnan, samples)])
    present = [numbers[~np.isnan(numbers)] for numbers in samples]
    of_gaps = _chi_squared(gaps)
    of_values = float(ks_2samp(*present, method="asymp").pvalue) if all(map(len, present)) else 1.0
    tests = 1 + bool(gaps[:, 0].any())  # both are tested where there are gaps: Bonferroni's correction
    if of_gaps < of_values:
        return "chi-squared test of missing values", min(1.0, tests * of_gaps)
    return "Kolmogorov-Smirnov test", min(1.0, tests * of_values)


def _sampled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:: max(1, -(-len(values) // SAMPLED_ROWS))]


def _category_counts(own: Typed, held_out: Typed) -> NDArray[np.int64]:
    """Rows of each category (2, categories): those that both have, the missing ones, the rare ones together."""
    texts = sorted({*(own.vocabulary or ()), *(held_out.vocabulary or ())})
    index = {text: position for position, text in enumerate(texts)}
    rows = []
    for one in (own, held_out):
        translate = np.array([*(index[text] for text in one.vocabulary or ()), len(texts)])
        known = np.where(np.isnan(one.values), len(translate) - 1, one.values).astype(np.int64)
        rows.append(np.bincount(translate[known], minlength=len(texts) + 1))
    counts = np.array(rows, np.int64)
    rare = counts.sum(axis=0) < RARE
    return np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])


def _binned(own: NDArray[np.float64], held_out: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rows (2, bins) between the deciles of the test set; the missing ones are a bin of their own."""
    present = held_out[~np.isnan(held_out)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.empty(0)
    counts = []
    for values in (own, held_out):
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        counts.append(np.bincount(place, minlength=len(edges) + 2))
    return np.array(counts, np.int64)


def _chi_squared(counts: NDArray[np.int64]) -> float:
    filled = counts[:, counts.sum(axis=0) > 0]
    return float(chi2_contingency(filled).pvalue) if filled.shape[1] > 1 else 1.0


def _stability_index(counts: NDArray[np.int64]) -> float:
    """Population stability index (Yurdakul, 2018): the sum of (a - b) ln(a / b) over the shares a and b of each bin.

    Half a row is added to each bin, so that an empty one has a share.
    """
    filled = counts[:, counts.sum(axis=0) > 0] + 0.5
    own, held_out = filled / filled.sum(axis=1, keepdims=True)
    return float(np.sum((own - held_out) * np.log(own / held_out)))
