"""Figures: what is measured, always as a ratio of two things that were measured in turn in the same run."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Measure = Callable[[], float]
"""Does something once and returns what it took."""


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure. `quick` shows that everything works, and no more."""

    quick: bool = False
    rounds: int = 0

    def pick(self, thorough: int, quick: int) -> int:
        """A size or a number of rounds for this run."""
        return quick if self.quick else thorough


@dataclass(frozen=True)
class Bound:
    """What a ratio has to be."""

    at: Literal["most", "least"]
    value: float

    def holds(self, ratio: float) -> bool:
        """Whether a ratio keeps it."""
        return ratio <= self.value if self.at == "most" else ratio >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.at == 'most' else '≥'} {self.value:g}"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    `first` and `second` are medians in `unit`, `ratio` is the median of the ratios of the rounds, `low` and `high` are
    their least and greatest.
    """

    row: str
    name: str
    first: float
    second: float
    unit: str
    ratio: float
    low: float
    high: float
    rounds: int
    bound: Bound | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        return None if self.bound is None else self.bound.holds(self.ratio)


def compare(
    row: str, name: str, first: Measure, second: Measure, *, rounds: int, unit: str, bound: Bound | None = None
) -> Figure:
    """Measure two things in turn, so many times each, and relate the first to the second."""
    return related(row, name, [(first(), second()) for _ in range(rounds)], unit=unit, bound=bound)


def related(
    row: str, name: str, pairs: Sequence[tuple[float, float]], *, unit: str, bound: Bound | None = None
) -> Figure:
    """The figure that pairs of measurements give."""
    ratios = [first / second for first, second in pairs]
    firsts, seconds = (statistics.median(values) for values in zip(*pairs, strict=True))
    return Figure(
        row, name, firsts, seconds, unit, statistics.median(ratios), min(ratios), max(ratios), len(pairs), bound
    )


def absolute(row: str, name: str, value: float, unit: str, limit: float | None = None) -> Figure:
    """A figure that is no ratio: `value` beside the limit that it must keep."""
    second = value if limit is None else limit
    bound = None if limit is None else Bound("most", 1.0)
    return Figure(row, name, value, second, unit, value / second, value / second, value / second, 1, bound)


def processor_seconds_of(action: Callable[[], object]) -> float:
    """The processor time of the programs that an action runs, user and system; none may run beside it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_of(action: Callable[[], object]) -> float:
    """The wall time of an action in seconds."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
