"""Columns as people spell them, from the cells of a file to the values of the model and of a request."""

import csv
import io
import json
import re
import shlex
from collections.abc import Sequence

import numpy as np
import pytest

from shared.formats.columns import Column, Value
from shared.formats.row_errors import BadTable
from shared.formats.values import MISSING
from shared.ingestion.csv_reader import Reading, read_csv
from shared.settings import Settings
from shared.tables.encoding import encode
from shared.tables.schema import Override, infer_schema

SETTINGS = Settings("bucket", "label")
KEY = "data/schema.json"
HALF = "%m/%d/%Y %I:%M %p"


def read(cells: Sequence[str], columns: dict[str, Column] | None = None, delimiter: str = ",") -> Reading:
    """The reading of a file with these cells in column ``a``."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    rows.writerow(["a", "b", "label"])
    rows.writerows([cell, number, "xy"[number % 2]] for number, cell in enumerate(cells))
    return read_csv(text.getvalue().encode(), SETTINGS, columns)


def column_of(reading: Reading) -> Column:
    return infer_schema([reading.table]).columns[0]


def values_of(reading: Reading, column: Column) -> list[Value]:
    encoding, [matrix] = encode([reading.table], [column])
    return [row[0] for row in encoding.cells(matrix)]


def days(*texts: str) -> list[Value]:
    return [float(np.datetime64(text, "s").astype(int)) / 86_400 for text in texts]


SPELLED: dict[str, tuple[list[str], dict[str, object], list[Value]]] = {
    "percent": (["12.50%", "3%", ""], {"kind": "number", "format": "1234.5%"}, [12.5, 3.0, None]),
    "dollars": (["$1,200", "$45.10"], {"kind": "number", "format": "$1,234.5"}, [1200.0, 45.1]),
    "euros": (["1 200 EUR", "45 EUR"], {"kind": "number", "format": "1 234.5 EUR"}, [1200.0, 45.0]),
    "German": (["1.234,5", "3,5", "NA"], {"kind": "number", "format": "1.234,5"}, [1234.5, 3.5, None]),
    "decimal comma": (["3,14", "2,5"], {"kind": "number", "format": "1234,5"}, [3.14, 2.5]),
    "accounting": (["(45)", "12"], {"kind": "number", "format": "(1234.5)"}, [-45.0, 12.0]),
    "the largest": (["7", "12", "803", "1,803"], {"kind": "number", "format": "1,234.5"}, [7.0, 12.0, 803.0, 1803.0]),
    "a unit": (["5 km", "12 km"], {"kind": "number", "format": "1234.5 km"}, [5.0, 12.0]),
    "hours and minutes": (["18.00", "19.30"], {"kind": "number"}, [18.0, 19.3]),
    "a time with points": (["18.00.00", "06.00.00"], {"kind": "date", "format": "%H.%M.%S"}, [0.75, 0.25]),
    "a time": (["18:00:00", "06:00:00"], {"kind": "date", "format": "%H:%M:%S"}, [0.75, 0.25]),
    "digits alone": (["20241122", "20241101"], {"kind": "date", "format": "%Y%m%d"}, days("2024-11-22", "2024-11-01")),
    "two digits": (["11/22/24", "11/01/24"], {"kind": "date", "format": "%m/%d/%y"}, days("2024-11-22", "2024-11-01")),
    "short months": (["22-Nov-2024", "NA"], {"kind": "date", "format": "%d-%b-%Y"}, [*days("2024-11-22"), None]),
    "in words": (["November 22, 2024"], {"kind": "date", "format": "%b %d, %Y"}, days("2024-11-22")),
    "half of a day": (
        ["1/22/2024 01:30 PM"],
        {"kind": "date", "format": "%m/%d/%Y %I:%M %p"},
        days("2024-01-22T13:30"),
    ),
    "zone": (["2024/01/22 02:00:00+02"], {"kind": "date", "format": "%Y/%m/%d %H:%M:%S%z"}, days("2024-01-22")),
    "months": (["2024-11", "2023-01"], {"kind": "date", "format": "%Y-%m"}, days("2024-11-01", "2023-01-01")),
    "French": (["22 févr. 2024"], {"kind": "date", "format": "%d %b %Y"}, days("2024-02-22")),
    "zips": (["00501", "10001", "00501"], {"kind": "category", "exact": True}, ["00501", "10001", "00501"]),
}


@pytest.mark.parametrize(("cells", "document", "values"), SPELLED.values(), ids=SPELLED)
def test_a_column_that_agrees_is_what_it_means(
    cells: list[str], document: dict[str, object], values: list[Value]
) -> None:
    reading = read(cells)
    column = column_of(reading)
    assert column.as_document() == document
    assert values_of(reading, column) == values


@pytest.mark.parametrize(("cells", "document", "values"), SPELLED.values(), ids=SPELLED)
def test_a_slot_and_a_request_understand_the_same(
    cells: list[str], document: dict[str, object], values: list[Value]
) -> None:
    column = column_of(read(cells))
    assert values_of(read(cells, {"a": column}), column) == values
    assert [column.parse(cell, MISSING) for cell in cells] == values
    if not column.plain:
        assert [column.accept(cell, MISSING) for cell in cells] == values


@pytest.mark.parametrize(("cells", "document", "values"), SPELLED.values(), ids=SPELLED)
def test_what_was_understood_can_be_said(cells: list[str], document: dict[str, object], values: list[Value]) -> None:
    said = Override({"a": column_of(read(cells))})
    again = Override.parse(json.dumps(said.as_document()).encode(), KEY)
    reading = read(cells, again.columns)
    assert values_of(reading, infer_schema([reading.table], again).columns[0]) == values


def said_by(note: str) -> Override:
    """What the command in a note says."""
    [option] = re.findall(r"vintner schema --set ('[^']*'|\S+)", note)
    name, _, kind = shlex.split(option)[0].partition("=")
    kind, _, form = kind.partition(":")
    document = {"columns": {name: {"kind": kind, **({"format": form} if form else {})}}}
    return Override.parse(json.dumps(document).encode(), KEY)


DATES = [f"{day:02}.{month:02}.24" for day in range(10, 28) for month in range(1, 13)]
ALMOST: dict[str, tuple[list[str], str, str]] = {
    "dates": ([*DATES, *["unknown"] * 7], "216 of 223 values look like dates of the form %d.%m.%y", "date"),
    "ISO dates": (["2024-01-31"] * 9 + ["soon"], "9 of 10 values look like dates of the form ISO 8601", "date"),
    "times": (["19:30"] * 9 + ["late"], "9 of 10 values look like times of day of the form %H:%M", "date"),
    "units": (["5 km", "6 km", "3 mi"], "2 of 3 values look like numbers of the form 1234.5 km", "number"),
    "dollars": (["$1,200", "$30", "free"], "2 of 3 values look like numbers of the form $1,234.5", "number"),
}


@pytest.mark.parametrize(("cells", "problem", "kind"), ALMOST.values(), ids=ALMOST)
def test_a_column_that_almost_agrees_is_named_with_the_command_that_settles_it(
    cells: list[str], problem: str, kind: str
) -> None:
    reading = read(cells)
    assert column_of(reading).kind in {"category", "unused"}
    [note] = [note for note in reading.warnings if "look like" in note]
    assert note.startswith(f"column a: {problem}")
    settled = read_csv_with(cells, said_by(note))
    column = infer_schema([settled.table], said_by(note)).columns[0]
    assert column.kind == kind
    assert None not in values_of(settled, column)
    assert len(settled.left_out) == len(cells) - int(problem.split(maxsplit=1)[0])


def read_csv_with(cells: Sequence[str], said: Override) -> Reading:
    """The reading where up to half of the rows may be unusable."""
    text = "a,label\n" + "".join(f'"{cell}",x\n' for cell in cells)
    return read_csv(text.encode(), Settings("bucket", "label", max_bad_share=0.5), said.columns)


def test_an_open_thousands_mark_is_named_with_the_command_for_the_other_meaning() -> None:
    column = column_of(read(["1,234", "5,678"]))
    assert column.number_format == "1,234.5"
    other = said_by(column.why)
    reading = read(["1,234", "5,678"], other.columns)
    assert values_of(reading, infer_schema([reading.table], other).columns[0]) == [1.234, 5.678]


OPEN: dict[str, tuple[str, list[str], list[float]]] = {
    "tabs": ("\t", ["7", "803", "1,803"], [7.0, 803.0, 1803.0]),
    "bars": ("|", ["7", "803", "1,803"], [7.0, 803.0, 1803.0]),
    "tabs, with a decimal elsewhere": ("\t", ["0,7", "8,3", "1,803"], [0.7, 8.3, 1.803]),
    "semicolons": (";", ["7", "803", "1,803"], [7.0, 803.0, 1.803]),
}


@pytest.mark.parametrize(("delimiter", "cells", "values"), OPEN.values(), ids=OPEN)
def test_three_digits_after_a_comma_are_thousands_unless_semicolons_delimit(
    delimiter: str, cells: list[str], values: list[float]
) -> None:
    reading = read(cells, delimiter=delimiter)
    assert values_of(reading, column_of(reading)) == values


def test_a_file_with_decimal_commas_says_what_a_point_means() -> None:
    text = "a;b;c;label\n1.234;1,5;0,5;x\n56.789;2,5;0,7;y\n"
    reading = read_csv(text.encode(), SETTINGS)
    assert values_of(reading, column_of(reading)) == [1234.0, 56789.0]


MONTH_FIRST = ["01/02/2024", "01/25/2024"]


@pytest.mark.parametrize("cells", [["01/02/2024", "25/01/2024"], ["01/02/2024", "03/04/2024"]], ids=["sure", "open"])
def test_a_slot_whose_dates_have_day_and_month_swapped_is_refused(cells: list[str]) -> None:
    column = column_of(read(cells))
    assert column.date_format == "%d/%m/%Y"
    with pytest.raises(BadTable, match="day and month are swapped") as raised:
        read(MONTH_FIRST, {"a": column})
    assert said_by(str(raised.value)).columns["a"].date_format == "%m/%d/%Y"


def test_iso_dates_are_understood_in_a_slot_of_another_format() -> None:
    column = column_of(read(["22.11.24", "23.11.24"]))
    reading = read(["2024-11-22", "23.11.24"], {"a": column})
    assert values_of(reading, column) == days("2024-11-22", "2024-11-23")


def test_plain_numbers_are_understood_in_a_column_of_another_spelling() -> None:
    column = column_of(read(["$1,200", "$45.10"]))
    assert values_of(read(["1200", "45.5"], {"a": column}), column) == [1200.0, 45.5]
    assert column.accept(1200, MISSING) == 1200.0


def test_a_slot_of_another_spelling_is_told_what_to_type() -> None:
    with pytest.raises(BadTable) as raised:
        read(["$1,200", "$45.10"], {"a": Column("a")})
    assert said_by(str(raised.value)).columns["a"].number_format == "$1,234.5"


CODES: dict[str, tuple[list[str], str]] = {
    "with letters": ([f"{number}" for number in range(101, 130)] + ["2A", "2B"], "2A"),
    "with leading zeros": ([f"{number:02}" for number in range(1, 30)], "01"),
    "short ones": ([*map(str, range(1, 25)), "A", "C", "D", "5 7"], "C"),
    "with both": ([f"{number:02}" for number in range(1, 30)] + ["2A", "2B"], "2A"),
}


@pytest.mark.parametrize(("codes", "code"), CODES.values(), ids=CODES)
def test_codes_are_categories_and_no_mistakes(codes: list[str], code: str) -> None:
    reading = read(codes * 5)
    column = column_of(reading)
    assert (column.kind, reading.left_out) == ("category", ())
    assert set(values_of(reading, column)) == set(codes)
    assert column.accept(code, MISSING) == code
    [note] = [note for note in reading.warnings if "has codes" in note]
    assert "vintner schema --set a=category" in note


def test_a_code_is_not_answered_as_its_number() -> None:
    column = column_of(read(CODES["with leading zeros"][0] * 5))
    assert column.accept("01", MISSING) != column.accept("1", MISSING)
    assert column.accept("01", MISSING) != column.accept(1, MISSING)


def test_texts_that_do_not_repeat_are_mistakes_among_numbers() -> None:
    reading = read([*map(str, range(40)), "2A"], {})
    assert column_of(reading).kind == "number"
    assert len(reading.left_out) == 1


UNKNOWN: dict[str, tuple[list[str], str, str | None]] = {
    "one word among many ages": ([*map(str, range(18, 90)), *["unknown"] * 5] * 3, "number", None),
    "two short answers among many ages": ([*map(str, range(18, 90)), "DK", "RF"] * 3, "number", None),
    "a word among few counts": ([*"01234", "not known"] * 4, "category", "vintner schema --missing 'a=not known'"),
    "below what is detected": ([f"0.{n}" for n in range(100, 160)] + ["<0.006"] * 40, "category", "--missing 'a=<0."),
    "names": (["1st", "2nd", "3rd", *["3rd"] * 4], "category", None),
}


@pytest.mark.parametrize(("cells", "kind", "way_out"), UNKNOWN.values(), ids=UNKNOWN)
def test_texts_among_numbers_are_noted_with_what_they_may_mean(
    cells: list[str], kind: str, way_out: str | None
) -> None:
    reading = read_csv_with(cells, Override())
    assert column_of(reading).kind == kind
    found = [note for note in reading.warnings if note.startswith("column a")]
    assert [str(way_out) in note for note in found] == ([True] if way_out else [])


def test_whole_numbers_beyond_float64_stay_apart_as_categories() -> None:
    cells = ["9007199254740992", "9007199254740993"] * 3
    said = {"a": Column("a", "category")}
    reading = read(cells, said)
    column = infer_schema([reading.table], Override(said)).columns[0]
    assert values_of(reading, column) == cells
    assert column.accept(9007199254740993, MISSING) == "9007199254740993"
