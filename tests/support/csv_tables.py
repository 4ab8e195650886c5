"""A table of every kind of column, and its CSV."""

import csv
import io
from collections.abc import Iterable, Sequence

ROWS = 40


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def mixed() -> str:
    """Forty rows: a feature of each kind, columns that are none for a reason of their own, and a row with a typo."""
    columns = {
        "Id": [number // 2 for number in range(ROWS)],
        "serial": [1000 + 37 * number % 997 for number in range(ROWS)],
        "token": [f"{number:08x}-0000-4000-8000-000000000000" for number in range(ROWS)],
        "width": [(number * 7 % 11) / 4 for number in range(ROWS)],
        "height": ["" if number == 3 else number * 5 % 13 + 0.5 for number in range(ROWS)],
        "same": [3] * ROWS,
        "nothing": [""] * ROWS,
        "city": [("Oslo", "Rome", "Bonn")[number % 3] for number in range(ROWS)],
        "day": [f"2026-01-{number % 28 + 1:02}" for number in range(ROWS)],
        "name": [f"person {number}" for number in range(ROWS)],
        "member": [("yes", "no")[number % 5 > 1] for number in range(ROWS)],
        "typo": ["1,5" if number == 5 else number % 4 for number in range(ROWS)],
        "grade": ["good" if number * 7 % 11 > 4 else "bad" for number in range(ROWS)],
    }
    return csv_text(list(columns), zip(*columns.values(), strict=True))
