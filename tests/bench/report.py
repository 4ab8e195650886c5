"""The report of a run: a table for people, `bench.json` for programs."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from shared.documents import timestamp
from shared.training.versions import versions
from tests.bench.figures import Figure, Options
from tests.faults.counting import commit

HEADER = ("row", "figure", "first", "second", "ratio", "spread", "rounds", "bound", "")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [HEADER, *map(_cells, figures)]
    widths = [max(len(row[position]) for row in rows) for position in range(len(HEADER))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * max(3, width) for width in widths) + " |")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    unit = figure.unit
    spread = "" if figure.low == figure.high else f"{_short(figure.low)} to {_short(figure.high)}"
    kept = {True: "kept", False: "MISSED", None: ""}[figure.holds]
    alone = figure.bound is None and figure.first == figure.second and figure.rounds == 1
    return (
        figure.row,
        figure.name,
        f"{_short(figure.first)} {unit}",
        "" if alone else f"{_short(figure.second)} {unit}",
        "" if alone else _short(figure.ratio),
        spread,
        str(figure.rounds),
        str(figure.bound or ""),
        kept,
    )


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def document(figures: Sequence[Figure], options: Options) -> dict[str, Any]:
    """The figures with all that is needed to understand them."""
    return {
        "at": timestamp(),
        "commit": commit(),
        "machine": dict(_machine()),
        "versions": {**versions(), "python": platform.python_version()},
        "quick": options.quick,
        "figures": [
            {**asdict(one), "bound": str(one.bound) if one.bound else None, "kept": one.holds} for one in figures
        ],
    }


def _machine() -> Iterator[tuple[str, Any]]:
    yield "processors", os.cpu_count()
    yield "system", platform.platform()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
        yield "processor", next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
