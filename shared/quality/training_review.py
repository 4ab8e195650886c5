"""Review of a training set: what a person should know of the rows behind a candidate.

Where the checks of a slot compare it with the test set alone, the review compares the slots with each other. It informs
and decides nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, false_discovery_control

from shared.formats.row_errors import listed
from shared.quality.slot_checks import BINS, ENOUGH_ROWS, LARGE_SHIFT, SAMPLED_ROWS, SIGNIFICANCE, stability_index
from shared.tables.dataset import Dataset
from shared.tables.row_counts import same_rows

SHOWN_SLOTS: Final = 20


def review(dataset: Dataset, slots: Sequence[str]) -> list[str]:
    """What is worth a look; `slots` names the slots in the dataset's order."""
    schema = dataset.schema
    return [
        *(f"column {column.name} is not used: {column.why}" for column in schema.columns if not column.is_feature),
        *(f"column {column.name}: {column.why}" for column in schema.features if column.kind == "date" and column.why),
        *_untrained_classes(dataset),
        *_label_noise(dataset, slots),
        *_drifted_slots(dataset, slots),
    ]


def _untrained_classes(dataset: Dataset) -> Iterator[str]:
    untrained = np.setdiff1d(dataset.test.codes, dataset.train.codes)
    if len(untrained):
        names = [str(dataset.classes[code]) for code in untrained]
        yield f"classes of the test set that no slot has, so that they are never predicted: {listed(names)}"


def _label_noise(dataset: Dataset, slots: Sequence[str]) -> Iterator[str]:
    """Rows with the features of another row and another label."""
    groups = same_rows(dataset.train.values)
    labels = np.unique(np.column_stack([groups, dataset.train.codes]), axis=0)[:, 0]
    noisy = (np.bincount(labels) > 1)[groups] if len(groups) else np.zeros(0, bool)
    if noisy.any():
        by_slot = np.bincount(dataset.origin[noisy], minlength=len(slots))
        worst = int(by_slot.argmax())
        yield (
            f"{np.count_nonzero(noisy)} of {len(noisy)} training rows have the features of another row and a different "
            f"label, most of them ({by_slot[worst]}) in {slots[worst]}"
        )


def _drifted_slots(dataset: Dataset, slots: Sequence[str]) -> Iterator[str]:
    """Slots in which features have a different distribution from the other slots together."""
    rows = np.bincount(dataset.origin, minlength=len(slots))
    enough = np.flatnonzero((rows >= ENOUGH_ROWS) & (rows.sum() - rows >= ENOUGH_ROWS))
    if not len(enough):
        return
    compared = [_against_the_others(_binned(column), dataset.origin, len(slots)) for column in dataset.train.values.T]
    p_values = np.array([p_value[enough] for p_value, _ in compared])  # (features, slots)
    shifts = np.array([shift[enough] for _, shift in compared])
    adjusted = false_discovery_control(p_values.ravel()).reshape(p_values.shape)  # Benjamini and Hochberg, 1995
    # A slot far off also sets the others apart from "the others": of a feature only the farthest ones are reported.
    farthest = shifts >= shifts.max(axis=1, keepdims=True) / 2
    drifted = (adjusted < SIGNIFICANCE) & (shifts >= LARGE_SHIFT) & farthest
    odd_slots = np.flatnonzero(drifted.any(axis=0))
    for slot in odd_slots[:SHOWN_SLOTS]:
        features = [dataset.features[feature] for feature in np.flatnonzero(drifted[:, slot])]
        index = shifts[:, slot].max()
        yield (
            f"{slots[enough[slot]]}: a different distribution from the other slots: {listed(features)} "
            f"(population stability index up to {index:.2f})"
        )
    if len(odd_slots) > SHOWN_SLOTS:
        yield f"and {len(odd_slots) - SHOWN_SLOTS} more slots with such features"


def _binned(column: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value (rows,): between deciles, or each value its own where there are few; missing ones last."""
    present = column[~np.isnan(column)]
    sample = present[:: max(1, len(present) // SAMPLED_ROWS)]
    edges = np.unique(sample)
    if len(edges) > BINS:
        edges = np.unique(np.quantile(sample, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column, side="left"))


def _against_the_others(
    bins: NDArray[np.int64], origin: NDArray[np.int32], slots: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """p-value of the chi-squared test, and population stability index, of each slot (slots,) against the others."""
    width = int(bins.max()) + 1
    counts = np.bincount(origin * width + bins, minlength=slots * width).reshape(slots, width)
    own = counts[:, counts.sum(axis=0) > 0].astype(np.float64)
    others = own.sum(axis=0) - own
    together, rows = own + others, own.sum(axis=1, keepdims=True)
    expected = rows * together / together.sum(axis=1, keepdims=True)
    expected_others = together - expected
    statistic = np.zeros(slots)
    for observed, wanted in ((own, expected), (others, expected_others)):
        statistic += np.divide((observed - wanted) ** 2, wanted, out=np.zeros_like(own), where=wanted > 0).sum(axis=1)
    p_values = chi2.sf(statistic, max(1, own.shape[1] - 1))
    return np.asarray(p_values), stability_index(own, others)
