"""Rows as a multiset, with pandas alone: what the project's own counting is held against."""

from collections.abc import Sequence

import pandas as pd


def union_of(slots: Sequence[pd.DataFrame], test: pd.DataFrame | None = None) -> pd.DataFrame:
    """Each row as often as in the slot that has it most often, less its count in the test set."""
    columns = list(slots[0].columns)
    numbered = pd.concat([_numbered(slot[columns]) for slot in slots], ignore_index=True).drop_duplicates()
    if test is not None:
        held_out = _numbered(test[columns])
        numbered = numbered[~pd.concat([held_out, numbered]).duplicated().to_numpy()[len(test) :]]
    return numbered.drop(columns="number")


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Each row with its number among its equals."""
    return frame.assign(number=frame.groupby(list(frame.columns), dropna=False).cumcount())
