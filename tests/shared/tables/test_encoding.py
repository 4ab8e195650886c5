"""Encoding: whole columns are read by the rules of single values."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.columns import Column, Unusable
from shared.formats.values import MISSING, category_text
from shared.ingestion.csv_reader import read_csv
from shared.settings import Settings
from shared.tables.encoding import encode, typed
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label", max_bad_share=1.0)
COLUMNS = [
    Column("a"),
    Column("a", missing=("0", "red")),
    Column("a", "category"),
    Column("a", "category", missing=("red",)),
    Column("a", "boolean"),
    Column("a", "date"),
    Column("a", "date", "%d/%m/%Y"),
    Column("a", "unused"),
]
CELLS = st.sampled_from(
    ["", "NA", "0", "0.0", "-0", "1", "1.50", "007",  "red", "Red", " blue ", "yes", "NO", "true", "2024-01-31",
     "31/01/2024", "1,234", "x y"]
)  # fmt: skip


def table_of(cells: list[str], *, header: str = "a") -> Table:
    text = f"{header},z,label\n" + "".join(f'"{cell}",1,x\n' for cell in cells)
    return read_csv(text.encode(), SETTINGS, {header: Column(header, "unused"), "z": Column("z")}).table


@given(st.lists(CELLS, min_size=1, max_size=12), st.sampled_from(COLUMNS))
def test_a_column_is_read_as_its_cells_are(cells: list[str], column: Column) -> None:
    table = table_of(cells)
    found = typed(table.values[:, 0], table.vocabularies[0], column)
    bad = {row for row, _, _ in found.bad_rows()}
    for row, (cell, value) in enumerate(zip(cells, found.values.tolist(), strict=True)):
        try:
            expected = column.parse(cell, MISSING)
        except Unusable as unusable:
            assert (row in bad, math.isnan(value)) == (True, True), unusable  # noqa: PT017
            continue
        assert row not in bad
        assert (None if math.isnan(value) else found.vocabulary[int(value)] if found.vocabulary else value) == expected


def test_says_what_is_wrong_with_a_row() -> None:
    table = table_of(["1", "red", "2", "red"])
    found = typed(table.values[:, 0], table.vocabularies[0], Column("a"))
    problem = "a finite number or nothing"
    assert list(found.bad_rows()) == [(1, problem, "red"), (3, problem, "red")]


def test_tables_share_a_vocabulary() -> None:
    tables = [table_of(["red", "", "1"]), table_of(["blue", "1.0"])]
    encoding, [first, second] = encode(tables, [Column("a", "category")])
    assert encoding.vocabularies == (("1", "blue", "red"),)
    assert encoding.cells(first) == [["red"], [None], ["1"]]
    assert encoding.cells(second) == [["blue"], ["1"]]


def test_plain_numbers_are_not_copied() -> None:
    table = table_of(["1", "2"])
    encoding, [matrix] = encode([table], [Column("a"), Column("z")])
    assert matrix is table.values
    assert encoding.vocabularies == (None, None)


def test_columns_come_in_the_schemas_order() -> None:
    _, [matrix] = encode([table_of(["5", "6"])], [Column("z"), Column("a")])
    assert matrix.tolist() == [[1, 5], [1, 6]]


def test_a_frame_has_texts_for_categories_and_numbers_for_the_rest() -> None:
    encoding, [matrix] = encode([table_of(["red", "", "blue"])], [Column("a", "category"), Column("z")])
    frame = encoding.frame(matrix)
    assert frame["a"].isna().tolist() == [False, True, False]
    assert [frame["a"][0], frame["a"][2]] == ["red", "blue"]
    assert str(frame["z"].dtype) == "float64"


@given(st.lists(CELLS, min_size=2, max_size=12), st.data())
def test_some_rows_of_a_table_are_those_rows(cells: list[str], data: st.DataObject) -> None:
    table = table_of(cells)
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells))))
    some = table.rows(kept)
    column = Column("a", "category")
    expected = [category_text(cell) for cell, keep in zip(cells, kept, strict=True) if keep]
    encoding, [matrix] = encode([some], [column])
    assert encoding.cells(matrix) == [[None if text in MISSING else text] for text in expected]
    assert set(encoding.vocabularies[0] or ()) == {text for text in expected if text not in MISSING}


def test_two_texts_of_one_value_are_one() -> None:
    found = typed(np.array([0.0, 1.0, 1.0]), ("t", "yes"), Column("a", "boolean"))
    assert (found.vocabulary, found.values.tolist()) == (("true",), [0, 0, 0])
    found = typed(np.array([0.0, 1.0]), ("a", "b"), Column("a", "category", missing=("b",)))
    assert (found.vocabulary, found.values[0], math.isnan(found.values[1])) == (("a",), 0.0, True)
