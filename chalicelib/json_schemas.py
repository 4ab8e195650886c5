"""What a value of a feature may be, as JSON Schema: what `shared.formats.columns` accepts in a JSON document."""

import re
from collections.abc import Sequence
from typing import Any, Final

from shared.formats.columns import Column
from shared.formats.dates import COMPACT, ISO
from shared.formats.values import FLOAT32_MAX, TRUTH_PAIRS, as_number

Schema = dict[str, Any]
Bounds = tuple[float, float]

ANY_NUMBER: Final[Bounds] = (-FLOAT32_MAX, FLOAT32_MAX)

_MISSING: Final[Schema] = {"$ref": "#/components/schemas/Missing"}
_DATE: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_ZONE: Final = " ?(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])"
_TIME: Final = rf"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,9}})?)?({_ZONE})?"
_DIRECTIVES: Final = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "(0?[1-9]|1[0-2])",
    "%d": "(0?[1-9]|[12][0-9]|3[01])",
    "%H": "([01]?[0-9]|2[0-3])",
    "%M": "[0-5]?[0-9]",
    "%S": "[0-5]?[0-9]",
}
_SPECIAL: Final = frozenset(r".^$*+?{}[]\|()")


def missing_schema(spellings: Sequence[str]) -> Schema:
    """Null, and the texts that mean a missing value in every column that takes texts."""
    described = "A missing value. A feature that is a number takes null alone, but in CSV each of these texts."
    return {"enum": [None, *sorted(spellings)], "description": described}


def value_schema(column: Column, bounds: Bounds = ANY_NUMBER, *, known_missing: bool = False) -> Schema:
    """What a value of a column may be.

    `bounds` are those of its numbers; `known_missing` says that training has seen the category missing.
    """
    text = _described(column, known_missing=known_missing)
    described = {"description": text} if text else {}
    numbers = {"minimum": bounds[0], "maximum": bounds[1]}
    match column.kind:
        case "number":
            types = ["number", "string", "null"] if column.number_format else ["number", "null"]
            return {"type": types, **numbers, **described}
        case "category":
            return {"type": ["string", "number", "null"], **numbers, **described}
        case "boolean":
            forms: list[Schema] = [{"type": "boolean"}, {"type": "string", "pattern": _truth_pattern()}]
            return {"anyOf": [*forms, {"type": "number", "enum": [0, 1]}, _MISSING, *_own(column)], **described}
        case _:
            patterns = [date_pattern(form) for form in dict.fromkeys((column.date_format, ISO))]
            texts: list[Schema] = [{"type": "string", **({"pattern": one} if one else {})} for one in patterns]
            return {"anyOf": [*texts, _MISSING, *_own(column)], **described}


def date_pattern(date_format: str) -> str | None:
    """A regular expression of a format's dates, which takes days that their month lacks; None for a format of words."""
    if date_format == ISO:
        return f"^{_DATE}([T ]{_TIME})?$"
    if date_format == COMPACT:
        return "^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
    parts = re.findall(r"%.|[^%]", date_format)
    if any(part.startswith("%") and part not in _DIRECTIVES for part in parts):
        return None
    return f"^{''.join(_DIRECTIVES.get(part) or _literal(part) for part in parts)}$"


def _literal(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL else character


def _truth_pattern() -> str:
    words = sorted({word for pair in TRUTH_PAIRS for word in pair}, key=lambda word: (-len(word), word))
    spelled = ("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)
    return f"^({'|'.join(spelled)}|[01])$"


def _own(column: Column) -> list[Schema]:
    """The column's own spellings of a missing value."""
    if not column.missing:
        return []
    numbers = [_plain(text) for text in column.missing if as_number(text) is not None]
    return [{"enum": [*column.missing, *(numbers if column.kind == "boolean" else [])]}]


def _plain(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _described(column: Column, *, known_missing: bool) -> str:
    return " ".join(filter(None, [_meaning(column, known_missing=known_missing), _also_missing(column)]))


def _meaning(column: Column, *, known_missing: bool) -> str:
    match column.kind:
        case "number":
            return f"A number, or a text such as {column.number_format}." if column.number_format else ""
        case "boolean":
            gap = "counts as a value of its own" if known_missing else "counts as neither"
            return f"True or false, also as a word (yes and no, t and f, y and n) or as 1 or 0; a missing one {gap}."
        case "category":
            gap = "a missing one is a category of its own" if known_missing else "so does a missing one"
            return f"A category: one that training has not seen is allowed and counts as unknown; {gap}."
        case _ if column.date_format == ISO:
            return "A date by ISO 8601; a time of day may follow, and is UTC unless a zone follows it."
        case _:
            return f"{column.expected[0].upper()}{column.expected[1:]} ({column.date_format}), or by ISO 8601."


def _also_missing(column: Column) -> str:
    if not column.missing:
        return ""
    texts = [text for text in column.missing if as_number(text) is None]
    only = " (a text in CSV alone)" if texts and column.kind == "number" else ""
    return f"Also a missing value: {', '.join(column.missing)}{only}."
