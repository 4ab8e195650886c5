"""The structure of a CSV: is its header line one, and which records have as many fields as it.

The `csv` module knows on which line each record starts, which pandas does not.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from shared.formats.csv_dialect import CsvText, split_lines
from shared.formats.row_errors import BadTable, Reason, at_most, listed
from shared.formats.values import MISSING, as_number, column_name
from shared.settings import ReadingSettings

_INDEX_NAME: Final = re.compile(r"(?i:unnamed:?_\d+|unnamed)")


def used_names(names: Sequence[str], settings: ReadingSettings) -> list[str]:
    """The label and the columns that can be features."""
    ignored = {column_name(name) for name in settings.ignore}
    return [name for name in names if name and name not in ignored and not _INDEX_NAME.fullmatch(name)]


def check_header(names: Sequence[str], line: int, settings: ReadingSettings) -> None:
    """Raise BadTable unless the names can be those of the columns, with the label among them. `line` is theirs."""
    label = column_name(settings.label)
    if label not in names and looks_like_values(names):
        raise BadTable([Reason(_no_header(names), line)])
    reasons = [
        Reason(f"expected each column once, found {times} of this name", line, name)
        for name, times in Counter(names).items()
        if name and times > 1
    ]
    if label not in names:
        found = f"found the columns {listed(names, 12)}: check the header line and VINTNER_LABEL"
        reasons.append(Reason(f"expected the label column {settings.label!r}, {found}", line))
    elif used_names(names, settings) == [label]:
        reasons.append(Reason("expected at least one feature column beside the label, found none", line))
    if reasons:
        raise BadTable(at_most(reasons))


def _no_header(names: Sequence[str]) -> str:
    return (
        f"expected a header line, found a line of values ({listed(names, 4)}): write the columns' names above the "
        "rows, or let 'vintner upload --header NAME,NAME,...' do it"
    )


def looks_like_values(names: Sequence[str]) -> bool:
    """Whether what should be a header is more likely a row: all numbers, or one that no one would count columns by."""
    spelled = [name for name in names if name not in MISSING]
    numbers = [number for name in spelled if (number := as_number(name.replace(",", "."))) is not None]
    if len(numbers) < 2 or len(numbers) == len(spelled):
        return bool(numbers)
    near = all(number.is_integer() and abs(number - numbers[0]) < 2 * len(numbers) for number in numbers)
    return not near or len(set(numbers)) < len(numbers)


def notes_on_names(names: Sequence[str]) -> Iterator[str]:
    """What is worth a look in the header."""
    for position, name in enumerate(names, 1):
        if not name or _INDEX_NAME.fullmatch(name):
            yield f"column {position} has no name (the index that DataFrame.to_csv writes?): not used"


def shapely(csv: CsvText, width: int) -> tuple[CsvText, list[Reason], int]:
    """The CSV without the records that have another number of fields than the header, these, and the others' number."""
    reasons = []
    misshapen: list[tuple[int, int | None]] = []
    count = -1
    for line, record in csv.records():
        if misshapen and misshapen[-1][1] is None:
            misshapen[-1] = misshapen[-1][0], line
        if not record[0] and len(record) > 1 and not any(record):
            misshapen.append((line, None))  # delimiters alone, as spreadsheets leave them under the rows: a blank line
        elif len(record) == width:
            count += 1
        else:
            reasons.append(Reason(f"expected {width} fields as in the header, found {len(record)}", line))
            misshapen.append((line, None))
    if not misshapen:
        return csv, [], count
    # Blank lines take the place of the records, so that every other one stays on its line.
    lines = list(split_lines(csv.text))
    for start, end in misshapen:
        for number in range(start - 1, len(lines) if end is None else end - 1):
            lines[number] = "\n"
    return replace(csv, text="".join(lines)), reasons, count
