"""The bins of a feature: what each row's value is cut into once, so that its rows need not be sorted again."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

MAX_BINS: Final = 1_024
ROWS_OF_A_BIN: Final = 16

Values = NDArray[np.float32]


@cache
def smallest_gap() -> np.float32:
    """How far apart scikit-learn wants two neighbouring values to be split.

    Its source says 1e-7, but what is compiled has 0 (scikit-learn's pull request 32259), so it is tried out.
    """
    pair = np.array([[1.0], [np.nextafter(np.float32(1), np.float32(2))]], np.float32)
    return np.float32(0 if DecisionTreeClassifier(max_depth=1).fit(pair, [0, 1]).tree_.node_count > 1 else 1e-7)


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of a feature, each (bins,): its least and greatest value, and how many rows are before it.

    `starts_split` says whether scikit-learn may split before it. The greatest value has a bin of its own, and so has
    every value where there are few.
    """

    low: Values
    high: Values
    first: NDArray[np.int64]
    starts_split: NDArray[np.bool_]

    @classmethod
    def of(cls, values: Values) -> "Bins":
        """Bins of about the same number of rows."""
        ordered = np.sort(values)
        starts = np.append(0, np.flatnonzero(ordered[1:] > ordered[:-1]) + 1)
        wanted = min(MAX_BINS, max(2, len(values) // ROWS_OF_A_BIN))
        if len(starts) > wanted:
            places = np.linspace(0, len(values), wanted, endpoint=False).astype(np.int64)
            starts = np.unique(np.append(starts[np.searchsorted(starts, places, "right") - 1], starts[-1]))
        low, high = ordered[starts], ordered[np.append(starts[1:], len(values)) - 1]
        return cls(low, high, starts, np.append(False, low[1:] > high[:-1] + smallest_gap()))

    def cells(self, values: Values, codes: NDArray[np.int8], classes: int) -> NDArray[np.uint16]:
        """The bin and the class of each row (rows,) as one number."""
        cells = (np.searchsorted(self.low, values, "right") - 1).astype(np.uint16)
        cells *= np.uint16(classes)
        cells += codes.astype(np.uint16)
        return cells


def are_apart(values: Values) -> NDArray[np.bool_]:
    """Whether scikit-learn may split between each value and the next, in float32 as it computes."""
    return values[1:] > values[:-1] + smallest_gap()
