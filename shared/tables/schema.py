"""The schema: what each column is, fixed by the current test set and by what a person says of it.

It is a pure function of the test uploads' rows and of the override `data/schema.json`. No slot has a say in it, so no
slot can turn a column of numbers into text, and the order of arrival decides nothing.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.documents import FORMAT, Document, digest
from shared.errors import Rejected
from shared.formats.columns import KINDS, Column
from shared.formats.commands import set_kind
from shared.formats.dates import COMPACT, ISO, as_days, date_format_of, has_day, swapped
from shared.formats.numbers import Agreement, agreement, number_format
from shared.formats.row_errors import listed
from shared.formats.values import TRUTH_PAIRS, are_codes, as_number, category_text, column_name, is_exact, number_text
from shared.tables.table import Table

MAX_VOCABULARY: Final = 1_000
FEW_VALUES: Final = 20  # a text column with no more is one of categories, however few rows there are
HARDLY_REPEATS: Final = 0.75  # different texts for each row: a small test set shows few of the repetitions
FIRST_DAY: Final = 19_000_101
LAST_DAY: Final = 21_001_231
MARKS: Final = {",": "comma", ".": "point"}


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
    if unknown := sorted(set(fields) - {"kind", "format", "missing", "exact"}):
        raise Rejected(f"{place}: expected only kind, format, missing and exact, found {unknown[0]!r}")
    if "format" in fields and fields["kind"] not in {"date", "number"}:
        raise Rejected(f"{place}: expected a format for a date or a number, found one for kind {fields['kind']!r}")
    if "exact" in fields and (fields["kind"] != "category" or type(fields["exact"]) is not bool):
        raise Rejected(f'{place}: expected "exact" to be true or false, and for a category alone, found {fields!r}')
    missing = fields.get("missing", [])
    if not isinstance(missing, list) or not all(isinstance(spelling, str | int | float) for spelling in missing):
        raise Rejected(f"{place}: expected a list of texts that mean a missing value, found {missing!r}")
    spellings = tuple(sorted({_missing(spelling) for spelling in missing}))
    is_number = fields["kind"] == "number"
    return Column(
        column_name(name),
        fields["kind"],
        ISO if is_number else _format(place, fields.get("format", ISO)),
        spellings,
        number_format=_number_format(place, fields["format"]) if is_number and "format" in fields else "",
        exact=fields.get("exact", False),
    )


def _missing(value: str | float) -> str:
    return category_text(value) if isinstance(value, str) else number_text(float(value))


def _format(place: str, value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """A format of dates that reads what it writes, and distinguishes years; or of times of day, with the hours."""
    try:
        if value == ISO:
            return ISO
        first = datetime(2024, 11, 2, 7, tzinfo=UTC)
        second = first.replace(year=2023) if has_day(value) else first.replace(hour=15)
        if len({as_days(moment.strftime(value), value) for moment in (first, second)} - {None}) == 2:
            return str(value)
    except (ValueError, TypeError):
        pass
    raise Rejected(f"{place}: expected a format of dates such as {ISO} or %d/%m/%Y, found {value!r}")


def _number_format(place: str, value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """The example that names a way of writing numbers; empty for plain decimal notation."""
    try:
        form = number_format(value)
    except (ValueError, TypeError, AttributeError):
        raise Rejected(
            f"{place}: expected a format for a date, or the number 1234.5 as the column writes it ($1,234.5, "
            f"1.234,5 EUR, 1234.5%), found {value!r}"
        ) from None
    return "" if form.is_plain else form.example


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
    columns = tuple(_as_said(said[name], tests) if name in said else infer_column(name, tests) for name in names)
    schema = Schema(columns)
    if not schema.features:
        why = "; ".join(f"{column.name}: {column.why}" for column in columns)
        raise Rejected(f"expected at least one column that can be a feature, found none ({why})")
    return schema


def _as_said(column: Column, tests: Sequence[Table]) -> Column:
    """A column that a person described. Of categories with codes in them, such as 01, the texts count."""
    vocabularies = [table.vocabularies[table.features.index(column.name)] or () for table in tests]
    exact = column.exact or (column.kind == "category" and any(map(is_exact, vocabularies)))
    return replace(column, why="data/schema.json", exact=exact)


def infer_column(name: str, tests: Sequence[Table]) -> Column:
    """What the rows of the test uploads say of a column."""
    positions = [table.features.index(name) for table in tests]
    vocabularies = [table.vocabularies[position] for table, position in zip(tests, positions, strict=True)]
    columns = [table.values[:, position] for table, position in zip(tests, positions, strict=True)]
    present = sum(int(np.count_nonzero(~np.isnan(values))) for values in columns)
    if not present:
        ways_out = " or ".join(set_kind(name, kind) for kind in ("number", "category"))
        return Column(name, "unused", why=f"no value in the test set, which would say what it is: {ways_out}")
    if all(vocabulary is None for vocabulary in vocabularies):
        return _compact_dates(name, columns) or Column(name)
    texts: set[str] = set()
    for values, vocabulary in zip(columns, vocabularies, strict=True):
        texts.update(vocabulary or map(number_text, np.unique(values[~np.isnan(values)]).tolist()))
    return column_of_texts(name, texts, present)


def _compact_dates(name: str, columns: Sequence[NDArray[np.float64]]) -> Column | None:
    """A column of whole numbers such as 20241102, all of them days of the years 1900 to 2100."""
    values = np.concatenate(columns)
    values = values[~np.isnan(values)]
    if not len(values) or values.min() < FIRST_DAY or values.max() > LAST_DAY:
        return None
    days = map(number_text, np.unique(values).tolist())
    return Column(name, "date", COMPACT) if all(as_days(day, COMPACT) is not None for day in days) else None


def column_of_texts(name: str, texts: Collection[str], present: int) -> Column:
    """What a column with these distinct texts is. `present` counts the cells that are not missing."""
    codes = are_codes(texts)
    if not codes and all(as_number(text) is not None for text in texts):
        return Column(name)
    if {text.lower() for text in texts} in [set(pair) for pair in TRUTH_PAIRS]:
        return Column(name, "boolean")
    if date_format := date_format_of(texts):
        return _date_column(name, texts, date_format)
    if not codes and (agreed := agreement(dict.fromkeys(texts, 1))) and agreed.agreeing == len(texts):
        return _number_column(name, agreed)
    why = _why_unused(len(texts), present)
    return Column(name, "unused", why=why) if why else Column(name, "category", exact=is_exact(texts))


def _why_unused(distinct: int, present: int) -> str:
    if distinct > FEW_VALUES and distinct > HARDLY_REPEATS * present:
        return f"text that hardly repeats ({distinct} different values in {present} rows)"
    return f"text of more than {MAX_VOCABULARY} different values ({distinct})" if distinct > MAX_VOCABULARY else ""


def _date_column(name: str, texts: Collection[str], date_format: str) -> Column:
    """A column of dates, with the other format where the month could as well come before the day."""
    other = swapped(date_format)
    if other is None or any(as_days(text, other) is None for text in texts):
        return Column(name, "date", date_format)
    why = f"read as {date_format}; {other} would fit as well; if it is meant: {set_kind(name, f'date:{other}')}"
    return Column(name, "date", date_format, why=why)


def _number_column(name: str, agreed: Agreement) -> Column:
    """A column of numbers in the way of writing that all its cells agree on."""
    form = agreed.form
    if not agreed.is_open:
        return Column(name, number_format=form.example)
    other = replace(form, decimal=form.thousands or ",", thousands="")
    why = (
        f"the {MARKS[form.thousands]} in it is read as a thousands mark; if it is a decimal mark: "
        f"{set_kind(name, f'number:{other.example}')}"
    )
    return Column(name, number_format=form.example, why=why)
