"""The structure of a CSV: is its header line one, and which records have as many fields as it.

The `csv` module knows on which line each record starts, which pandas does not.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import pandas as pd

from shared.formats.csv_dialect import TITLE_RECORDS, CsvText, without_lines
from shared.formats.numbers import has_parts
from shared.formats.row_errors import BadTable, Reason, at_most, listed
from shared.formats.values import MISSING, as_number, column_name, column_names, is_index_name
from shared.settings import ReadingSettings

SECOND_HEADERS: Final = 3
SAMPLED_ROWS: Final = 100
ENOUGH_BELOW: Final = 3
ENOUGH_NUMBERS: Final = 2
CONSECUTIVE: Final = 0.9
ROLES: Final = 2  # the line under the header that may have the columns' roles

NO_FEATURE: Final = "expected at least one feature column beside the label, found none"


@dataclass(frozen=True)
class Header:
    """The names of the columns: `spelled` as in the file, `names` each once; the `line` that they are on; notes."""

    line: int
    spelled: tuple[str, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def nameless(self) -> list[str]:
        """The columns that have no name in the file."""
        return [name for name, text in zip(self.names, self.spelled, strict=True) if not text.strip()]

    @property
    def repeats(self) -> dict[str, str]:
        """The first column of each that repeats its name."""
        first: dict[str, str] = {}
        repeated = {}
        for name, text in zip(self.names, map(column_name, self.spelled), strict=True):
            if text and first.setdefault(text, name) != name:
                repeated[name] = first[text]
        return repeated


def find_header(csv: CsvText, label: str) -> tuple[Header, CsvText]:
    """The header, and the CSV without the lines of a title above it and of a second header under it.

    It is the first line that has the label, if one does.
    """
    label = column_name(label)
    first = list(islice(csv.records(), TITLE_RECORDS))
    place = next((place for place, (_, cells) in enumerate(first) if label and label in map(column_name, cells)), 0)
    line, cells = first[place] if first else (1, [""])
    notes = []
    if place:
        csv = without_lines(csv, [(first[0][0], line)])
        notes.append(f"the header is on line {line}: the lines above it are not read")
    elif looks_like_values(list(map(column_name, cells))):
        notes.append(
            f"the header looks like a row of values ({listed(cells, 4)}): if it is one, name the columns: "
            "vintner upload --header NAME,NAME,..."
        )
    header = Header(line, tuple(cells), tuple(column_names(cells)))
    seconds = _second_headers(csv, len(cells))
    for start, _ in seconds:
        notes.append(
            f"line {start} is taken for a second header line and not read; if it has the names, make it the header: "
            f"vintner upload --header-line {start}"
        )
    return replace(header, notes=tuple(notes)), without_lines(csv, seconds) if seconds else csv


def _second_headers(csv: CsvText, width: int) -> list[tuple[int, int | None]]:
    """The records under the header, at most three, that have a text where all others have numbers.

    Exports of surveys have the questions there, and below these what one of the platforms calls import ids. Tables of
    Orange have the kinds of the columns there, and below these their roles.
    """
    rows = list(islice(csv.records(), 1, 1 + SAMPLED_ROWS))
    found: list[tuple[int, int | None]] = []
    if len(rows) > ROLES and _are_roles(rows[ROLES - 1][1]):
        return [(rows[place][0], rows[place + 1][0]) for place in range(ROLES)]
    for place, (line, record) in enumerate(rows[:SECOND_HEADERS]):
        below = [cells for _, cells in rows[place + SECOND_HEADERS :] if len(cells) == width]
        if len(record) != width or not (_is_import_ids(record) or _heads(record, below, csv.decimal)):
            break
        found.append((line, rows[place + 1][0] if place + 1 < len(rows) else None))
    return found


def _are_roles(record: Sequence[str]) -> bool:
    cells = {cell.strip() for cell in record}
    return "class" in cells and cells <= {"", "class", "meta", "ignore", "i", "m"}


def _is_import_ids(record: Sequence[str]) -> bool:
    return all(cell.startswith('{"ImportId"') for cell in record)


def _heads(record: Sequence[str], below: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether a record has a text in at least two columns of numbers, and a number in none."""
    if len(below) < ENOUGH_BELOW:
        return False
    numbers = 0
    for cell, column in zip(record, zip(*below, strict=True), strict=True):
        present = [text.strip() for text in column if text.strip() not in MISSING]
        if not present or any(as_number(text, decimal) is None for text in present):
            continue
        if cell.strip() in MISSING or has_parts(cell):
            return False
        numbers += 1
    return numbers >= ENOUGH_NUMBERS


