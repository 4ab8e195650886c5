"""Checks of a slot against the test set: what deserves a look before one wonders about a score.

All of it is a pure function of the slot, the test set and the schema, so that the order of arrival decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, false_discovery_control, ks_2samp

from shared.formats.columns import Column
from shared.formats.labels import nearest
from shared.formats.row_errors import BadTable, Reason, listed
from shared.tables.dataset import misfit
from shared.tables.encoding import encode
from shared.tables.held_out import Reference
from shared.tables.row_counts import same_rows
from shared.tables.table import Table, Vocabulary

SIGNIFICANCE: Final = 0.01
LARGE_SHIFT: Final = 0.25  # of the population stability index
ENOUGH_ROWS: Final = 30  # with fewer rows a distribution says nothing
SAMPLED_ROWS: Final = 20_000
RARE: Final = 10  # categories with fewer rows are counted together
BINS: Final = 10


@dataclass(frozen=True)
class Drift:
    """A feature whose distribution in a slot differs from that in the test set.

    `p_value` is adjusted for the number of features; `stability_index` is the population stability index.
    """

    feature: str
    test: str
    p_value: float
    stability_index: float

    def __str__(self) -> str:
        return (
            f"column {self.feature} has a different distribution from the test set "
            f"({self.test}, adjusted p = {self.p_value:.2g}; population stability index {self.stability_index:.2f})"
        )


@dataclass(frozen=True)
class Findings:
    """What the checks of a slot found."""

    warnings: tuple[str, ...]
    drift: tuple[Drift, ...]

    def drift_document(self) -> dict[str, Any]:
        """The drift as a receipt has it: by feature."""
        return {
            drift.feature: {"test": drift.test, "p_value": drift.p_value, "psi": drift.stability_index}
            for drift in self.drift
        }


def check(table: Table, reference: Reference) -> Findings:
    """Compare a slot with the test set; raise BadTable when it lacks a feature."""
    features = reference.schema.features
    if problem := misfit(table.features, [column.name for column in features]):
        raise BadTable([Reason(problem, line=1)])
    encoding, (own, *tests) = encode([table, *reference.tests], features)
    held_out = np.concatenate(tests)
    samples = [
        _Sample(column, own[:, position], held_out[:, position], vocabulary)
        for position, (column, vocabulary) in enumerate(zip(features, encoding.vocabularies, strict=True))
    ]
    drift = tuple(_drift(samples))
    notes = [
        *_other_columns(table, reference),
        *(note for sample in samples for note in _values_apart(sample)),
        *_labels_apart(table, reference),
        *_label_noise(table, reference, np.concatenate([own, held_out])),
        *map(str, drift),
    ]
    return Findings(tuple(notes), drift)


@dataclass(frozen=True, eq=False)
class _Sample:
    """A feature's values in the slot and in the test set, as one encoding has them."""

    column: Column
    own: NDArray[np.float64]
    held_out: NDArray[np.float64]
    vocabulary: Vocabulary


def _other_columns(table: Table, reference: Reference) -> list[str]:
    extra = [name for name in table.features if name not in reference.columns]
    return [f"columns that the test set lacks are not used: {listed(extra)}"] if extra else []


def _values_apart(sample: _Sample) -> list[str]:
    """Categories that the test set lacks, or numbers far outside of its range."""
    column = sample.column
    numbers, range_ = (values[~np.isnan(values)] for values in (sample.own, sample.held_out))
    if sample.vocabulary is not None:
        unknown = [sample.vocabulary[int(index)] for index in np.setdiff1d(numbers, range_)]
        return [f"column {column.name}: categories that the test set lacks: {listed(unknown)}"] if unknown else []
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
    near = {label: match[0] for label in unknown if (match := nearest(label, known))}
    named = [f"{label} (the test set has {near[label]})" if label in near else label for label in unknown]
    return [f"classes that the test set lacks, so that they are trained on and never scored: {listed(named)}"]


