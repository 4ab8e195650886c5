"""The schema: what each column is, fixed by the current test set and by what a person says of it.

It is a pure function of the test uploads' rows and of the override `data/schema.json`. No slot has a say in it, so no
slot can turn a column of numbers into text, and the order of arrival decides nothing.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from shared.documents import FORMAT, Document, digest
from shared.errors import Rejected
from shared.formats.columns import KINDS, Column
from shared.formats.row_errors import listed
from shared.formats.values import (
    DATE_FORMATS,
    ISO,
    TRUTH_PAIRS,
    as_days,
    as_number,
    category_text,
    column_name,
    number_text,
)
from shared.tables.table import Table

MAX_VOCABULARY: Final = 1_000
FEW_VALUES: Final = 20  # a text column with no more is one of categories, however few rows there are
HARDLY_REPEATS: Final = 0.75  # different texts for each row: a small test set shows few of the repetitions
CHECKED_DATES: Final = 1_000


@dataclass(frozen=True)
class Override:
    """What a person says of columns. It wins over what the test set would say."""

    columns: dict[str, Column] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes, key: str) -> "Override":
        """Read `data/schema.json`; raise Rejected with what was expected."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Rejected(f"{key}: expected a JSON document, found {body[:40]!r} ({error})") from None
        if not isinstance(document, dict) or document.get("format", FORMAT) != FORMAT:
            raise Rejected(f'{key}: expected an object with "format": {FORMAT}, found {document!r:.80}')
        columns = document.get("columns")
        if not isinstance(columns, dict):
            raise Rejected(f'{key}: expected "columns": {{name: kind}}, found {columns!r}')
        parsed = [_column(key, name, value) for name, value in columns.items()]
        names = [column.name for column in parsed]
        if twice := [name for name in names if names.count(name) > 1]:
            raise Rejected(f"{key}: expected each column once, found {twice[0]!r} in two spellings")
        return cls({column.name: column for column in parsed})

    def as_document(self) -> Document:
        """The override as it is uploaded."""
        return {"columns": {name: column.as_document() for name, column in sorted(self.columns.items())}}

    @property
    def fingerprint(self) -> str:
        """The name of what it says, as 32 hexadecimal digits."""
        return digest(self.as_document())[:32]


def _column(key: str, name: str, value: Any) -> Column:  # noqa: ANN401  (any JSON value)
    """A column as a person writes it: its kind, or an object with its kind and more."""
    fields = {"kind": value} if isinstance(value, str) else value
    place = f"{key}, column {name!r}"
    if not isinstance(fields, dict) or fields.get("kind") not in KINDS:
        found = fields.get("kind") if isinstance(fields, dict) else fields
        raise Rejected(f"{place}: expected a kind ({', '.join(KINDS)}), found {found!r}")
    if unknown := sorted(set(fields) - {"kind", "format", "missing"}):
        raise Rejected(f"{place}: expected only kind, format and missing, found {unknown[0]!r}")
    if "format" in fields and fields["kind"] != "date":
        raise Rejected(f"{place}: expected a format for a date alone, found one for kind {fields['kind']!r}")
    missing = fields.get("missing", [])
    if not isinstance(missing, list) or not all(isinstance(spelling, str | int | float) for spelling in missing):
        raise Rejected(f"{place}: expected a list of texts that mean a missing value, found {missing!r}")
    spellings = tuple(sorted({_missing(spelling) for spelling in missing}))
    return Column(column_name(name), fields["kind"], _format(place, fields.get("format", ISO)), spellings)


def _missing(value: str | float) -> str:
    return category_text(value) if isinstance(value, str) else number_text(float(value))


