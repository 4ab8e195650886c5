import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cli.scaffolding.split import split

CODES = np.array([0] * 100 + [1] * 60 + [2] * 8, np.int32)


def cut(
    groups: NDArray[np.int64], codes: NDArray[np.int32], share: float = 0.25, slots: int = 3, seed: int = 42
) -> list[NDArray[np.int64]]:
    test, parts = split(groups, codes, test_share=share, slots=slots, seed=seed)
    return [test, *parts]


@given(
    rows=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=60),
    share=st.floats(0.01, 0.99),
    slots=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_parts_are_a_partition_and_groups_stay_together(
    rows: list[tuple[int, int]], share: float, slots: int, seed: int
) -> None:
    groups, codes = np.array(rows, np.int64).T
    parts = cut(groups, codes.astype(np.int32), share, slots, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    where = [set(groups[part].tolist()) for part in parts]
    assert sum(map(len, where)) == len(set.union(*where))


def test_every_class_is_split_alike() -> None:
    parts = cut(np.arange(len(CODES)), CODES)
    assert [np.bincount(CODES[part], minlength=3).tolist() for part in parts] == [
        [25, 15, 2],
        [25, 15, 2],
        [25, 15, 2],
        [25, 15, 2],
    ]


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_every_class_with_two_groups_is_tested_and_in_the_first_slot(share: float) -> None:
    test, first, *_ = cut(np.arange(len(CODES)), CODES, share)
    assert set(CODES[test]) == set(CODES[first]) == {0, 1, 2}


def test_a_class_of_one_group_is_trained_on() -> None:
    test, *slots = cut(np.array([0, 1, 2, 3, 9, 9]), np.array([0, 0, 0, 0, 1, 1], np.int32), slots=2)
    assert 1 not in np.array([0, 0, 0, 0, 1, 1])[test]
    assert {4, 5} <= set(slots[0].tolist())


def test_the_seed_decides() -> None:
    groups = np.arange(len(CODES))
    once, again, other = (cut(groups, CODES, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one, two) for one, two in zip(once, again, strict=True))
    assert not np.array_equal(once[0], other[0])