def used_names(names: Sequence[str], settings: ReadingSettings) -> list[str]:
    """The label and the columns that can be features."""
    ignored = {column_name(name) for name in settings.ignore}
    return [name for name in names if name not in ignored and not is_index_name(name)]


def check_header(header: Header, settings: ReadingSettings) -> None:
    """Raise BadTable unless the names can be those of the columns, with the label among them."""
    label = column_name(settings.label)
    names = [column_name(text) for text in header.spelled]
    reasons = []
    if label not in header.names:
        if looks_like_values(names):
            raise BadTable([Reason(_no_header(names), header.line)])
        near = difflib.get_close_matches(label.casefold(), [name.casefold() for name in names], 1)
        meant = next((name for name in names if near and name.casefold() == near[0]), "")
        hint = f"; is it {meant!r}?" if meant else spaced(header.spelled)
        found = f"found the columns {listed(names, 12)}: check the header line and VINTNER_LABEL{hint}"
        reasons.append(Reason(f"expected the label column {settings.label!r}, {found}", header.line))
    elif used_names([name for name in names if name], settings) == [label] and not header.nameless:
        reasons.append(Reason(NO_FEATURE, header.line))
    if reasons:
        raise BadTable(at_most(reasons))


def spaced(cells: Sequence[str]) -> str:
    """What to do about a header whose names spaces separate; empty where it is no such header."""
    if len(cells) > 1 or len(names := cells[0].split()) == 1:
        return ""
    return (
        f". Its {len(names)} names seem to be separated by spaces: separate the columns by commas, as "
        "\"sed -E 's/^ +//; s/ +/,/g'\" does"
    )


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


def superfluous(frame: pd.DataFrame, header: Header, known: Collection[str]) -> tuple[list[str], list[str]]:
    """The columns that are not read, and notes: an index or nothing under no name, a repetition of another column.

    `known` are the columns of the schema, which stay.
    """
    gone: list[str] = []
    notes: list[str] = []
    nameless, repeats = set(header.nameless), header.repeats
    same: dict[str, list[str]] = {}
    different: dict[str, list[str]] = {}
    for position, (name, text) in enumerate(zip(header.names, header.spelled, strict=True), 1):
        if (text.strip() and is_index_name(column_name(text))) or (name in frame and name in nameless):
            if name in frame and (name in known or not _is_index(frame[name], position)):
                notes.append(f"column {position} has no name: it is read as {name}")
                continue
            gone.append(name)
            notes.append(f"column {position} has no name (the index that DataFrame.to_csv writes?): not used")
        elif name in frame and (first := repeats.get(name)) in frame:
            is_same = name not in known and frame[name].equals(frame[first])
            (same if is_same else different).setdefault(str(first), []).append(name)
            gone += [name] if is_same else []
    for first, again in same.items():
        notes.append(f"column {first} is there {len(again) + 1} times with the same values: read once")
    for first, again in different.items():
        notes.append(f"column {first} is there again with other values: read as {listed(again)}")
    return [name for name in gone if name in frame], notes


def _is_index(column: "pd.Series[Any]", position: int) -> bool:
    """Whether a column without a name is one of row names or numbers, which comes first, or has no value."""
    present = column.dropna()
    if present.dtype == object or pd.api.types.is_string_dtype(present):
        present = present[present.astype(str).str.strip() != ""]
    if not len(present):
        return True
    if position > 1 or len(present) < len(column):
        return False
    if present.is_unique:
        return True
    return bool(pd.api.types.is_integer_dtype(present) and (present.diff() == 1).mean() > CONSECUTIVE)


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
    return without_lines(csv, misshapen), reasons, count