def _format(place: str, value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """A format of dates that reads what it writes, and distinguishes years."""
    dates = (datetime(2024, 11, 2), datetime(2023, 11, 2))  # noqa: DTZ001  (a format without a zone is allowed)
    try:
        if value == ISO or len({as_days(date.strftime(value), value) for date in dates} - {None}) == len(dates):
            return str(value)
    except (ValueError, TypeError):
        pass
    raise Rejected(f"{place}: expected a format of dates such as {ISO} or %d/%m/%Y, found {value!r}")


@dataclass(frozen=True)
class Schema:
    """Every column of the test set but the label and the ignored ones, in its order."""

    columns: tuple[Column, ...]

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns that are features."""
        return tuple(column for column in self.columns if column.is_feature)

    def as_document(self) -> list[Document]:
        """The schema as documents have it."""
        return [
            {"name": column.name, **column.as_document(), **({"why": column.why} if column.why else {})}
            for column in self.columns
        ]


def infer_schema(tests: Sequence[Table], override: Override | None = None) -> Schema:
    """The schema of the test uploads; raise Rejected when they do not fit each other or no feature is left."""
    names = tests[0].features
    for table in tests[1:]:
        if absent := [name for name in names if name not in table.features]:
            raise Rejected(
                "the test uploads have different columns: expected all of them to have those of the first, "
                f"no column {listed(absent)}; upload them with the same columns"
            )
    said = override.columns if override else {}
    if unknown := sorted(said.keys() - set(names)):
        raise Rejected(f"data/schema.json names columns that the test set lacks: {listed(unknown)}; correct it")
    columns = tuple(
        replace(said[name], why="data/schema.json") if name in said else infer_column(name, tests) for name in names
    )
    schema = Schema(columns)
    if not schema.features:
        why = "; ".join(f"{column.name}: {column.why}" for column in columns)
        raise Rejected(f"expected at least one column that can be a feature, found none ({why})")
    return schema


def infer_column(name: str, tests: Sequence[Table]) -> Column:
    """What the rows of the test uploads say of a column."""
    positions = [table.features.index(name) for table in tests]
    vocabularies = [table.vocabularies[position] for table, position in zip(tests, positions, strict=True)]
    if all(vocabulary is None for vocabulary in vocabularies):
        return Column(name)
    columns = [table.values[:, position] for table, position in zip(tests, positions, strict=True)]
    texts: set[str] = set()
    for values, vocabulary in zip(columns, vocabularies, strict=True):
        texts.update(vocabulary or map(number_text, np.unique(values[~np.isnan(values)]).tolist()))
    present = sum(int(np.count_nonzero(~np.isnan(values))) for values in columns)
    return column_of_texts(name, texts, present)


def column_of_texts(name: str, texts: Collection[str], present: int) -> Column:
    """What a column with these distinct texts is. `present` counts the cells that are not missing."""
    if all(as_number(text) is not None for text in texts):
        return Column(name)
    if {text.lower() for text in texts} in [set(pair) for pair in TRUTH_PAIRS]:
        return Column(name, "boolean")
    if date_format := date_format_of(texts):
        return _date_column(name, texts, date_format)
    if len(texts) > FEW_VALUES and len(texts) > HARDLY_REPEATS * present:
        why = f"text that hardly repeats ({len(texts)} different values in {present} rows)"
        return Column(name, "unused", why=why)
    if len(texts) > MAX_VOCABULARY:
        return Column(name, "unused", why=f"text of more than {MAX_VOCABULARY} different values ({len(texts)})")
    return Column(name, "category")


def date_format_of(texts: Collection[str]) -> str | None:
    """The first format that all the texts have, None when there is none.

    Where the order of day and month is open, the day comes first.
    """
    ordered = sorted(texts)
    sample = ordered[:: max(1, len(ordered) // CHECKED_DATES)]
    for date_format in DATE_FORMATS:
        if all(as_days(text, date_format) is not None for text in sample):
            return date_format if all(as_days(text, date_format) is not None for text in ordered) else None
    return None


def _date_column(name: str, texts: Collection[str], date_format: str) -> Column:
    """A column of dates, with the other format where the month could as well come before the day."""
    other = date_format.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
    if other not in DATE_FORMATS or other == date_format or any(as_days(text, other) is None for text in texts):
        return Column(name, "date", date_format)
    why = f"read as {date_format}; {other} would fit as well: say so in data/schema.json if it is meant"
    return Column(name, "date", date_format, why=why, other_format=other)