def _label_noise(table: Table, reference: Reference, values: NDArray[np.float64]) -> list[str]:
    """Rows with the features of another row and another label; `values` are those of the slot, then the test set."""
    labels = np.concatenate([np.array(one.labels, object)[one.codes] for one in (table, *reference.tests)])
    groups = same_rows(values)
    pairs = np.unique(np.column_stack([groups, np.unique(labels.astype(str), return_inverse=True)[1]]), axis=0)
    several = np.bincount(pairs[:, 0]) > 1
    noisy = int(np.count_nonzero(several[groups[: len(table)]]))
    if not noisy:
        return []
    return [
        f"{noisy} of {len(table)} rows have the features of another row, here or in the test set, and another label"
    ]


def _drift(samples: Sequence[_Sample]) -> list[Drift]:
    """The features that drifted.

    By a two-sample test, corrected for their number, and by more than a negligible amount (PSI >= 0.25).
    """
    enough = [sample for sample in samples if min(len(sample.own), len(sample.held_out)) >= ENOUGH_ROWS]
    counts = [_counts(sample) for sample in enough]
    indices = [float(stability_index(*rows[:, rows.sum(axis=0) > 0])) for rows in counts]
    if max(indices, default=0.0) < LARGE_SHIFT:
        return []  # whatever the tests would say; they take most of the time of reading a small slot
    tested = [_tested(sample, rows) for sample, rows in zip(enough, counts, strict=True)]
    adjusted = false_discovery_control([p_value for _, p_value in tested])  # Benjamini and Hochberg, 1995
    return [
        Drift(sample.column.name, test, float(p_value), index)
        for sample, index, (test, _), p_value in zip(enough, indices, tested, adjusted, strict=True)
        if p_value < SIGNIFICANCE and index >= LARGE_SHIFT
    ]


def _counts(sample: _Sample) -> NDArray[np.int64]:
    """Rows (2, bins) of both in each bin."""
    if sample.vocabulary is not None:
        return _category_counts(sample, len(sample.vocabulary))
    return _binned(_sampled(sample.own), _sampled(sample.held_out))


def _tested(sample: _Sample, counts: NDArray[np.int64]) -> tuple[str, float]:
    """The test's name and its p-value."""
    if sample.vocabulary is not None:
        return "chi-squared test", _chi_squared(counts)
    both = _sampled(sample.own), _sampled(sample.held_out)
    gaps = np.array([[np.count_nonzero(missing), np.count_nonzero(~missing)] for missing in map(np.isnan, both)])
    present = [numbers[~np.isnan(numbers)] for numbers in both]
    of_gaps = _chi_squared(gaps)
    of_values = float(ks_2samp(*present, method="asymp").pvalue) if all(map(len, present)) else 1.0
    tests = 1 + bool(gaps[:, 0].any())  # both are tested where there are gaps: Bonferroni's correction
    if of_gaps < of_values:
        return "chi-squared test of missing values", min(1.0, tests * of_gaps)
    return "Kolmogorov-Smirnov test", min(1.0, tests * of_values)


def _sampled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:: max(1, -(-len(values) // SAMPLED_ROWS))]


def _category_counts(sample: _Sample, categories: int) -> NDArray[np.int64]:
    """Rows of each category (2, categories), the missing ones after these, the rare ones together at the end."""
    indices = (
        np.where(np.isnan(values), categories, values).astype(np.int64) for values in (sample.own, sample.held_out)
    )
    counts = np.array([np.bincount(places, minlength=categories + 1) for places in indices], np.int64)
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


def stability_index(own: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """Population stability index (Yurdakul, 2018) of rows in bins, along the last axis.

    The sum of (a - b) ln(a / b) over the shares a and b of each bin. Half a row is added to each bin, so that an empty
    one has a share.
    """
    first, second = ((rows + 0.5) / (rows + 0.5).sum(axis=-1, keepdims=True) for rows in (own, others))
    return np.asarray(np.sum((first - second) * np.log(first / second), axis=-1))
