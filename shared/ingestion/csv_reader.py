"""Reading an upload: CSV bytes into a table, or every reason why not, with line and column.

The way is one of one direction; each step hands its result to the next and none calls back:

    bytes -> text and dialect                    formats.csv_dialect
          -> header and records of its width     ingestion.csv_structure   (line numbers are known here)
          -> numbers and texts, by pandas        ingestion.csv_values
          -> typed columns, labels, bad cells    ingestion.column_reader   (by formats.columns, cell by distinct cell)
          -> the table of the usable rows        here

Structure and values must agree on the number of records. A row that cannot be used is named and left out; too many of
them, and the upload is rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.formats.csv_dialect import CsvText, open_csv
from shared.formats.row_errors import BadTable, Reason, at_most
from shared.ingestion.column_reader import Problem, notes_on_rows, table_of
from shared.ingestion.csv_structure import check_header, notes_on_names, shapely, used_names
from shared.ingestion.csv_values import parse
from shared.settings import ReadingSettings
from shared.tables.table import Table


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
    check_header(names, line, settings)
    source, misshapen, count = shapely(csv, len(names))
    if not count + len(misshapen):
        raise BadTable([Reason("expected at least one row under the header, found none", line=2)])
    _refuse_too_many(misshapen, len(misshapen), count + len(misshapen), settings)
    frame = parse(source, names, used_names(names, settings), settings, columns)
    if len(frame) != count:
        raise BadTable([Reason(f"{count} records were counted but {len(frame)} could be parsed: check the quoting")])
    table, problems, notes = table_of(frame, source, settings, columns)
    reasons = sorted([*misshapen, *_located(problems, source)], key=Reason.place)
    bad = {problem.row for problem in problems}
    _refuse_too_many(reasons, len(misshapen) + len(bad), count + len(misshapen), settings, notes)
    kept = np.flatnonzero(~np.isin(np.arange(count), list(bad)))
    if bad:
        table = table.rows(kept)
    if not len(table):
        raise BadTable(at_most(reasons))
    notes = [*notes_on_names(names), *notes, *notes_on_rows(table)]
    return Reading(table, count + len(misshapen), csv, kept, tuple(at_most(reasons)), tuple(notes))


def _refuse_too_many(
    reasons: Sequence[Reason], bad: int, rows: int, settings: ReadingSettings, notes: Sequence[str] = ()
) -> None:
    """Raise BadTable when more than the allowed share of rows cannot be used, with the notes on columns."""
    if bad > settings.max_bad_share * rows:
        allowed = f"{settings.max_bad_share:g} of the rows may be unusable (VINTNER_MAX_BAD_SHARE)"
        way_out = "correct them, or name what stands for a missing value in VINTNER_MISSING"
        summary = Reason("; ".join([f"{bad} of {rows} rows cannot be used: at most {allowed}", *notes, way_out]))
        raise BadTable([*at_most(reasons), summary])


def _located(problems: Sequence[Problem], csv: CsvText) -> list[Reason]:
    """Reasons with the line on which each row starts."""
    if not problems:
        return []
    lines = [line for line, _ in csv.records()]
    return [problem.reason(lines[problem.row + 1]) for problem in problems]
