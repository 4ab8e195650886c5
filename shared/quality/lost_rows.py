"""Rows that were uploaded and are not trained on, because they repeat others or are in the test set: worth a look."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from shared.bucket.inventory import Source
from shared.settings import Duplicates
from shared.tables.dataset import Dataset
from shared.tables.encoding import encode
from shared.tables.held_out import Reference
from shared.tables.row_counts import same_rows
from shared.tables.table import Table

MOSTLY: Final = 0.5
SHOWN_SLOTS: Final = 5

_WAYS_OUT: Final[dict[Duplicates, str]] = {
    "union": "; if no two uploads overlap, set VINTNER_DUPLICATES=sum",
    "sum": "",
    "distinct": "; if rows repeat by nature, as in a survey, set VINTNER_DUPLICATES=union",
}


def lost_rows(dataset: Dataset, sources: Sequence[Source], duplicates: Duplicates) -> list[str]:
    """Which uploads, and whether most rows of all, are lost; `sources` are the slots in the dataset's order."""
    return [*lost_of_all(dataset, duplicates), *_overlapping(dataset, sources, duplicates)]


def lost_of_all(dataset: Dataset, duplicates: Duplicates) -> Iterator[str]:
    """Whether most rows of all uploads together are not trained on."""
    rows, used = sum(dataset.rows), sum(own or 0 for own in dataset.used)
    if used < (1 - MOSTLY) * rows:
        yield (
            f"{used:,} of {rows:,} rows are trained on: {dataset.duplicates:,} repeat other rows of the "
            f"slots, {dataset.in_test_set:,} are in the test set{_WAYS_OUT[duplicates]}"
        )


def _overlapping(dataset: Dataset, sources: Sequence[Source], duplicates: Duplicates) -> Iterator[str]:
    """Slots most of whose rows other uploads have as well, but for copies of a whole upload."""
    if duplicates != "union":
        return
    names = []
    seen: set[str] = set()
    for source, rows, repeated in zip(sources, dataset.rows, dataset.repeated, strict=True):
        if source.slot not in seen and repeated > MOSTLY * rows:
            names.append(f"{repeated:,} of {rows:,} rows of {source.upload.key} are also in earlier uploads")
        seen.add(source.slot)
    way_out = "; if they are new observations, set VINTNER_DUPLICATES=sum"
    yield from (name + way_out for name in names[:SHOWN_SLOTS])
    if len(names) > SHOWN_SLOTS:
        yield f"and {len(names) - SHOWN_SLOTS} more slots most of whose rows are also in earlier uploads{way_out}"


def is_copy_of_a_test_upload(table: Table, reference: Reference) -> bool:
    """Whether a slot has just the rows of a test upload, in any order: where nothing is subtracted, it trains them."""
    labels = sorted({label for own in (table, *reference.tests) for label in own.labels})
    _, matrices = encode([table, *reference.tests], reference.schema.features)
    codes = [np.array([labels.index(label) for label in own.labels])[own.codes] for own in (table, *reference.tests)]
    groups = same_rows(np.column_stack([np.concatenate(matrices), np.concatenate(codes)]))
    own, *tests = np.split(groups, np.cumsum([len(rows) for rows in matrices])[:-1])
    return any(np.array_equal(np.sort(own), np.sort(test)) for test in tests)
