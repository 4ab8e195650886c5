"""Counting on a cluster: which rows of the slots count, by the same rule as in one process.

A first task for each part of the slots names its rows and sorts them into buckets by name; a second one for each bucket
takes the rows of all slots that are in it, and so has all equals of each row. What it marks does not depend on how many
parts, buckets or workers there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.slot_rows import OpenReader, Part, PartRows, names_of, read_part
from shared.formats.columns import Column
from shared.settings import Duplicates
from shared.tables.row_counts import count_rows
from shared.tables.table import Vocabulary, text_places

Names = NDArray[np.uint64]


class Named(NamedTuple):
    """Some rows of a part, each (rows,): number in the part, both halves of the name, label code, slot."""

    row: NDArray[np.int64]
    first: Names
    second: Names
    codes: NDArray[np.int32]
    slot: NDArray[np.int32]


class Sampled(NamedTuple):
    """The rows of a part that are in the sample: numbers in the part, values (rows, features), label codes, slots."""

    row: NDArray[np.int64]
    values: NDArray[np.float64]
    codes: NDArray[np.int32]
    slot: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PartFacts:
    """What the driver hears of a part. `categories` counts the rows of each text, missing ones last; None of numbers.

    `rows` are those of each slot.
    """

    vocabularies: tuple[Vocabulary, ...]
    categories: tuple[NDArray[np.int64] | None, ...]
    labels: tuple[str, ...]
    rows: dict[int, int]
    left_out: dict[int, str]


@dataclass(frozen=True, eq=False)
class Survey:
    """What stays of a part on its worker: its rows by bucket, those of the sample, and the facts."""

    buckets: list[Named]
    sample: Sampled
    facts: PartFacts


@dataclass(frozen=True, eq=False)
class Counted:
    """What was found in a bucket: rows that do not count, by part; counts by slot and class; and of test rows."""

    gone: list[NDArray[np.int64]]
    repeated: dict[int, int]
    tested: dict[int, int]
    classes: NDArray[np.int64]
    used: dict[int, int]
    test_rows: NDArray[np.int64]
    test_in_slots: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Names in the place of values, for `count_rows`: each half as two numbers that float64 holds."""

    names: Sequence[Names]
    codes: NDArray[np.int32]
    values: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        halves = [part for name in self.names for part in (name >> np.uint64(32), name & np.uint64(0xFFFFFFFF))]
        object.__setattr__(self, "values", np.column_stack(halves).astype(np.float64))


def survey(open_reader: OpenReader, part: Part, columns: Sequence[Column], buckets: int, share: float) -> Survey:
    """Name the rows of a part; `share` of all rows are in the sample, chosen by name."""
    rows = read_part(open_reader, part, columns)
    first, second = names_of(rows)
    chosen = np.flatnonzero(second <= np.uint64(min(int(share * 2.0**64), 2**64 - 1)))
    sizes = np.bincount(rows.slot, minlength=1)
    facts = PartFacts(
        rows.vocabularies,
        tuple(map(_frequencies, rows.values.T, rows.vocabularies)),
        rows.labels,
        {position: int(sizes[position]) for position in np.unique(rows.slot).tolist()},
        rows.left_out,
    )
    sample = Sampled(chosen, rows.values[chosen], rows.codes[chosen], rows.slot[chosen])
    return Survey(by_bucket(rows, first, second, buckets), sample, facts)


def by_bucket(rows: PartRows, first: Names, second: Names, buckets: int) -> list[Named]:
    """The names of rows, sorted into buckets; in each the rows stay in order."""
    bucket = ((first >> np.uint64(32)) % np.uint64(buckets)).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    ends = np.searchsorted(bucket[order], np.arange(1, buckets))
    return [Named(own, first[own], second[own], rows.codes[own], rows.slot[own]) for own in np.split(order, ends)]


def _frequencies(column: NDArray[np.float64], vocabulary: Vocabulary) -> NDArray[np.int64] | None:
    if vocabulary is None:
        return None
    return np.bincount(text_places(column, vocabulary), minlength=len(vocabulary) + 1)


def bucket_of(surveyed: Survey, bucket: int) -> Named:
    """The rows of a part in one bucket."""
    return surveyed.buckets[bucket]


def facts_of(surveyed: Survey) -> PartFacts:
    """What the driver is to know."""
    return surveyed.facts


def count(
    parts: Sequence[Named],
    classes: Sequence[NDArray[np.int32]],
    test: Named,
    duplicates: Duplicates,
    number_of_classes: int,
) -> Counted:
    """Mark the rows of a bucket: `parts` in the order of the slots, and the class of each part's label codes.

    `test` are the rows of the test set in the bucket, with classes for codes.
    """
    together = Named(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    codes = np.concatenate([own[part.codes] for own, part in zip(classes, parts, strict=True)])
    part_of_row = np.repeat(np.arange(len(parts)), [len(part.row) for part in parts])
    own = _Labelled((together.first, together.second), codes)
    marked = count_rows(own, together.slot, _Labelled((test.first, test.second), test.codes), duplicates)
    gone = marked.repeated | marked.tested
    return Counted(
        gone=[together.row[gone & (part_of_row == number)] for number in range(len(parts))],
        repeated=_by_slot(together.slot[marked.repeated]),
        tested=_by_slot(together.slot[marked.tested]),
        classes=np.bincount(codes[~gone], minlength=number_of_classes),
        used=_by_slot(together.slot[~gone]),
        test_rows=test.row,
        test_in_slots=marked.test_in_slots,
    )


def _by_slot(slots: NDArray[np.int32]) -> dict[int, int]:
    found, counts = np.unique(slots, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def gone_of(counted: Counted, part: int) -> NDArray[np.int64]:
    """The rows of a part that do not count."""
    return counted.gone[part]


def without_gone(counted: Counted) -> Counted:
    """What the driver is to know of a bucket: all but the rows."""
    return replace(counted, gone=[])


def kept_sample(surveyed: Survey, gone: Sequence[NDArray[np.int64]]) -> Sampled:
    """The sample's rows that count."""
    kept = ~np.isin(surveyed.sample.row, np.concatenate([*gone, np.empty(0, np.int64)]))
    own = surveyed.sample
    return Sampled(own.row[kept], own.values[kept], own.codes[kept], own.slot[kept])
