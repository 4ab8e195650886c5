"""Column summaries: the values of a column in words, whatever file or bucket they come from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.formats.commands import option
from shared.formats.dates import ISO, date_text
from shared.formats.numbers import number_format
from shared.formats.row_errors import shortened
from shared.tables.encoding import encode
from shared.tables.table import Table

SHOWN_VALUES: Final = 4
FEW_NUMBERS: Final = 10  # a column of fewer different numbers holds counts or codes
MOST_ZEROS: Final = 0.6


@dataclass(frozen=True)
class ColumnSummary:
    """A column's values in words, and whether its zeros look like missing values."""

    column: Column
    text: str
    zeros: bool = False


def summarize(column: Column, tables: Sequence[Table]) -> ColumnSummary:
    """The values of a column in some tables, which all have it, in words."""
    if not column.is_feature:
        return ColumnSummary(column, column.why)
    encoding, matrices = encode(tables, [column])
    values = np.concatenate([matrix[:, 0] for matrix in matrices])
    present = values[~np.isnan(values)]
    parts = [_values(column, present, encoding.vocabularies[0] or ()), _gaps(len(values) - len(present), len(values))]
    zeros = column.kind == "number" and zeros_look_missing(present)
    return ColumnSummary(column, "; ".join(part for part in parts if part), zeros)


def _values(column: Column, present: NDArray[np.float64], vocabulary: Sequence[str]) -> str:
    if not len(present):
        return "no value"
    if column.kind == "category":
        counts = Counter(present.astype(int).tolist())
        texts = [vocabulary[index] for index, _ in counts.most_common()]
        return examples(texts) if len(texts) <= SHOWN_VALUES else f"{len(texts)} texts: {examples(texts)}"
    if column.kind == "boolean":
        return f"{np.mean(present):.0%} true"
    low, high = float(present.min()), float(present.max())
    if column.kind == "date":
        way = "" if column.date_format == ISO else f"{column.date_format}, "
        return f"{way}{date_text(low, column.date_format)} to {date_text(high, column.date_format)}"
    unit = f" {number_format(column.number_format).unit}".rstrip() if column.number_format else ""
    return (f"{low:g} to {high:g}" if low < high else f"always {low:g}") + unit


def _gaps(gone: int, rows: int) -> str:
    """The share of missing values; a few are never rounded to nothing."""
    return f"{max(gone / rows, 0.001):.{1 if gone < 0.1 * rows else 0}%} missing" if gone else ""


def examples(values: Sequence[str]) -> str:
    """The first of some values, shortened."""
    quoted = [shortened(value, 20) for value in values[:SHOWN_VALUES]]
    shown = ", ".join(value if "," in value else value[1:-1] for value in quoted)
    return shown + (", ..." if len(values) > SHOWN_VALUES else "")


def zeros_look_missing(present: NDArray[np.float64]) -> bool:
    """Whether zero is far from all other values, which are many and positive, as a blood pressure of 0 is."""
    zeros = np.count_nonzero(present == 0)
    distinct = np.unique(present[present != 0])
    if not 0 < zeros <= MOST_ZEROS * len(present) or len(distinct) < FEW_NUMBERS or distinct[0] <= 0:
        return False
    step = float(np.median(np.diff(distinct)))
    return bool(distinct[0] >= 5 * step and distinct[0] >= 0.1 * np.median(present[present != 0]))


def hint_at_zeros(columns: Sequence[ColumnSummary]) -> str | None:
    """What to type where zeros look like missing values; None where none do."""
    names = [summary.column.name for summary in columns if summary.zeros and "0" not in summary.column.missing]
    if not names:
        return None
    options = " ".join(option("--missing", f"{name}=0") for name in names)
    return f"a 0 in {', '.join(names)} looks like a missing value, as all others are far from it: add {options}"
