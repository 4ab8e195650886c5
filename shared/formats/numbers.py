"""Numbers as people write them: currency, percent, units, thousands marks, decimal commas, accounting negatives.

A way of writing is named by an example, the number 1234.5 written in it: ``$1,234.5``, ``1.234,5 EUR``, ``1234.5%``,
``(1,234.5)`` where parentheses mean a negative number. The number is the one that is written: 12.5 for ``12.5%``.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from shared.formats.values import as_number

_SPACES: Final = " \u00a0\u2009\u202f"
_APOSTROPHES: Final = "'\u2019"
_MINUS: Final = "-\u2212"
_BEFORE: Final = (
    r"(?:AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NOK|NZD|PHP|PLN|RON|RUB|SEK|SGD|THB|"
    r"TRY|TWD|UAH|USD|VND|ZAR|Rs\.|Rs|kr|(?:R|US|A|C|HK|S|NT)\$|[$\u00a2-\u00a5\u20a0-\u20cf])"
)
_AFTER: Final = r"[^\W\d_][^0-9,()\-+]{0,11}|[%\u2030\u00b0$\u00a2-\u00a5\u20a0-\u20cf][^0-9,()\-+]{0,11}"
_PARTS: Final = re.compile(
    rf"(?P<open>\()?[{_SPACES}]*(?P<sign>[{_MINUS}+])?[{_SPACES}]*(?P<before>{_BEFORE})?[{_SPACES}]*"
    rf"(?P<inner>[{_MINUS}+])?(?P<digits>[.,]?[0-9](?:[0-9.,{_SPACES}{_APOSTROPHES}]*[0-9])?[.,]?(?:[eE][+-]?[0-9]+)?)"
    rf"(?P<space>[{_SPACES}]*)(?P<after>{_AFTER})?[{_SPACES}]*(?P<close>\))?"
)
_THOUSANDS_CLASS: Final = {"": "", ",": ",", ".": r"\.", " ": f"[{_SPACES}]", "'": f"[{_APOSTROPHES}]"}
_MARKS: Final = tuple(
    (decimal, thousands) for decimal in ".," for thousands in ("", ",", ".", " ", "'") if thousands != decimal
)
_MOST: Final = 0.5
_CHECKED: Final = 1_000
_SEVERAL: Final = 4


@dataclass(frozen=True)
class NumberFormat:
    """A way of writing numbers. `unit` is before the digits where `is_before`; `space` separates them there."""

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    is_before: bool = False
    space: str = ""
    accounting: bool = False

    @property
    def example(self) -> str:
        """The number 1234.5 in this way of writing, by which it is named."""
        digits = f"1{self.thousands}234{self.decimal}5"
        before, after = (self.unit + self.space, "") if self.is_before else ("", self.space + self.unit)
        text = f"{before}{digits}{after}" if self.unit else digits
        return f"({text})" if self.accounting else text

    @property
    def is_plain(self) -> bool:
        """Whether it is plain decimal notation."""
        return self == NumberFormat()

    def read(self, text: str, *, strict: bool = False) -> float | None:
        """The finite number that a text writes in this way, or with less of its marks; else None.

        Without a thousands mark a point and a comma can only be decimal marks: both are read, unless `strict`.
        """
        parts = _PARTS.fullmatch(text.strip())
        if parts is None or bool(parts["open"]) != bool(parts["close"]) or (parts["sign"] and parts["inner"]):
            return None
        if parts["open"] and (not self.accounting or parts["sign"] or parts["inner"]):
            return None
        units = {unit.strip(_SPACES) for unit in (parts["before"], parts["after"]) if unit}
        if units - {self.unit}:
            return None
        number = _digits_of(parts["digits"], self.decimal, self.thousands, strict=strict)
        if number is None:
            return None
        negative = parts["open"] or (parts["sign"] or parts["inner"] or "+") in _MINUS
        return -number + 0.0 if negative else number

    def settled(self, text: str) -> str:
        """A text of this way of writing with a decimal mark, which says what its other marks mean."""
        parts = _PARTS.fullmatch(text)
        if parts is None or self.decimal in parts["digits"] or "e" in parts["digits"].lower():
            return text
        end = parts.end("digits")
        return f"{text[:end]}{self.decimal}0{text[end:]}"


def number_format(example: str) -> NumberFormat:
    """The way of writing that an example names; raise ValueError."""
    parts = _PARTS.fullmatch(example.strip())
    if parts is None or re.sub(r"\D", "", parts["digits"]) != "12345" or bool(parts["open"]) != bool(parts["close"]):
        raise ValueError(example)
    unit = parts["before"] or (parts["after"] or "").strip(_SPACES)
    space = " " if parts["after"] and parts["space"] else ""
    space = " " if parts["before"] and re.search(rf"{re.escape(unit)}[{_SPACES}]", example) else space
    for decimal, thousands in _MARKS:
        form = NumberFormat(decimal, thousands, unit, bool(parts["before"]), space, bool(parts["open"]))
        if abs(form.read(example) or 0.0) == 1234.5 and form.example == _usual(example.strip()):
            return form
    raise ValueError(example)


def _usual(text: str) -> str:
    return re.sub(f"[{_APOSTROPHES}]", "'", re.sub(f"[{_SPACES}]", " ", text))


@lru_cache(maxsize=1_024)
def _form(example: str) -> NumberFormat:
    return number_format(example)


def as_written_number(text: str, example: str) -> float | None:
    """The finite number that a text writes in the way that an example names; plain decimal notation without one."""
    return _form(example).read(text) if example else as_number(text)


@lru_cache(maxsize=64)
def _pattern(decimal: str, thousands: str) -> "re.Pattern[str]":
    mark, group = re.escape(decimal), _THOUSANDS_CLASS[thousands]
    plain = rf"[0-9]+(?:{mark}[0-9]*)?(?:[eE][+-]?[0-9]+)?|{mark}[0-9]+(?:[eE][+-]?[0-9]+)?"
    if not thousands:
        return re.compile(plain)
    grouped = rf"[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+(?:{mark}[0-9]*)?"
    # As India groups digits.
    lakhs = rf"|[1-9][0-9]?(?:,[0-9]{{2}})+,[0-9]{{3}}(?:{mark}[0-9]*)?" if thousands == "," else ""
    return re.compile(rf"{grouped}{lakhs}|{plain}")


def _digits_of(digits: str, decimal: str, thousands: str, *, strict: bool) -> float | None:
    if not _pattern(decimal, thousands).fullmatch(digits):
        other = "." if decimal == "," else ","
        if strict or thousands or not _pattern(other, "").fullmatch(digits):
            return None
        decimal = other
    for mark in _SPACES + _APOSTROPHES + thousands:
        digits = digits.replace(mark, "")
    number = float(digits.replace(decimal, "."))
    return number if math.isfinite(number) else None


def has_parts(text: str) -> bool:
    """Whether a text looks like a number in some way of writing."""
    return _PARTS.fullmatch(text.strip()) is not None


@dataclass(frozen=True)
class Agreement:
    """How many of the cells agree on a way of writing, of how many."""

    form: NumberFormat
    agreeing: int
    cells: int
    is_open: bool = False
    """Whether another meaning of the marks would fit all of them as well."""


def agreement(texts: Mapping[str, int], decimal: str = ".") -> Agreement | None:
    """The way of writing that most cells agree on, None where less than half do.

    `texts` are the distinct texts with the number of their cells; `decimal` is the mark of the file, which decides
    where the cells do not.
    """
    cells = sum(texts.values())
    sample = list(texts)[:: max(1, len(texts) // _CHECKED)]
    if not texts or sum(has_parts(text) for text in sample) < _MOST * _MOST * len(sample):
        return None
    parts = {text: match for text in texts if (match := _PARTS.fullmatch(text.strip()))}
    if not parts or sum(texts[text] for text in parts) < _MOST * cells:
        return None
    bare = _without_marks(parts, texts)
    best, rank, open_ = NumberFormat(), (-1, -1), False
    for place, (mark, thousands) in enumerate(_order(list(parts.values()), decimal)):
        if mark != decimal and not thousands and not bare.unit and _is_rare(mark, parts):
            continue
        form = replace(bare, decimal=mark, thousands=thousands)
        agreeing = sum(times for text, times in texts.items() if form.read(text, strict=True) is not None)
        if agreeing > rank[0]:
            best, rank, open_ = form, (agreeing, -place), False
        elif agreeing == rank[0] and _differ(best, form, parts):
            open_ = True
    return Agreement(best, rank[0], cells, open_) if rank[0] >= _MOST * cells else None


def _without_marks(parts: Mapping[str, "re.Match[str]"], texts: Mapping[str, int]) -> NumberFormat:
    """Unit and accounting of the cells, of the unit that most have."""
    units: Counter[tuple[str, bool, str]] = Counter()
    for text, match in parts.items():
        if unit := match["before"] or (match["after"] or "").strip(_SPACES):
            space = " " if match["after"] and match["space"] else ""
            units[unit, bool(match["before"]), space] += texts[text]
    (unit, is_before, space), times = units.most_common(1)[0] if units else (("", False, ""), 0)
    if times < _MOST * sum(texts[text] for text in parts):
        unit, is_before, space = "", False, ""  # what stands behind a few numbers is no unit: 1, 2, 3, 3A
    return NumberFormat(unit=unit, is_before=is_before, space=space, accounting=any(m["open"] for m in parts.values()))


def _order(parts: Sequence["re.Match[str]"], decimal: str) -> list[tuple[str, str]]:
    """The marks to try, the likelier first: plain ones, and a mark before exactly three digits separates thousands."""
    used = "".join(match["digits"] for match in parts)
    marks = [pair for pair in _MARKS if all(not mark or _occurs(mark, used) for mark in pair[1:])]
    other = "," if decimal == "." else "."
    plain = (decimal, "")
    return sorted(marks, key=lambda pair: (pair != plain, pair != (decimal, other), pair[0] != decimal, pair[1] == ""))


def _is_rare(mark: str, parts: Mapping[str, "re.Match[str]"]) -> bool:
    """Whether a single text of several has another decimal mark than the file: that is as likely a mistake."""
    return len(parts) >= _SEVERAL and sum(mark in match["digits"] for match in parts.values()) == 1


def _occurs(mark: str, text: str) -> bool:
    return any(one in text for one in {" ": _SPACES, "'": _APOSTROPHES}.get(mark, mark))


def _differ(first: NumberFormat, second: NumberFormat, parts: Mapping[str, object]) -> bool:
    return any(first.read(text, strict=True) != second.read(text, strict=True) for text in parts)
