"""The values of a CSV as pandas reads them: numbers where a column is of numbers, else texts."""

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from shared.formats.columns import Column
from shared.formats.csv_dialect import CsvText
from shared.formats.values import column_name
from shared.ingestion.csv_blocks import ColumnReader
from shared.settings import ReadingSettings

_LEADING_ZERO: Final = re.compile(r'[\n,;\t|"]0[0-9]+[\r\n,;\t|"]')
_SCANNED: Final = 8_000_000
_CHUNKS: Final = 64
_HEAD: Final = 1_000


def parse(
    csv: CsvText, names: list[str], used: list[str], settings: ReadingSettings, columns: Mapping[str, Column]
) -> pd.DataFrame:
    """The used columns, as numbers where all cells of one are plain numbers.

    Columns in which the spelling counts are texts, since pandas would forget it: those of which `columns` says so,
    truth values, codes with leading zeros.
    """
    texts = {column_name(settings.label), *(name for name in used if name in columns and _is_spelled(columns[name]))}
    reader = ColumnReader(csv, names, settings)
    frame = reader.read(used, texts)
    wholes = [name for name in used if name not in texts and name not in columns and _is_whole(frame[name])]
    spelled = [name for name in used if pd.api.types.infer_dtype(frame[name], skipna=True) == "boolean"]
    if wholes and _have_leading_zero(csv.text):
        sample = reader.read(wholes, wholes)
        spelled += [name for name in wholes if sample[name].str.match(r"\s*0[0-9]+\s*$", na=False).any()]
    if spelled := sorted(set(spelled)):
        frame[spelled] = reader.read(spelled, spelled)
    return frame


def _is_spelled(column: Column) -> bool:
    return column.kind in {"category", "date"} or bool(column.number_format)


def _is_whole(column: "pd.Series[Any]") -> bool:
    """Whether a column can be one of codes: of whole numbers, some of which may be missing."""
    if pd.api.types.is_float_dtype(column):
        head = column.head(_HEAD).dropna()
        return bool((head == np.floor(head)).all() and (column.dropna() % 1 == 0).all() and column.notna().any())
    return pd.api.types.is_integer_dtype(column)


def _have_leading_zero(text: str) -> bool:
    """Whether some cell begins with a zero and another digit, as codes do; a long text is sampled at even distances."""
    if len(text) <= _SCANNED:
        return _LEADING_ZERO.search(text) is not None
    step = len(text) // _CHUNKS
    return any(_LEADING_ZERO.search(text, start, start + _SCANNED // _CHUNKS) for start in range(0, len(text), step))
