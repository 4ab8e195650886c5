"""Columns that name a row and say nothing about it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ID_ROWS: Final = 20  # with fewer rows a column of distinct whole numbers says nothing


def is_id(values: NDArray[np.float64]) -> bool:
    """Whether each of the rows (rows,) has a whole number of its own, as an id has."""
    if len(values) < ID_ROWS or np.isnan(values).any() or not np.all(values == np.floor(values)):
        return False
    return len(np.unique(values)) == len(values)


def counts_rows(values: NDArray[np.float64]) -> bool:
    """Whether an id leaves out less than every other number, as one that counts the rows does."""
    return is_id(values) and float(np.ptp(values)) < 2 * len(values)
