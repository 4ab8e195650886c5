import numpy as np
import pytest

from cli.console.output import first_reasons, plural, read_as
from cli.inspection.column_summary import hint_at_zeros, summarize, zeros_look_missing
from shared.formats.columns import Column
from shared.ingestion.csv_reader import read_csv
from shared.settings import Settings
from tests.support.csv_tables import csv_text
from tests.tables.imitations import imitation

ZEROS = {
    "pressures": ([0, 0, *range(60, 100)], True),
    "many": ([0] * 50 + [*range(60, 100)], True),
    "most": ([0] * 90 + [*range(60, 100)], False),
    "none": ([*range(60, 100)], False),
    "counts": ([0, 0, *range(1, 40)], False),
    "codes": ([0, 0, 100, 200, 300], False),
    "signed": ([0, 0, *range(-100, -60), *range(60, 100)], False),
    "fractions": ([0, 0.0, *np.linspace(0.01, 3, 40)], False),
}
SETTINGS = Settings(bucket="", label="y")


@pytest.mark.parametrize(("values", "is_missing"), ZEROS.values(), ids=ZEROS)
def test_zeros_look_missing_where_all_else_is_far(values: list[float], is_missing: bool) -> None:
    assert zeros_look_missing(np.array(values, float)) is is_missing


def test_the_zeros_of_pima_are_found() -> None:
    one = imitation("pima")
    table = read_csv(one.slots[0], Settings(bucket="", label=one.label)).table
    summaries = [summarize(Column(name), [table]) for name in table.features]
    found = [summary.column.name for summary in summaries if summary.zeros]
    assert found == ["Glucose", "BloodPressure", "SkinThickness", "Insulin", "BMI"]
    assert str(hint_at_zeros(summaries)).endswith(" ".join(f"--missing {name}=0" for name in found))


WORDS = {
    "number": (Column("a"), ["1", "2.5", ""], "1 to 2.5; 33% missing"),
    "constant": (Column("a"), ["2", "2"], "always 2"),
    "empty": (Column("a"), ["", ""], "no value; 100% missing"),
    "few": (Column("a", "category"), ["x", "y", "y"], "y, x"),
    "many": (Column("a", "category"), [*"bbacdef"], "6 texts: b, a, c, d, ..."),
    "comma": (Column("a", "category"), ["b, c", "d"], "'b, c', d"),
    "boolean": (Column("a", "boolean"), ["yes", "no", "yes", "yes"], "75% true"),
    "iso": (Column("a", "date"), ["2026-01-05", "2026-01-03"], "2026-01-03 to 2026-01-05"),
    "percent": (Column("a", number_format="1234.5%"), ["12.5%", "3%"], "3 to 12.5 %"),
    "dollars": (Column("a", number_format="$1,234.5"), ["$1,200"], "always 1200 $"),
    "dotted": (Column("a", "date", "%d.%m.%Y"), ["05.01.2026", "03.01.2026"], "%d.%m.%Y, 03.01.2026 to 05.01.2026"),
    "unused": (Column("a", "unused", why="a name"), ["x", "y"], "a name"),
}


@pytest.mark.parametrize(("column", "cells", "text"), WORDS.values(), ids=WORDS)
def test_values_in_words(column: Column, cells: list[str], text: str) -> None:
    body = csv_text(["a", "y"], [(cell, "xz"[number % 2]) for number, cell in enumerate(cells)]).encode()
    assert summarize(column, [read_csv(body, SETTINGS, {"a": column}).table]).text == text


def test_what_is_usual_is_not_told() -> None:
    usual = {"encoding": "UTF-8", "compression": None, "delimiter": "comma", "decimal": "point"}
    assert read_as(usual) == ""
    other = {"encoding": "Windows-1252", "compression": "gzip", "delimiter": "semicolon", "decimal": "comma"}
    assert read_as(other) == "Windows-1252, semicolons, decimal commas, gzip"


def test_many_reasons_are_shortened_and_what_is_of_the_whole_upload_stays() -> None:
    reasons = [*((line, f"line {line}") for line in range(2, 20)), (None, "18 of 20 rows cannot be used")]
    assert first_reasons(reasons, 2) == ["line 2", "line 3", "and 16 more", "18 of 20 rows cannot be used"]


@pytest.mark.parametrize("text", ["1 category", "2 categories", "2 rows"])
def test_plurals(text: str) -> None:
    number, noun = text.split()
    assert plural(int(number), {"categories": "category", "rows": "row"}.get(noun, noun)) == text
