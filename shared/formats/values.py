"""Values: how numbers, truth values, dates, missing values and names are spelled, in uploads and in requests alike."""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

MISSING: Final = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NaT", "NULL", "Null", "null", "None", "none", "?",
    "-", "--",
)  # fmt: skip
UNLABELLED: Final = tuple(text for text in MISSING if text != "none")  # as a label that is an answer
FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127
TRUE: Final = "true"
FALSE: Final = "false"
TRUTH_PAIRS: Final = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))

_TRUTH: Final = {word: value for pair in TRUTH_PAIRS for word, value in zip(pair, (TRUE, FALSE), strict=True)}
_WHOLE: Final = re.compile(r"[0-9]+")
_LONG_WHOLE: Final = len("9007199254740993")
_EXACT_INTEGER: Final = 2.0**53
_INDEX_NAME: Final = re.compile(r"(?i:unnamed(:?_\d+)?)?")
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(([,. '\u2019\u00a0\u202f])\d{3})(\2\d{3})*([.,]\d+)?")


def as_number(text: str, decimal: str = ".") -> float | None:
    """The finite number that a text spells in plain decimal notation, else None. `decimal` is the decimal mark."""
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".", 1)
    try:
        number = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text
    return number if plain and math.isfinite(number) else None


def as_truth(text: str) -> str | None:
    """``true`` or ``false`` for a word or a digit that says so, else None."""
    if (truth := _TRUTH.get(text.lower())) is not None:
        return truth
    return {1.0: TRUE, 0.0: FALSE}.get(as_number(text) or 0.0) if as_number(text) is not None else None


def number_text(number: float) -> str:
    """The one spelling of a number as a category: whole numbers without a decimal mark."""
    return str(int(number)) if number.is_integer() and abs(number) <= _EXACT_INTEGER else repr(number)


def category_text(text: str, decimal: str = ".") -> str:
    """The one spelling of a category: numbers as `number_text` has them, other texts trimmed."""
    number = as_number(text, decimal)
    return text.strip() if number is None else number_text(number)


def are_codes(texts: Iterable[str]) -> bool:
    """Whether texts are codes that must not be read as numbers: their numbers are whole, and some begin with a zero."""
    found = False
    for text in texts:
        if _WHOLE.fullmatch(text):
            found = found or (text[0] == "0" and len(text) > 1)
        elif as_number(text) is not None:
            return False
    return found


def is_exact(texts: Collection[str]) -> bool:
    """Whether categories differ by their texts, not by their numbers: codes, and whole numbers beyond float64's."""
    return are_codes(texts) or any(len(text) >= _LONG_WHOLE and _WHOLE.fullmatch(text) for text in texts)


def column_name(text: str) -> str:
    """The one spelling of a column's name: trimmed, with an underscore for each run of white space."""
    return "_".join(text.split())


def column_names(header: Sequence[str]) -> list[str]:
    """The columns' names by their header: a repeated one is numbered (x, x_2), a missing one is ``column_7``."""
    spelled = [column_name(text) or f"column_{position}" for position, text in enumerate(header, 1)]
    taken = set(spelled)
    number = dict.fromkeys(spelled, 1)
    names: list[str] = []
    used: set[str] = set()
    for name in spelled:
        own = name
        while own in used or (own != name and own in taken):
            number[name] += 1
            own = f"{name}_{number[name]}"
        used.add(own)
        names.append(own)
    return names


def is_index_name(name: str) -> bool:
    """Whether a column's name, in its one spelling, is none: that of a written index, read again or not."""
    return _INDEX_NAME.fullmatch(name) is not None


def has_thousands(text: str) -> bool:
    """Whether a text looks like a number with thousands separators, such as 1,234,567 or 1.234,5."""
    return _THOUSANDS.fullmatch(text.strip()) is not None
