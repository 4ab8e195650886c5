"""Rows are numbered alike by hashes and by comparing all of them, also where hashes are the same by bad luck."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.tables import row_hashes
from shared.tables.row_hashes import Column, number_rows
from shared.tables.row_hashes import row_hashes as own_hashes

CELLS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, np.nextafter(1.0, 2.0), float("nan"), -float("nan")])
TABLES = st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1))


def columns_of(values: NDArray[np.float64]) -> list[Column]:
    """The columns in two pieces."""
    cut = len(values) // 3
    return [(column[:cut], column[cut:]) for column in values.T]


def plainly(values: NDArray[np.float64]) -> list[int]:
    frame = pd.DataFrame(values)
    found: list[int] = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().tolist()
    return found


def as_they_come(numbers: NDArray[np.int64]) -> list[int]:
    """The numbers in the order in which they come first."""
    return pd.factorize(numbers)[0].tolist()


HASHES: dict[str, Callable[[list[Column]], NDArray[np.uint64]]] = {
    "as they are": own_hashes,
    "all the same": lambda columns: np.zeros(sum(map(len, columns[0])), np.uint64),
    "two of them": lambda columns: own_hashes(columns) % np.uint64(2),
    "seven of them": lambda columns: own_hashes(columns) % np.uint64(7),
}


@pytest.mark.parametrize("hashes", HASHES.values(), ids=HASHES)
def test_numbers_are_those_of_a_plain_comparison(
    hashes: Callable[[list[Column]], NDArray[np.uint64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_hashes, "row_hashes", hashes)

    @given(TABLES)
    def check(rows: list[list[float]]) -> None:
        values = np.array(rows)
        numbers = number_rows(columns_of(values))
        assert as_they_come(numbers) == plainly(values)
        assert sorted(set(numbers.tolist())) == list(range(numbers.max() + 1))

    check()


def test_many_rows_have_different_hashes() -> None:
    values = np.random.default_rng(1).integers(0, 1_000, (200_000, 3)).astype(float)
    distinct = len(np.unique(values, axis=0))
    assert len(np.unique(own_hashes(columns_of(values)))) == distinct


def test_no_rows() -> None:
    assert number_rows(columns_of(np.empty((0, 2)))).tolist() == []
