"""Equal rows, found by 64-bit hashes and then compared: a column is copied at a time, never the whole table.

The hash mixes the bits of one value after the other (the finalizer of Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", 2014). Different rows of the same hash are a matter of luck; they are found by
comparing each row with the first one of its hash, and numbered one by one.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Column = Sequence[NDArray[np.generic]]
"""A column in pieces, such as that of the test set and that of the slots."""

_MISSING: Final = np.uint64(0x7FF8000000000000)
_MULTIPLIERS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31))
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


def number_rows(columns: Sequence[Column]) -> NDArray[np.int64]:
    """A number for each row (rows,), from 0 and the same for rows of the same values; missing ones are alike.

    The rows are those of all pieces, one piece after the other. All columns have the same pieces; a value is a float64
    or a whole number below 2^53.
    """
    hashes = row_hashes(columns)
    order = np.argsort(hashes, kind="stable")
    is_first = np.ones(len(order), bool)
    is_first[1:] = hashes[order[1:]] != hashes[order[:-1]]
    del hashes
    groups = np.cumsum(is_first) - 1
    numbers = np.empty_like(groups)
    numbers[order] = groups
    repeats = order[~is_first]
    others = _unlike(columns, repeats, order[is_first][groups[~is_first]])
    if others.any():
        _number_one_by_one(columns, numbers, np.isin(numbers, numbers[repeats[others]]))
    return numbers


def row_hashes(columns: Sequence[Column]) -> NDArray[np.uint64]:
    """A hash of the values of each row (rows,)."""
    hashes = np.zeros(sum(map(len, columns[0])), np.uint64)
    for column in columns:
        hashes += _STEP
        hashes ^= _bits(column)
        for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
            hashes ^= hashes >> shift
            hashes *= multiplier
        hashes ^= hashes >> _SHIFTS[-1]
    return hashes


def _bits(column: Column) -> NDArray[np.uint64]:
    """What stands for each value (rows,): its bits, the same for 0.0 and -0.0 and for all that is missing."""
    values = np.concatenate([piece.astype(np.float64) for piece in column])
    values += 0.0
    bits = values.view(np.uint64)
    bits[np.isnan(values)] = _MISSING
    return bits


def _unlike(columns: Sequence[Column], rows: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether rows differ from the first ones of their hashes."""
    unlike = np.zeros(len(rows), bool)
    if len(rows):
        for column in columns:
            bits = _bits(column)
            unlike |= bits[rows] != bits[firsts]
    return unlike


def _number_one_by_one(columns: Sequence[Column], numbers: NDArray[np.int64], rows: NDArray[np.bool_]) -> None:
    """Give some rows new numbers, by their values alone."""
    frame = pd.DataFrame({position: _bits(column)[rows] for position, column in enumerate(columns)})
    groups = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
    numbers[rows] = groups + numbers.max() + 1
    numbers[:] = np.unique(numbers, return_inverse=True)[1]
