"""Counting equal rows: which rows of the slots count, and which only repeat others or the test set.

A row of a slot is told from its equals by its number among them: the first one in the slot has number 0, the second 1.
Under ``union`` two rows are the same when values, label and number are: of slots with 3 and 2 of a row the larger
count remains, and a test set with 1 of them takes one away. So the union of multisets, less a multiset, is the union of
sets, less a set, and one numbering of all rows does the counting.
"""

from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.settings import Duplicates
from shared.tables.row_hashes import number_rows


class LabelledRows(Protocol):
    """`values` (rows, features) with NaN for missing, and `codes` (rows,) of the labels."""

    @property
    def values(self) -> NDArray[np.float64]:
        """The features."""
        ...

    @property
    def codes(self) -> NDArray[np.int32]:
        """The labels."""
        ...


class RowCounts(NamedTuple):
    """Marks of rows: training rows (rows,) that repeat others, those that the test set has, and test rows in a slot."""

    repeated: NDArray[np.bool_]
    tested: NDArray[np.bool_]
    test_in_slots: NDArray[np.bool_]


def count_rows(
    train: LabelledRows, slot_of_row: NDArray[np.int32], test: LabelledRows, duplicates: Duplicates
) -> RowCounts:
    """Mark the rows of slots that do not count. A row that repeats others is not marked as the test set's too.

    `slot_of_row`, of shape (training rows,), is the slot of each training row; the earlier row stays.
    """
    rows, tests = len(train.codes), len(test.codes)
    if duplicates == "sum":
        return RowCounts(np.zeros(rows, bool), np.zeros(rows, bool), np.zeros(tests, bool))
    columns = [*zip(test.values.T, train.values.T, strict=True), (test.codes, train.codes)]
    group = number_rows(columns)
    if duplicates == "union":
        group = _with_number_among_equals(group, np.concatenate([np.full(tests, -1), slot_of_row]))
    own, held_out = group[tests:], group[:tests]
    in_train, in_test = np.zeros(rows + tests, bool), np.zeros(rows + tests, bool)
    in_train[own], in_test[held_out] = True, True
    first = np.empty(rows + tests, np.int64)
    first[own[::-1]] = np.arange(rows)[::-1]  # of equal rows the one that is written last: the earliest
    repeated = first[own] != np.arange(rows)
    return RowCounts(repeated, in_test[own] & ~repeated, in_train[held_out])


def new_rows(
    rows: LabelledRows, part: NDArray[np.int64], is_seen: NDArray[np.bool_], duplicates: Duplicates
) -> NDArray[np.bool_]:
    """Mark the rows that are new in their part, by what the seen parts have; a seen row is never new.

    `part`, of shape (rows,), is the upload of each row, and the rows of an upload follow each other; `is_seen` marks
    the rows of the seen ones. Under ``union`` a row is new as often as its part has it oftener than each seen one,
    under ``sum`` always, under ``distinct`` once in its part and where no seen one has it.
    """
    if duplicates == "sum":
        return ~is_seen
    group = number_rows([*((column,) for column in rows.values.T), (rows.codes,)])
    if duplicates == "union":
        group = _with_number_among_equals(group, part)
    seen = np.zeros(group.max(initial=-1) + 1, bool)
    seen[group[is_seen]] = True
    new: NDArray[np.bool_] = ~seen[group] & ~is_seen
    if duplicates == "distinct":
        new &= ~pd.DataFrame({"part": part, "group": group}).duplicated().to_numpy()
    return new


def same_rows(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """A number for each row (rows,), the same for rows of the same values; missing ones are alike.

    Rows are numbered in the order in which they first appear.
    """
    return pd.factorize(number_rows([(column,) for column in values.T]))[0].astype(np.int64)


def _with_number_among_equals(group: NDArray[np.int64], upload: NDArray[np.signedinteger]) -> NDArray[np.int64]:
    """A number for each row (rows,), the same for rows of the same group that have as many equals before them.

    The equals are those of the same upload; the rows of an upload follow each other.
    """
    order = np.argsort(group, kind="stable")
    is_first = np.ones(len(order), bool)
    is_first[1:] = (group[order[1:]] != group[order[:-1]]) | (upload[order[1:]] != upload[order[:-1]])
    if is_first.all():
        return group
    places = np.arange(len(order))
    number = np.empty_like(group)
    number[order] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    found: NDArray[np.int64] = np.unique(group * (number.max() + 1) + number, return_inverse=True)[1]
    return found
