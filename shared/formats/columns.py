"""Columns: what kind of values a feature has, and how one value is read, in an upload and in a request alike.

kind       values                              as a feature
number     plain decimal notation, or a format         itself
boolean    true/false, yes/no, t/f, y/n, 1/0   a category, "true" or "false"
date       by a format                         days since 1970-01-01
category   any text; numbers by their value    one of a vocabulary
unused     anything                            none
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from shared.formats.dates import COMPACT, ISO, as_days
from shared.formats.numbers import as_written_number
from shared.formats.values import FALSE, FLOAT32_MAX, TRUE, as_number, as_truth, category_text, number_text

Kind = Literal["number", "category", "boolean", "date", "unused"]
Value = float | str | None

KINDS: Final = get_args(Kind)


class Unusable(ValueError):
    """The value does not fit the column's kind; the text says what was expected.

    `is_out_of_range` says that it is a number, but one that float32 cannot hold.
    """

    def __init__(self, expected: str, *, is_out_of_range: bool = False) -> None:
        super().__init__(expected)
        self.is_out_of_range = is_out_of_range

    @classmethod
    def out_of_range(cls) -> "Unusable":
        """A number is not finite, or beyond float32."""
        return cls("a finite number that fits into float32", is_out_of_range=True)


@dataclass(frozen=True)
class Column:
    """A column.

    `date_format` is set for dates, `number_format` for numbers that are not written in plain decimal notation (see
    `formats.numbers`); `exact` for categories whose texts differ although their numbers are equal, as 01 and 1 do.
    `missing` are spellings that mean a missing value in it alone. `why` says how the kind was decided, where that
    deserves a word.
    """

    name: str
    kind: Kind = "number"
    date_format: str = ISO
    missing: tuple[str, ...] = ()
    why: str = ""
    number_format: str = ""
    exact: bool = False

    @property
    def is_feature(self) -> bool:
        """Whether the column is used as a feature."""
        return self.kind != "unused"

    @property
    def is_category(self) -> bool:
        """Whether its values are texts of a vocabulary, which become one column each."""
        return self.kind in {"category", "boolean"}

    @property
    def plain(self) -> bool:
        """Whether every finite number means itself."""
        return self.kind == "number" and not self.missing and not self.number_format

    def like(self, other: "Column") -> bool:
        """Whether both read every value in the same way."""
        return replace(self, why="") == replace(other, why="")

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        return {
            "number": f"a number such as {self.number_format}" if self.number_format else "a number",
            "boolean": "true or false",
            "date": f"a date such as {_example(self.date_format)}",
            "category": "a string",
            "unused": "anything",
        }[self.kind]

    def parse(self, text: str, missing: Collection[str], decimal: str = ".") -> Value:
        """Read a cell of a CSV, None where it is missing; raise Unusable.

        `missing` are the spellings of a missing value in any column, `decimal` is the decimal mark.
        """
        text = text.strip()
        if text in missing or self._is_missing(text, decimal):
            return None
        return _PARSERS[self.kind](self, text, decimal)

    def accept(self, value: Any, missing: Collection[str] = ()) -> Value:  # noqa: ANN401  (any JSON value)
        """Read a value of a JSON document, None where it is missing; raise Unusable."""
        if value is None:
            return None
        if type(value) is str and (self.kind != "number" or self.number_format):
            return self.parse(value, missing)
        if type(value) is bool and self.kind == "boolean":
            return TRUE if value else FALSE
        if type(value) is int and (self.exact or (self.kind == "date" and self.date_format == COMPACT)):
            return self.parse(str(value), missing)
        if type(value) in {int, float} and self.kind in {"number", "category", "boolean"}:
            return self._accept_number(value)
        raise Unusable(f"{self.expected} or null")

    def _accept_number(self, value: float) -> Value:
        if not -FLOAT32_MAX <= value <= FLOAT32_MAX:
            raise Unusable.out_of_range()
        if self.plain:
            return float(value)
        text = number_text(float(value))
        if text in self.missing:
            return None
        return float(value) if self.kind == "number" else _PARSERS[self.kind](self, text, ".")

    def _is_missing(self, text: str, decimal: str) -> bool:
        return bool(self.missing) and category_text(text, decimal) in self.missing

    def as_document(self) -> dict[str, object]:
        """The column in a document: what is as usual is left out."""
        document: dict[str, object] = {"kind": self.kind}
        if self.kind == "date":
            document["format"] = self.date_format
        if self.number_format:
            document["format"] = self.number_format
        if self.exact:
            document["exact"] = True
        if self.missing:
            document["missing"] = list(self.missing)
        return document


def _number(column: Column, text: str, decimal: str) -> Value:
    written = column.number_format
    number = as_written_number(text, written) if written else as_number(text, decimal)
    if number is None:
        raise Unusable(f"a finite number such as {written}, or nothing" if written else "a finite number or nothing")
    if abs(number) > FLOAT32_MAX:
        raise Unusable.out_of_range()
    return number + 0.0  # -0.0 and 0.0 are one value


def _boolean(column: Column, text: str, _decimal: str) -> Value:
    truth = as_truth(text)
    if truth is None:
        raise Unusable(f"{column.expected} (or yes, no, t, f, y, n, 1, 0) or nothing")
    return truth


def _date(column: Column, text: str, _decimal: str) -> Value:
    days = as_days(text, column.date_format)
    if days is None:
        raise Unusable(f"{column.expected} or nothing")
    return days


def _category(column: Column, text: str, decimal: str) -> Value:
    return text.strip() if column.exact else category_text(text, decimal)


def _unused(_column: Column, _text: str, _decimal: str) -> Value:
    return None


_PARSERS: Final[dict[str, Callable[[Column, str, str], Value]]] = {
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "category": _category,
    "unused": _unused,
}


def _example(date_format: str) -> str:
    """The second of November 2024 in a format."""
    if date_format == ISO:
        return "2024-11-02"
    return datetime(2024, 11, 2, 15, 4, 5, tzinfo=UTC).strftime(date_format)
