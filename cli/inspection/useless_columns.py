"""Useless columns: ids, constants and empty ones, and why each cannot help a model."""

import re
from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cli.inspection.column_summary import examples
from shared.formats.commands import option
from shared.tables.id_columns import is_id
from shared.tables.schema import FEW_VALUES
from shared.tables.table import Table, Vocabulary

ID_NAME: Final = re.compile(
    r"(?i:id|index|idx|uuid|guid|rowid|unnamed(:[ _]?\d+)?|.*[ _.-](id|uuid|guid))|.*[a-z]I[Dd]"
)
UUIDS: Final = "UUIDs, which name a row and say nothing about it"
_UUID: Final = re.compile(r"(?i)\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?")


def useless(table: Table, use: Collection[str]) -> dict[str, str]:
    """Why columns of a table cannot help a model, those in `use` excepted."""
    rows = pd.DataFrame(table.values).drop_duplicates().to_numpy()  # a row that is there twice has its id twice
    columns = zip(table.features, rows.T, table.vocabularies, strict=True)
    reasons = {name: _why(name, values, vocabulary) for name, values, vocabulary in columns if name not in use}
    return {name: reason for name, reason in reasons.items() if reason}


def _why(name: str, values: NDArray[np.float64], vocabulary: Vocabulary) -> str | None:
    distinct = np.unique(values)  # every NaN is one
    if np.isnan(distinct).all():
        return "no value in any row"
    if len(distinct) == 1:
        return f"the same value in every row ({_only(distinct[0], vocabulary)})"
    if ID_NAME.fullmatch(name) and (vocabulary is None or len(vocabulary) > FEW_VALUES):
        return f"its name says that it is an id; if it is not an id, add {option('--use', name)}"
    if vocabulary is not None:
        return UUIDS if all(map(_UUID.fullmatch, vocabulary)) else None
    if is_id(values):
        return f"a different whole number in every row, as an id has; if it is not an id, add {option('--use', name)}"
    return None


def _only(value: float, vocabulary: Vocabulary) -> str:
    return f"{value:g}" if vocabulary is None else examples(vocabulary)
