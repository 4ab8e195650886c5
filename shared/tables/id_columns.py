"""Columns that look like ids: a different whole number in every row."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ID_ROWS: Final = 20  # with fewer rows a column of distinct whole numbers says nothing


def looks_like_id(values: NDArray[np.float64]) -> bool:
    """Whether the values, of shape (rows,), are a different whole number in every row, and none is missing."""
    if len(values) < ID_ROWS or np.isnan(values).any() or not np.all(values == np.floor(values)):
        return False
    return len(np.unique(values)) == len(values)


def counts_rows(values: NDArray[np.float64]) -> bool:
    """Whether such an id leaves out less than every other number between its least and its greatest."""
    return looks_like_id(values) and float(np.ptp(values)) < 2 * len(values)
