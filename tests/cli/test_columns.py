import numpy as np
import pytest

from cli.columns import Inspection, inspect, read_texts
from cli.labels import describe, likely_labels
from shared.errors import VintnerError
from shared.reading import BadTable, read_table
from shared.settings import Positive, Settings
from tests.cli.tables import ROWS, csv_text, mixed

REASONS = {
    "Id": "its name says that it is an id",
    "serial": "another whole number in every row, as an id has; if it is none, add --use 'serial'",
    "token": "UUIDs, which name a row and say nothing about it",
    "same": "the same value in every row (3)",
    "nothing": "no value in any row",
    "city": "text, 3 different values (Oslo, Rome, Bonn); only numbers can be features: write columns of 0 and 1",
    "day": "text, 28 different values (2026-01-01, 2026-01-02, 2026-01-03, 2026-01-04, ...); only numbers can be "
    "features: write a number, such as days since the first",
    "name": "text that is another one in every row, as a name or an id is",
    "typo": "1 of 40 values is no number, first on line 7 (expected a finite number or nothing, found '1,5'); "
    "to make it a feature, correct or empty every one and run this again",
}
NO_LABELS = {
    "unknown": ("a,label\n1,x\n2,y\n", "lable", None, "found 'lable': did you mean 'label'?"),
    "one_class": ("a,label\n1,x\n2,x\n", "label", None, "found only 'x': choose another label"),
    "one_side": ("a,label\n1,3\n2,4\n", "label", "> 5", "under the rule '> 5', found only False"),
    "missing": ("a,label\n1,x\n2,\n3,y\n", "label", None, "line 3, column label: expected a label, found nothing"),
    "quantity": (
        csv_text(["a", "price"], [(number % 7, number) for number in range(200)]),
        "price",
        None,
        "found 200 different values: if it is a quantity, make two classes of it with --positive '> 100'",
    ),
    "names": (
        csv_text(["a", "who"], [(number % 7, f"n{number}") for number in range(200)]),
        "who",
        None,
        "found 200 different values: choose a column with fewer values",
    ),
    "decimal": ("a,y\n1,0.5\n2,1\n3,1.5\n", "y", None, "found the decimal number 0.5: if it is a quantity, make two"),
    "no_feature": ("a,label\nq,x\nw,y\n", "label", None, "expected at least one numeric column beside 'label'"),
}
NO_CSVS = {
    "empty": (b"", "found an empty file"),
    "zip": (b"PK\x03\x04", "found a zip archive or an Excel workbook"),
    "semicolons": (b"a;label\n1;x\n2;y\n", "the delimiter seems to be semicolons, expected commas"),
    "index": (b",a,label\n0,1,x\n1,2,y\n", "column 1 has no name"),
    "twice": (b"a,a,label\n0,1,x\n1,2,y\n", "line 1, column a: expected each column once, found 2"),
    "ragged": (b"a,label\n1,x,3\n", "line 2: expected 2 fields as in the header, found 3"),
    "quoting": (b'a,label\n1,"x\n', "broken quoting"),
    "header": (b"a,label\n", "expected at least one row under the header"),
}


def look(text: str, *, use: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Inspection:
    return inspect(text.encode(), "grade", positive=None, use=use, ignore=ignore)


def test_every_column_that_is_no_feature_has_a_reason() -> None:
    found = look(mixed())
    assert found.ignored == REASONS
    assert found.table.features == ("width", "height")
    assert dict(found.counts()) == {"bad": 18, "good": 22}


def test_what_was_decided_passes_the_reader_of_uploads() -> None:
    settings = Settings(bucket="", label="grade", ignore=tuple(look(mixed()).ignored))
    assert len(read_table(mixed().encode(), settings)) == ROWS


def test_columns_can_be_taken_and_left_by_name() -> None:
    found = look(mixed(), use=("serial", "same"), ignore=("height",))
    assert found.table.features == ("serial", "width", "same")
    assert found.ignored["height"] == "you said so"


def test_an_id_is_one_although_rows_repeat() -> None:
    rows = mixed().splitlines()
    assert "serial" in look("\n".join([*rows, rows[4], rows[9]])).ignored


@pytest.mark.parametrize("name", ["acid", "valid", "body mass index", "paid", "idea"])
def test_names_that_only_end_like_an_id_are_features(name: str) -> None:
    assert look(f"{name},grade\n1,x\n2,y\n1,y\n").table.features == (name,)


@pytest.mark.parametrize("name", ["id", "ID", "Id", "PassengerId", "user_id", "Unnamed: 0", "index"])
def test_names_of_ids(name: str) -> None:
    assert list(look(f"{name},a,grade\n1,1,x\n2,2,y\n1,3,y\n").ignored) == [name]


@pytest.mark.parametrize(("text", "label", "rule", "problem"), NO_LABELS.values(), ids=NO_LABELS)
def test_a_label_that_gives_no_classes_is_refused(text: str, label: str, rule: str | None, problem: str) -> None:
    with pytest.raises(VintnerError) as caught:
        inspect(text.encode(), label, positive=Positive.parse(rule) if rule else None)
    assert problem in str(caught.value)


@pytest.mark.parametrize(("body", "problem"), NO_CSVS.values(), ids=NO_CSVS)
def test_a_file_that_cannot_be_read_gives_the_readers_reasons(body: bytes, problem: str) -> None:
    with pytest.raises(BadTable) as caught:
        read_texts(body)
    assert problem in str(caught.value)


@pytest.mark.parametrize("options", [{"use": ("typo",)}, {"use": ("city",)}])
def test_text_cannot_be_used_by_force(options: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(BadTable, match="expected a finite number or nothing"):
        look(mixed(), **options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"use": ("grade",)}, "has two meanings"),
        ({"use": ("width",), "ignore": ("width",)}, "has two meanings"),
        ({"ignore": ("weight",)}, "expected --ignore to name a column, found 'weight': did you mean 'height'?"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, tuple[str, ...]], problem: str) -> None:
    with pytest.raises(VintnerError) as caught:
        look(mixed(), **options)
    assert problem in str(caught.value)


def test_a_name_with_a_comma_cannot_be_ignored() -> None:
    with pytest.raises(VintnerError, match="VINTNER_IGNORE separates names by commas"):
        look('"a,b",c,grade\nq,1,x\nw,2,y\n')


def test_cells_are_kept_as_they_stand() -> None:
    texts = read_texts(b'\xef\xbb\xbf a ,label\r\n007,"x, y"\r\n 1.50 ,NA\r\n')
    assert texts.to_numpy().tolist() == [["007", "x, y"], [" 1.50 ", "NA"]]
    assert list(texts.columns) == ["a", "label"]


def test_rows_of_the_same_features_are_one_group() -> None:
    groups = look("a,b,grade\n1,,x\n1,,y\n1,2,x\n1.0,,x\n").groups()
    assert groups.tolist() == [0, 0, 1, 0]
    assert groups.dtype == np.int64


def test_columns_are_described_and_labels_proposed() -> None:
    columns = describe(read_texts(mixed().encode()))
    assert {one.name: one.kind for one in columns}["city"] == "text"
    assert {one.name: one.distinct for one in columns}["width"] == 11
    assert [one.name for one in likely_labels(columns)] == ["grade", "city", "typo", "width"]
