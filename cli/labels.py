"""Which columns of a CSV may be the label, for a person who has not named it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cli.columns import ID_NAME, MAX_LIKELY_CLASSES, examples
from shared.values import MISSING, as_number

LABEL_NAMES: Final = ("label", "target", "class", "y", "outcome", "species", "diagnosis", "quality", "category")


@dataclass(frozen=True)
class Column:
    """A column as a person chooses a label from it."""

    name: str
    kind: str
    distinct: int
    examples: str
    likely_label: bool


def describe(texts: pd.DataFrame) -> list[Column]:
    """Every column, for a person who has not named the label yet."""
    return [_described(name, Counter(cell.strip() for cell in texts[name]), len(texts)) for name in texts.columns]


def _described(name: str, cells: "Counter[str]", rows: int) -> Column:
    present = [cell for cell in cells if cell not in MISSING]
    kind = "numbers" if all(as_number(cell) is not None for cell in present) else "text"
    likely = len(present) == len(cells) and 2 <= len(present) <= min(MAX_LIKELY_CLASSES, rows // 2)
    likely = likely and not ID_NAME.fullmatch(name)
    return Column(name, kind, len(present), examples(present), likely)


def likely_labels(columns: Sequence[Column]) -> list[Column]:
    """The columns that may be the label, the likeliest first: by name, text before numbers, the last, few values."""
    last = columns[-1].name

    def rank(column: Column) -> tuple[bool, bool, bool, int]:
        return column.name.lower() not in LABEL_NAMES, column.kind != "text", column.name != last, column.distinct

    return sorted((column for column in columns if column.likely_label), key=rank)
