"""The test set and the slots as files that mean the same as the file that they come from.

They are UTF-8 with commas. Each is read back as an upload would be, and compared; what the test set alone would not
show of a column (a rare spelling, a date that could be read either way) goes into `data/schema.json`.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cli.inspection.inspect import Inspection
from cli.scaffolding.split import Indices
from shared.errors import Rejected, VintnerError
from shared.formats.row_errors import BadTable, listed
from shared.formats.values import as_number, category_text
from shared.ingestion.csv_reader import read_csv
from shared.tables.encoding import encode
from shared.tables.schema import Override, Schema, infer_schema
from shared.tables.table import Table

SAME: Final = 1e-12  # relative: a text and a number column are not parsed by the same code, down to the last bit


@dataclass(frozen=True, eq=False)
class CsvFiles:
    """The bytes of the test set and of the slots, by file, and the inspection under which they mean the same."""

    inspection: Inspection
    bodies: dict[str, bytes]


def csv_files(inspection: Inspection, parts: dict[str, Indices]) -> CsvFiles:
    """Write the rows of each part, the test set first; raise VintnerError when they would not mean the same."""
    bodies = _bodies(inspection, parts)
    test, *slots = bodies.values()
    settled = _settle(inspection, test)
    if problem := _difference(settled, [test, *slots], list(parts.values())):
        raise VintnerError(f"{problem}: leave the column out with --ignore, or spell its values differently")
    return CsvFiles(settled, bodies)


def _bodies(inspection: Inspection, parts: dict[str, Indices]) -> dict[str, bytes]:
    source, nameless = inspection.source, set(inspection.nameless)
    positions = [position for position in range(len(source.names)) if position not in nameless]
    records = source.records()
    as_they_are = {column.name for column in inspection.schema.columns if column.number_format or column.exact}
    with_comma = source.text.decimal == ","
    written = [_with_point if with_comma and source.names[at] not in as_they_are else str for at in positions]
    bodies = {}
    for name, rows in parts.items():
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([source.spelled[position] for position in positions])
        for row in inspection.reading.kept[rows].tolist():
            writer.writerow(cell(records[row][position]) for position, cell in zip(positions, written, strict=True))
        bodies[name] = text.getvalue().encode()
    return bodies


def _with_point(cell: str) -> str:
    """A number with a decimal comma, with a point; every other cell as it is."""
    return cell if as_number(cell.strip(), ",") is None else category_text(cell, ",")


def _settle(inspection: Inspection, test: bytes) -> Inspection:
    """Say of columns what the test set alone does not show, and ignore those that it alone would make features."""
    apart = _read_differently(inspection, test)
    for _ in range(3):
        more = [name for name in _read_differently(_saying(inspection, apart), test) if name not in apart]
        if not more:
            break
        apart += more
    return _saying(inspection, apart)


def _saying(inspection: Inspection, names: Sequence[str]) -> Inspection:
    columns = {column.name: replace(column, why="") for column in inspection.schema.columns if column.name in names}
    ignored = [name for name, column in columns.items() if not column.is_feature and "," not in name]
    overridden = {name: column for name, column in columns.items() if name not in ignored}
    return replace(
        inspection,
        ignored=(*inspection.ignored, *ignored),
        why={
            **inspection.why,
            **{column.name: column.why for column in inspection.schema.columns if column.name in ignored},
        },
        override=Override({**inspection.override.columns, **overridden}),
        schema=Schema(tuple(column for column in inspection.schema.columns if column.name not in ignored)),
    )


def _read_differently(inspection: Inspection, test: bytes) -> list[str]:
    """The columns that are something else when the test set is all that is known, in the order of the schema."""
    overridden = inspection.override.columns
    try:
        reading = read_csv(test, inspection.settings, overridden)
        columns = {column.name: column for column in infer_schema([reading.table], inspection.override).columns}
        odd = {reason.column for reason in reading.left_out}
    except BadTable as error:
        columns, odd = {}, {reason.column for reason in error.reasons if reason.column}
    except Rejected:  # no column would be a feature
        columns, odd = {}, {column.name for column in inspection.schema.columns}
    return [
        column.name
        for column in inspection.schema.columns
        if column.name not in overridden
        and (column.name in odd or (column.name in columns and not column.like(columns[column.name])))
    ]


def _difference(inspection: Inspection, bodies: Sequence[bytes], parts: Sequence[Indices]) -> str:
    """Where a file read back is not the rows that were meant; empty when all is the same."""
    known = [
        inspection.override.columns,
        *[{column.name: column for column in inspection.schema.columns}] * len(bodies[1:]),
    ]
    for body, rows, columns in zip(bodies, parts, known, strict=True):
        try:
            table = read_csv(body, inspection.settings, columns).table
        except BadTable as error:
            return f"the rows cannot be written so that they mean the same ({error.reasons[0]})"
        if apart := _apart(inspection.schema, inspection.reading.table.rows(rows), table):
            return f"values of {listed(apart)} cannot be written so that they mean the same"
    return ""


def _apart(schema: Schema, meant: Table, read: Table) -> list[str]:
    """The columns in which two tables differ."""
    if len(meant) != len(read):
        return ["the label"]
    _, (first, second) = encode([meant, read], schema.features)
    same = np.isclose(first, second, rtol=SAME, atol=0, equal_nan=True)
    apart = [column.name for column, is_same in zip(schema.features, same.T, strict=True) if not is_same.all()]
    return apart if np.array_equal(_labels(meant), _labels(read)) else [*apart, "the label"]


def _labels(table: Table) -> NDArray[np.object_]:
    return np.array(table.labels, object)[table.codes]
