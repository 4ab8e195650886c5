"""Values: how numbers, truth values, dates, missing values and names are spelled, in uploads and in requests alike."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final

MISSING: Final = (
    "", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NaT", "NULL", "Null", "null", "None", "none", "?",
    "-", "--",
)  # fmt: skip
UNLABELLED: Final = tuple(text for text in MISSING if text != "none")  # as a label that is an answer
FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127
ISO: Final = "iso"
DATE_FORMATS: Final = (
    ISO,
    *(
        f"{day}{time}"
        for day in ("%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
        for time in ("", " %H:%M", " %H:%M:%S")
    ),
)
TRUE: Final = "true"
FALSE: Final = "false"
TRUTH_PAIRS: Final = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))

_TRUTH: Final = {word: value for pair in TRUTH_PAIRS for word, value in zip(pair, (TRUE, FALSE), strict=True)}
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?")
_ZONE_APART: Final = re.compile(r" (?=[Z+-])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT_INTEGER: Final = 2.0**53
_INDEX_NAME: Final = re.compile(r"(?i:unnamed(:?_\d+)?)?")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(([,. '\u2019\u00a0\u202f])\d{3})(\2\d{3})*([.,]\d+)?")


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


def as_days(text: str, date_format: str) -> float | None:
    """Days since 1970-01-01 (UTC) of a date, with the time of day as a fraction; None when it is not of the format.

    `date_format` is one of `datetime.strptime`, or ``iso``. A date without a time zone is read as UTC.
    """
    try:
        if date_format == ISO:
            moment = datetime.fromisoformat(_ZONE_APART.sub("", text)) if _ISO.fullmatch(text) else None
        else:
            moment = datetime.strptime(text, date_format)  # noqa: DTZ007  (the zone is added below)
        if moment is None:
            return None
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH).total_seconds() / 86_400
    except (ValueError, OverflowError):
        return None


def date_text(days: float, date_format: str) -> str:
    """The date, days after 1970-01-01, in a format; of an ISO date without a time of day the date alone."""
    moment = _EPOCH + timedelta(days=days)
    if date_format != ISO:
        return moment.strftime(date_format)
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    return text.removesuffix("T00:00:00")


def number_text(number: float) -> str:
    """The one spelling of a number as a category: whole numbers without a decimal mark."""
    return str(int(number)) if number.is_integer() and abs(number) <= _EXACT_INTEGER else repr(number)


def category_text(text: str, decimal: str = ".") -> str:
    """The one spelling of a category: numbers as `number_text` has them, other texts trimmed."""
    number = as_number(text, decimal)
    return text.strip() if number is None else number_text(number)


def column_name(text: str) -> str:
    """The one spelling of a column's name: trimmed, with an underscore for each run of white space."""
    return "_".join(text.split())


def is_index_name(name: str) -> bool:
    """Whether a column's name, in its one spelling, is none: that of a written index, read again or not."""
    return _INDEX_NAME.fullmatch(name) is not None


def has_thousands(text: str) -> bool:
    """Whether a text looks like a number with thousands separators, such as 1,234,567 or 1.234,5."""
    return _THOUSANDS.fullmatch(text.strip()) is not None
