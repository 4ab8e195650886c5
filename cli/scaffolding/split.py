"""The split of one CSV into a test set and slots."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def split(
    groups: NDArray[np.int64], codes: NDArray[np.int32], *, test_share: float, slots: int, seed: int
) -> tuple[Indices, list[Indices]]:
    """The rows of the test set and of each slot, as ascending row numbers.

    `groups` and `codes`, of shape (rows,), are each row's group and class. The rows of a group stay together, so
    that no row of the test set repeats a training row. Every class is split by itself in the same shares; its first
    training rows are in the first slot, and a class of one group is not tested at all.
    """
    random = np.random.default_rng(seed)
    _, first, group_of_row, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    part = np.zeros(len(first), np.int64)  # of each group: 0 is the test set, 1 the first slot
    class_of_group = codes[first]
    for code in np.unique(class_of_group):
        members = random.permutation(np.flatnonzero(class_of_group == code))
        part[members] = _parts(sizes[members], test_share, slots)
    part_of_row = part[group_of_row]
    return np.flatnonzero(part_of_row == 0), [np.flatnonzero(part_of_row == slot) for slot in range(1, slots + 1)]


def _parts(sizes: NDArray[np.int64], test_share: float, slots: int) -> NDArray[np.int64]:
    """The part of each group of one class, the groups in shuffled order."""
    middles = np.cumsum(sizes) - sizes / 2
    tested = int(np.count_nonzero(middles < test_share * sizes.sum()))
    tested = min(max(tested, 1), len(sizes) - 1)
    trained = sizes[tested:]
    place = (np.cumsum(trained) - trained / 2) / trained.sum()
    parts = np.zeros(len(sizes), np.int64)
    parts[tested:] = 1 + np.floor(place * slots)
    parts[tested] = 1
    return parts
