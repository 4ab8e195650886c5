"""Headers as people write them: repeated and missing names, lines of a title above, a second line under them."""

import pytest

from shared.formats.columns import Column
from shared.formats.row_errors import BadTable
from shared.formats.values import column_names
from shared.ingestion.csv_reader import read_csv
from shared.settings import ReadingSettings

SETTINGS = ReadingSettings("y")

NAMES: dict[str, tuple[list[str], list[str]]] = {
    "as they are": (["a", " b "], ["a", "b"]),
    "repeated": (["x", "x", "x "], ["x", "x_2", "x_3"]),
    "a number that is taken": (["x", "x", "x_2"], ["x", "x_3", "x_2"]),
    "missing": (["a", "", " "], ["a", "column_2", "column_3"]),
}


@pytest.mark.parametrize(("header", "names"), NAMES.values(), ids=NAMES)
def test_every_column_has_a_name_of_its_own(header: list[str], names: list[str]) -> None:
    assert column_names(header) == names


FEATURES: dict[str, tuple[str, list[str], str]] = {
    "kinds and roles": (
        "a\tb\ty\nd\tc\td\n\t\tclass\n" + "1\t2\ta\n3\t4\tb\n" * 3,
        ["a", "b"],
        "line 3 is taken for a second header line and not read",
    ),
    "repeated with other values": (
        "x,x,y\n1,2,a\n2,3,b\n",
        ["x", "x_2"],
        "column x is there again with other values: read as x_2",
    ),
    "repeated but for blanks": ("x, x ,y\n1,2,a\n2,3,b\n", ["x", "x_2"], "read as x_2"),
    "repeated with the same values": (
        "x,x,y\n1,1,a\n2,2,b\n",
        ["x"],
        "x is there 2 times with the same values",
    ),
    "spaces in a name": ("a b,a_b,y\n1,2,a\n2,3,b\n", ["a_b", "a_b_2"], "read as a_b_2"),
    "the label twice with other values": ("x,y,y\n1,a,b\n2,b,b\n", ["x", "y_2"], "read as y_2"),
    "the label twice": ("x,y,y\n1,a,a\n2,b,b\n", ["x"], "column y is there 2 times with the same values"),
    "nameless with values": ("x,,y\n1,5,a\n2,6,b\n", ["x", "column_2"], "column 2 has no name: it is read as column_2"),
    "nameless without values": ("x,,y\n1,,a\n2,,b\n", ["x"], "column 2 has no name"),
    "an index": (",x,y\n0,1,a\n1,2,b\n", ["x"], "column 1 has no name (the index"),
    "names of rows": (",x,y\nRX4,1,a\nGT,2,b\n", ["x"], "column 1 has no name (the index"),
    "a sampled index": (",x,y\n907,1,a\n13,2,b\n", ["x"], "column 1 has no name (the index"),
    "no index": (",x,y\n5,1,a\n5,2,b\n6,2,b\n", ["column_1", "x"], "it is read as column_1"),
    "lines of a title": ("Results\nof 2024\n\nx,z,y\n1,2,a\n", ["x", "z"], "the header is on line 4"),
    "a title with delimiters": ("Results,,\nx,z,y\n1,2,a\n", ["x", "z"], "the header is on line 2"),
    "a title over semicolons": ("Results\nx;z;y\n1;2;a\n", ["x", "z"], "the header is on line 2"),
    "questions": (
        "x,z,y\nHow old?,How tall?,Which?\n" + "1,2,a\n3,4,b\n" * 4,
        ["x", "z"],
        "line 2 is taken for a second header line and not read",
    ),
    "import ids": (
        'x,z,y\nAge,Size,Which\n"{""ImportId"":""1""}","{""ImportId"":""2""}","{""ImportId"":""3""}"\n'
        + "1,2,a\n3,4,b\n" * 4,
        ["x", "z"],
        "line 3 is taken for a second header line and not read",
    ),
}


@pytest.mark.parametrize(("text", "features", "note"), FEATURES.values(), ids=FEATURES)
def test_the_columns_are_read_and_what_was_done_is_noted(text: str, features: list[str], note: str) -> None:
    reading = read_csv(text.encode(), SETTINGS)
    assert list(reading.table.features) == features
    assert [warning for warning in reading.warnings if note in warning], reading.warnings
    assert reading.left_out == ()
    assert set(reading.table.labels) <= {"a", "b"}


def test_a_header_that_spaces_separate_is_refused_with_what_helps() -> None:
    with pytest.raises(
        BadTable, match=r"Its 3 names seem to be separated by spaces: separate the columns by commas, as"
    ):
        read_csv(b"a b y\n1 2 x\n", SETTINGS)


def test_a_header_of_values_is_noted() -> None:
    text = "6.32e-03,2.31,1\n" + "0.5,0.7,1\n0.7,0.8,0\n" * 5
    [note] = read_csv(text.encode(), ReadingSettings("1")).warnings[:1]
    assert note.startswith("the header looks like a row of values (6.32e-03, 2.31, 1): if it is one, name the columns")


def test_a_first_row_with_mistakes_is_no_second_header() -> None:
    reading = read_csv(("x,z,y\nlow,2,a\n" + "1,2,a\n" * 20).encode(), SETTINGS, {"x": Column("x")})
    assert [reason.line for reason in reading.left_out] == [2]


def test_a_slot_keeps_the_columns_of_the_test_set() -> None:
    known = {name: Column(name) for name in ("x", "x_2", "column_1")}
    reading = read_csv(b",x,x,y\n1,1,1,a\n2,2,2,b\n", SETTINGS, known)
    assert list(reading.table.features) == ["column_1", "x", "x_2"]


def test_lines_are_counted_from_the_top_of_the_file() -> None:
    reading = read_csv(("Title\nx,y\n" + "1,a\n" * 20 + "1\n").encode(), SETTINGS)
    assert [reason.line for reason in reading.left_out] == [23]


def test_only_an_index_beside_the_label_is_no_feature() -> None:
    with pytest.raises(BadTable, match="at least one feature column"):
        read_csv(b",y\n0,a\n1,b\n", SETTINGS)


def test_a_label_in_other_letters_is_offered() -> None:
    with pytest.raises(BadTable, match="is it 'Y'"):
        read_csv(b"x,Y\n0,a\n1,b\n", SETTINGS)
