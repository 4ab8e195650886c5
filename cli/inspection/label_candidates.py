"""The columns that may be the label, for a person who has not named it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cli.inspection.column_summary import examples
from cli.inspection.csv_file import Source
from cli.inspection.inspect import NO_HEADER
from cli.inspection.useless_columns import ID_NAME
from shared.errors import VintnerError
from shared.formats.values import MISSING, UNLABELLED, category_text
from shared.ingestion.csv_structure import looks_like_values
from shared.tables.schema import column_of_texts

MAX_LIKELY_CLASSES: Final = 20
LABEL_NAMES: Final = ("label", "target", "class", "y", "outcome", "species", "diagnosis", "quality", "category")


@dataclass(frozen=True)
class LabelCandidate:
    """A column as a person chooses a label from it."""

    name: str
    kind: str
    distinct: int
    examples: str
    likely_label: bool


def label_candidates(source: Source) -> list[LabelCandidate]:
    """Every column, for a person who has not named the label yet; raise VintnerError when there is no header line."""
    if looks_like_values(source.cells):
        raise VintnerError(f"expected the names of the columns, found {examples(source.spelled)}: {NO_HEADER}")
    records = source.records()
    columns = zip(source.spelled, zip(*records, strict=True), strict=True) if records else ()
    return [_candidate(name, cells, source.text.decimal) for name, cells in columns if name]


def _candidate(name: str, cells: Sequence[str], decimal: str) -> LabelCandidate:
    present = Counter(category_text(cell, decimal) for cell in cells if cell.strip() not in MISSING)
    kind = column_of_texts(name, present, present.total()).kind
    labels = {cell.strip() for cell in cells}
    likely = labels.isdisjoint(UNLABELLED) and 2 <= len(labels) <= min(MAX_LIKELY_CLASSES, len(cells) // 2)
    likely = likely and not ID_NAME.fullmatch(name)
    return LabelCandidate(name, kind, len(present), examples([text for text, _ in present.most_common()]), likely)


def likely_labels(columns: Sequence[LabelCandidate]) -> list[LabelCandidate]:
    """The columns that may be the label, the likeliest first: by name, texts before numbers, the last, few values."""
    last = columns[-1].name if columns else ""

    def rank(column: LabelCandidate) -> tuple[bool, bool, bool, int]:
        return column.name.lower() not in LABEL_NAMES, column.kind == "number", column.name != last, column.distinct

    return sorted((column for column in columns if column.likely_label), key=rank)
