"""Reading an upload: CSV bytes into a table, or every reason why not, with line and column.

The line structure is checked by the `csv` module, which knows where each record starts; the values are read by
pandas. Both must agree on the number of records. A row that cannot be used is named and left out; too many of them, and
the upload is rejected.
"""

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.formats.csv_dialect import CsvText, open_csv, split_lines
from shared.formats.row_errors import BadTable, Reason, at_most, listed
from shared.formats.values import MISSING, as_number, column_name
from shared.ingestion.column_reader import Problem, notes_on_rows, table_of
from shared.settings import ReadingSettings
from shared.tables.table import Table

_INDEX_NAME: Final = re.compile(r"(?i:unnamed:?_\d+|unnamed)")


@dataclass(frozen=True, eq=False)
class Reading:
    """An upload as it was read: its usable rows, what was detected, why rows were left out, what is worth a look.

    `kept`, of shape (rows of the table,), tells which of the records that have as many fields as the header they are.
    """

    table: Table
    rows: int
    detected: CsvText
    kept: NDArray[np.int64]
    left_out: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = ()


def read_csv(body: bytes, settings: ReadingSettings, columns: Mapping[str, Column] | None = None) -> Reading:
    """Read an upload; raise BadTable with every reason when it is not a usable CSV.

    `columns` are those of the schema. A column that is not among them is of numbers or of texts, as its content says.
    """
    columns = columns or {}
    csv = open_csv(body, [settings.label, *columns], settings.max_upload_mb * 1e6)
    line, names = csv.header()
    _check_header(names, line, settings)
    source, misshapen, count = _shapely(csv, len(names))
    if not count + len(misshapen):
        raise BadTable([Reason("expected at least one row under the header, found none", line=2)])
    _refuse_too_many(misshapen, len(misshapen), count + len(misshapen), settings)
    frame = _parse(source, names, _used_names(names, settings), settings)
    if len(frame) != count:
        raise BadTable([Reason(f"{count} records were counted but {len(frame)} could be parsed: check the quoting")])
    table, problems, notes = table_of(frame, source, settings, columns)
    reasons = sorted([*misshapen, *_located(problems, source)], key=Reason.place)
    bad = {row for row, _, _ in problems}
    _refuse_too_many(reasons, len(misshapen) + len(bad), count + len(misshapen), settings)
    kept = np.flatnonzero(~np.isin(np.arange(count), list(bad)))
    if bad:
        table = table.rows(kept)
    if not len(table):
        raise BadTable(at_most(reasons))
    notes = [*_notes_on_names(names), *notes, *notes_on_rows(table)]
    return Reading(table, count + len(misshapen), csv, kept, tuple(at_most(reasons)), tuple(notes))


def _refuse_too_many(reasons: Sequence[Reason], bad: int, rows: int, settings: ReadingSettings) -> None:
    """Raise BadTable when more than the allowed share of rows cannot be used."""
    if bad > settings.max_bad_share * rows:
        allowed = f"{settings.max_bad_share:g} of the rows may be unusable (VINTNER_MAX_BAD_SHARE)"
        way_out = "correct them, or name what stands for a missing value in VINTNER_MISSING"
        summary = Reason(f"{bad} of {rows} rows cannot be used: at most {allowed}; {way_out}")
        raise BadTable([*at_most(reasons), summary])


def _used_names(names: Sequence[str], settings: ReadingSettings) -> list[str]:
    """The label and the columns that can be features."""
    ignored = {column_name(name) for name in settings.ignore}
    return [name for name in names if name and name not in ignored and not _INDEX_NAME.fullmatch(name)]


def _check_header(names: Sequence[str], line: int, settings: ReadingSettings) -> None:
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
    elif _used_names(names, settings) == [label]:
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


def _notes_on_names(names: Sequence[str]) -> Iterator[str]:
    for position, name in enumerate(names, 1):
        if not name or _INDEX_NAME.fullmatch(name):
            yield f"column {position} has no name (the index that DataFrame.to_csv writes?): not used"


def _shapely(csv: CsvText, width: int) -> tuple[CsvText, list[Reason], int]:
    """The CSV without the records that have another number of fields than the header, these, and the others' number."""
    reasons = []
    misshapen: list[tuple[int, int | None]] = []
    count = -1
    for line, record in csv.records():
        if misshapen and misshapen[-1][1] is None:
            misshapen[-1] = misshapen[-1][0], line
        if len(record) == width:
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


def _parse(csv: CsvText, names: list[str], used: list[str], settings: ReadingSettings) -> pd.DataFrame:
    """The used columns. Those of truth values are texts: pandas would forget how they were spelled."""
    label = column_name(settings.label)
    frame = _read(csv, names, used, {label: str}, settings)
    truths = [name for name in used if pd.api.types.infer_dtype(frame[name], skipna=True) == "boolean"]
    if truths:
        frame[truths] = _read(csv, names, truths, dict.fromkeys(truths, str), settings)
    return frame


def _read(
    csv: CsvText, names: list[str], used: list[str], texts: Mapping[str, type], settings: ReadingSettings
) -> pd.DataFrame:
    wanted = {str(position): name for position, name in enumerate(names) if name in used}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                io.StringIO(csv.text, newline=""),
                sep=csv.delimiter,
                decimal=csv.decimal,
                skipinitialspace=True,
                header=0,
                names=[str(position) for position in range(len(names))],  # several columns may have no name
                usecols=list(wanted),
                index_col=False,
                dtype={position: texts[name] for position, name in wanted.items() if name in texts},
                na_values={position: list(settings.missing) for position, name in wanted.items() if name not in texts},
                keep_default_na=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            raise BadTable([Reason(f"expected a CSV, found one that cannot be parsed ({error})")]) from None
    return frame.rename(columns=wanted)


def _located(problems: Sequence[Problem], csv: CsvText) -> list[Reason]:
    """Reasons with the line on which each row starts."""
    if not problems:
        return []
    lines = [line for line, _ in csv.records()]
    return [Reason(problem, lines[row + 1], column) for row, column, problem in sorted(problems)]
