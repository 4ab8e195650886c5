"""Schedule expressions of EventBridge: `rate(5 minutes)` and `cron(0 12 ? * MON-FRI *)`, in UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from local.errors import LocalError

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LAST_YEAR: Final = 2199


@dataclass(frozen=True)
class Rate:
    """Rings every `period`, for the first time one period after the start, as EventBridge does."""

    period: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """When it rings next after `moment`."""
        return moment + self.period


@dataclass(frozen=True)
class Cron:
    """Rings at each minute that all six fields allow; `days` or `weekdays` is None for `?`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """When it rings next after `moment`; None when it never does again."""
        moment = moment.astimezone(UTC)
        for day in self._days_from(moment.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    ring = datetime.combine(day, time(hour, minute), UTC)
                    if ring > moment:
                        return ring
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        day = first
        while day.year <= max(self.years):
            if self._allows(day):
                yield day
            day += timedelta(days=1)

    def _allows(self, day: date) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.days is not None:
            return day.day in self.days
        return self.weekdays is None or day.isoweekday() % 7 + 1 in self.weekdays


Schedule = Rate | Cron


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> frozenset[int]:
        numbers: set[int] = set()
        for part in text.split(","):
            numbers |= self._part(part)
        return frozenset(numbers)

    def _part(self, part: str) -> set[int]:
        base, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise LocalError(f"{self.name}: expected a step above 0 after '/', found {part!r}")
        first, dash, last = base.partition("-")
        if base == "*":
            low, high = self.low, self.high
        elif dash:
            low, high = self._number(first), self._number(last)
        else:
            low = self._number(base)
            high = self.high if slash else low
        if low > high:
            raise LocalError(f"{self.name}: expected a range from low to high, found {part!r}")
        return set(range(low, high + 1, int(step) if slash else 1))

    def _number(self, text: str) -> int:
        if text.upper() in self.names:
            return self.names.index(text.upper()) + 1
        if text.isdecimal() and self.low <= int(text) <= self.high:
            return int(text)
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        raise LocalError(
            f"{self.name}: expected {self.low}-{self.high}{names}, found {text!r} "
            "(lists, ranges, steps and '*' are simulated; L, W and # are not)"
        )


_FIELDS: Final = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day of week", 1, 7, WEEKDAYS),
    _Field("year", 1970, LAST_YEAR),
)
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def parse(expression: str) -> Schedule:
    """Read a schedule expression; raise `LocalError` that says what was expected and what was found."""
    try:
        if match := re.fullmatch(r"rate\(\s*(\d+)\s+([a-z]+)\s*\)", expression):
            return _rate(int(match[1]), match[2])
        if match := re.fullmatch(r"cron\((.*)\)", expression):
            return _cron(match[1].split())
    except LocalError as error:
        raise LocalError(f"schedule {expression!r}: {error}") from error
    raise LocalError(
        f"schedule {expression!r}: expected rate(<n> minutes|hours|days) or cron(<six fields>), "
        "for example rate(5 minutes) or cron(0 12 * * ? *)"
    )


def _rate(count: int, unit: str) -> Rate:
    singular = unit.removesuffix("s")
    if count < 1 or singular not in _UNITS:
        raise LocalError(f"expected a count from 1 of minutes, hours or days, found {count} {unit}")
    expected = singular if count == 1 else f"{singular}s"
    if unit != expected:
        raise LocalError(f"expected {count} {expected}, as EventBridge requires, found {count} {unit}")
    return Rate(_UNITS[singular] * count)


def _cron(texts: list[str]) -> Cron:
    if len(texts) != len(_FIELDS):
        raise LocalError(f"expected six fields (minutes hours day month weekday year), found {len(texts)}")
    if (texts[2] == "?") == (texts[4] == "?"):
        raise LocalError("expected '?' in exactly one of day of month and day of week, as EventBridge requires")
    minutes, hours, days, months, weekdays, years = (
        None if text == "?" and spec.name.startswith("day") else spec.values(text)
        for spec, text in zip(_FIELDS, texts, strict=True)
    )
    return Cron(
        minutes=tuple(sorted(minutes or ())),
        hours=tuple(sorted(hours or ())),
        days=days,
        months=months or frozenset(),
        weekdays=weekdays,
        years=years or frozenset(),
    )
