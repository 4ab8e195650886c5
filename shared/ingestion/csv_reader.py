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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.formats.csv_dialect import CsvText, open_csv
from shared.formats.row_errors import MAX_REASONS, BadTable, Reason, at_most
from shared.formats.variables import MEGABYTE
from shared.ingestion.column_reader import Problem, TypedRows, notes_on_rows, table_of
from shared.ingestion.csv_structure import NO_FEATURE, check_header, find_header, shapely, superfluous, used_names
from shared.ingestion.csv_values import parse
from shared.ingestion.encodings import guess_encoding, notes_on_bytes
from shared.settings import ReadingSettings
from shared.tables.table import Table

NAMED_UNLABELLED: Final = 20
NAMED_WAYS_OUT: Final = 5


@dataclass(frozen=True, eq=False)
class Reading:
    """An upload as it was read: its usable rows, what was detected, why rows were left out, what is worth a look.

    `kept`, of shape (rows of the table,), tells which of the records that have as many fields as the header they are.
    `left_out` names the rows that cannot be used; the `unlabelled` ones are only counted. `detected` has no text.
    """

    table: Table
    rows: int
    detected: CsvText
    kept: NDArray[np.int64]
    left_out: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = ()
    unlabelled: int = 0


def read_csv(
    body: bytes,
    settings: ReadingSettings,
    columns: Mapping[str, Column] | None = None,
    known_labels: Collection[str] | None = None,
) -> Reading:
    """Read an upload; raise BadTable with every reason when it is not a usable CSV.

    `columns` are those of the schema. A column that is not among them is of numbers or of texts, as its content says.
    `known_labels` are the labels of the test set, for a slot.
    """
    columns = columns or {}
    csv = open_csv(body, [settings.label, *columns], settings.max_upload_mb * MEGABYTE, guess_encoding)
    del body  # it is as large as the text
    header, source = find_header(csv, settings.label)
    check_header(header, settings)
    source, misshapen, count = shapely(source, len(header.names))
    rows = count + len(misshapen)
    if not rows:
        raise BadTable([Reason("expected at least one row under the header, found none", line=2)])
    _refuse_too_many(misshapen, len(misshapen), rows, settings)
    frame = parse(source, list(header.names), used_names(header.names, settings), settings, columns)
    if len(frame) != count:
        raise BadTable([Reason(f"{count} records were counted but {len(frame)} could be parsed: check the quoting")])
    gone, on_names = superfluous(frame, header, columns)
    if len(frame.columns) == len(gone) + 1:
        raise BadTable([Reason(NO_FEATURE, header.line)])
    left_out = set(gone)
    cells = {str(name): column for name, column in frame.items() if name not in left_out}
    del frame
    typed = table_of(cells, source, settings, columns, known_labels)
    del cells
    mistaken = typed.bad - typed.unlabelled
    reasons = [*misshapen, *_located(_worth_naming(typed, mistaken), source)]
    reasons.sort(key=Reason.place)
    bad = len(misshapen) + len(mistaken)
    ways_out = [*typed.notes, *typed.ways_out]
    _refuse_too_many(reasons, bad, rows - len(typed.unlabelled), settings, ways_out)
    kept = np.flatnonzero(~np.isin(np.arange(count), list(typed.bad)))
    table = typed.table.rows(kept) if typed.bad else typed.table
    if not len(table):
        raise BadTable(at_most(reasons))
    if typed.unlabelled:
        reasons = [*misshapen, *_located([one for one in typed.problems if one.row in mistaken], source)]
        reasons.sort(key=Reason.place)
    notes = [
        *notes_on_bytes(csv),
        *header.notes,
        *on_names,
        *_note_on_unlabelled(typed, rows),
        *typed.notes,
        *notes_on_rows(table),
    ]
    bare = replace(csv, text="")  # a receipt says how the text was read, and needs it no more
    return Reading(table, rows, bare, kept, tuple(at_most(reasons)), tuple(_shortened(notes)), len(typed.unlabelled))


def _shortened(notes: Sequence[str]) -> list[str]:
    """The first notes, and how many more there are: a receipt stays small however many columns a file has."""
    more = len(notes) - MAX_REASONS
    return list(notes) if more <= 0 else [*notes[:MAX_REASONS], f"and {more} more notes"]


def _worth_naming(typed: TypedRows, mistaken: Collection[int]) -> list[Problem]:
    """The problems; without those of the rows that have no label where these are many and not the only ones."""
    if len(typed.unlabelled) <= NAMED_UNLABELLED or not mistaken:
        return typed.problems
    return [problem for problem in typed.problems if problem.row in mistaken]


def _note_on_unlabelled(typed: TypedRows, rows: int) -> list[str]:
    many = len(typed.unlabelled)
    return [f"{many} of {rows} rows have no label and are left out"] if many else []


def _refuse_too_many(
    reasons: Sequence[Reason], bad: int, rows: int, settings: ReadingSettings, ways_out: Sequence[str] = ()
) -> None:
    """Raise BadTable when more than the allowed share of rows cannot be used, with what can be done about columns."""
    if bad > settings.max_bad_share * rows:
        allowed = f"{settings.max_bad_share:g} of the rows may be unusable (VINTNER_MAX_BAD_SHARE)"
        more = [f"and {len(ways_out) - NAMED_WAYS_OUT} more columns"] if len(ways_out) > NAMED_WAYS_OUT else []
        ways = [*ways_out[:NAMED_WAYS_OUT], *more] if ways_out else ["correct them"]
        summary = Reason("; ".join([f"{bad} of {rows} rows cannot be used: at most {allowed}", *ways]))
        raise BadTable([*at_most(reasons), summary])


def _located(problems: Sequence[Problem], csv: CsvText) -> list[Reason]:
    """Reasons with the line on which each row starts."""
    if not problems:
        return []
    lines = [line for line, _ in csv.records()]
    return [problem.reason(lines[problem.row + 1]) for problem in problems]
