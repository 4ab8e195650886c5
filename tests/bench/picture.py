"""A picture of the latencies of all servers: one distribution a line, on one logarithmic axis."""

from collections.abc import Iterator, Sequence
from html import escape
from math import floor, log10
from typing import Final

from tests.bench.http import Latencies

WIDTH: Final = 760
LEFT: Final = 170
RIGHT: Final = 30
LINE: Final = 64
TOP: Final = 46
BINS: Final = 120
INK: Final = "#57606a"
OURS: Final = "#8250df"
THEIRS: Final = "#6e7781"


def picture(latencies: Sequence[Latencies]) -> str:
    """The distributions as SVG: how many of a server's requests took how long."""
    low = floor(log10(min(min(one.seconds) for one in latencies)) * 4) / 4
    high = -floor(-log10(max(max(one.seconds) for one in latencies)) * 4) / 4
    height = TOP + LINE * len(latencies) + 34
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Latencies of the servers">'
    )
    parts = [
        head,
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" fill="{INK}">latency of one request, 8 connections, one worker (logarithmic)</text>',
        *_axis(low, high, height),
    ]
    for position, one in enumerate(latencies):
        parts += _distribution(one, TOP + LINE * (position + 1), low, high, OURS if position == 0 else THEIRS)
    return "\n".join([*parts, "</svg>\n"])


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _axis(low: float, high: float, height: int) -> Iterator[str]:
    for power in range(floor(low), floor(high) + 1):
        for digit in (1, 2, 5):
            seconds = digit * 10.0**power
            if low <= log10(seconds) <= high:
                x = _x(seconds, low, high)
                yield f'<path d="M{x:.1f} {TOP - 12}V{height - 28}" stroke="#d0d7de" stroke-width="0.5"/>'
                place = f'x="{x:.1f}" y="{height - 12}"'
                yield f'<text {place} fill="{INK}" text-anchor="middle">{_spelled(seconds)}</text>'


def _spelled(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"


def _distribution(one: Latencies, base: int, low: float, high: float, colour: str) -> Iterator[str]:
    counts = [0] * BINS
    for seconds in one.seconds:
        counts[min(BINS - 1, int((log10(seconds) - low) / (high - low) * BINS))] += 1
    step = (WIDTH - LEFT - RIGHT) / BINS
    most = max(counts)
    outline = " ".join(
        f"L{LEFT + (index + 0.5) * step:.1f} {base - count / most * (LINE - 18):.1f}"
        for index, count in enumerate(counts)
    )
    yield f'<path d="M{LEFT} {base} {outline} L{WIDTH - RIGHT} {base} Z" fill="{colour}" fill-opacity="0.75"/>'
    yield f'<text x="{LEFT - 10}" y="{base - 16}" fill="#1f2328" text-anchor="end">{escape(one.name)}</text>'
    spelled = " · ".join(f"p{percent} {one.percentile(percent) * 1e3:.3g} ms" for percent in (50, 99))
    yield f'<text x="{LEFT - 10}" y="{base}" fill="{INK}" font-size="10" text-anchor="end">{spelled}</text>'
