"""Counting equal rows: which rows of the slots count, and which only repeat others or the test set.

A row of a slot is told from its equals by its number among them: the first one in the slot has number 0, the second 1.
Under ``union`` two rows are the same when values, label and number are: of slots with 3 and 2 of a row the larger
count remains, and a test set with 1 of them takes one away. So the union of multisets, less a multiset, is the union of
sets, less a set, and one grouping of all rows does the counting.
"""

from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.settings import Duplicates


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
    train: LabelledRows, slot_of_row: NDArray[np.int64], test: LabelledRows, duplicates: Duplicates
) -> RowCounts:
    """Mark the rows of slots that do not count. A row that repeats others is not marked as the test set's too.

    `slot_of_row`, of shape (training rows,), is the slot of each training row; the earlier row stays.
    """
    rows, tests = len(train.codes), len(test.codes)
    if duplicates == "sum":
        return RowCounts(np.zeros(rows, bool), np.zeros(rows, bool), np.zeros(tests, bool))
    group = same_rows(
        np.column_stack([np.concatenate([test.values, train.values]), np.concatenate([test.codes, train.codes])])
    )
    if duplicates == "union":
        upload = np.concatenate([np.full(tests, -1), slot_of_row])
        group = same_rows(np.column_stack([group, _number_among_equals(group, upload)]))
    own, held_out = group[tests:], group[:tests]
    repeated = pd.Series(own).duplicated().to_numpy()
    tested = np.isin(own, held_out) & ~repeated
    return RowCounts(repeated, tested, np.isin(held_out, own))


def same_rows(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """A number for each row (rows,), the same for rows of the same values; missing ones are alike."""
    frame = pd.DataFrame(values)
    return frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy().astype(np.int64)


def _number_among_equals(group: NDArray[np.int64], upload: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal rows of the same upload are before each row (rows,)."""
    return pd.Series(group).groupby([group, upload], sort=False).cumcount().to_numpy().astype(np.int64)
