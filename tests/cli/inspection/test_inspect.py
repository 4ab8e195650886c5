import numpy as np
import pytest

from cli.inspection.csv_file import Source
from cli.inspection.inspect import Inspection, Request, inspect
from cli.inspection.label_candidates import label_candidates, likely_labels
from cli.schema_override.column_options import ColumnOptions
from shared.errors import VintnerError
from shared.formats.row_errors import BadTable
from shared.ingestion.csv_reader import read_csv
from shared.settings import Positive, Settings
from tests.support.csv_tables import ROWS, csv_text, mixed

NOTHING = ColumnOptions()
WHY = {
    "Id": "its name says that it is an id; if it is not an id, add --use Id",
    "serial": "a different whole number in every row, as an id has; if it is not an id, add --use serial",
    "token": "UUIDs, which name a row and say nothing about it",
    "same": "the same value in every row (3)",
    "nothing": "no value in any row",
}
KINDS = {
    "width": "number",
    "height": "number",
    "city": "category",
    "day": "date",
    "name": "unused",
    "typo": "number",
    "member": "boolean",
}
NO_LABELS = {
    "unknown": ("a,label\n1,x\n2,y\n", "lable", None, "found 'lable': did you mean 'label'?"),
    "one_class": ("a,label\n1,x\n2,x\n", "label", None, "found only 'x': choose another label"),
    "one_side": ("a,label\n1,3\n2,4\n", "label", "> 5", "under the rule '> 5', found only False"),
    "missing": ("a,label\n1,\n2,\n3,\n", "label", None, "line 2, column label: expected a label, found nothing"),
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
    "no_feature": (
        csv_text(["a", "label"], [(f"n{number}", "xy"[number % 2]) for number in range(30)]),
        "label",
        None,
        "expected at least one column besides 'label' that can be a feature, found none (a: text that hardly repeats",
    ),
    "alone": ("label\nx\ny\n", "label", None, "found none (no other column)"),
    "no_header": ("5.1,3.5,1.4,rose\n4.9,3.0,1.4,lily\n", "species", None, "no header line: name its columns with"),
}
NO_CSVS = {
    "empty": (b"", "found an empty file"),
    "zip": (b"PK\x03\x04", "found a zip archive or an Excel workbook"),
    "ragged": (b"a,label\n1,x,3\n2,y\n", "line 2: expected 2 fields as in the header, found 3"),
    "quoting": (b'a,label\n1,"x\n', "broken quoting"),
    "header": (b"a,label\n", "expected at least one row under the header"),
}


def look(
    text: str, *, use: tuple[str, ...] = (), ignore: tuple[str, ...] = (), options: ColumnOptions = NOTHING
) -> Inspection:
    return inspect(text.encode(), Request("grade", use=use, ignore=ignore, options=options))


def kinds(found: Inspection) -> dict[str, str]:
    return {column.name: column.kind for column in found.schema.columns}


def test_every_column_has_a_kind_or_a_reason() -> None:
    found = look(mixed())
    assert found.why == WHY
    assert found.ignored == tuple(WHY)
    assert kinds(found) == KINDS
    assert dict(found.counts()) == {"bad": 17, "good": 22}
    assert [str(reason) for reason in found.reading.left_out] == [
        "line 7, column typo: expected a finite number or nothing, found '1,5'"
    ]


def test_what_was_decided_passes_the_reader_of_uploads() -> None:
    settings = Settings(bucket="", label="grade", ignore=look(mixed()).ignored)
    assert len(read_csv(mixed().encode(), settings).table) == ROWS - 1


def test_columns_can_be_taken_and_left_by_name() -> None:
    found = look(mixed(), use=("serial", "same", "name"), ignore=("height",))
    assert {"serial", "same", "name"} <= {column.name for column in found.schema.features}
    assert found.why["height"] == "you said so"
    assert found.override.as_document() == {"columns": {"name": {"kind": "category"}}}


def test_kinds_and_missing_values_can_be_said() -> None:
    options = ColumnOptions(kinds=(("day", "category"),), missing=(("width", "0"), ("city", "Rome")))
    found = inspect(mixed().encode(), Request("grade", options=options))
    assert kinds(found)["day"] == "category"
    columns = found.override.columns
    assert (columns["width"].kind, columns["width"].missing) == ("number", ("0",))
    assert (columns["city"].kind, columns["city"].missing) == ("category", ("Rome",))


def test_a_word_for_missing_makes_a_column_of_numbers_again() -> None:
    cells = ["nil" if number % 6 > 4 else number for number in range(60)]
    text = csv_text(["a", "b", "grade"], [(cell, number % 7, "xy"[number % 2]) for number, cell in enumerate(cells)])
    found = look(text)
    assert (found.as_text, kinds(found)) == (("a",), {"a": "unused", "b": "number"})
    found = inspect(text.encode(), Request("grade", options=ColumnOptions(missing=(("a", "nil"),))))
    assert (found.as_text, kinds(found)["a"], len(found.reading.table)) == ((), "number", 60)


def test_an_id_is_one_although_rows_repeat() -> None:
    rows = mixed().splitlines()
    assert "serial" in look("\n".join([*rows, rows[4], rows[9]])).ignored


@pytest.mark.parametrize("name", ["acid", "valid", "body mass index", "paid", "idea"])
def test_names_that_only_end_like_an_id_are_features(name: str) -> None:
    found = look(f"{name},grade\n1,x\n2,y\n1,y\n")
    assert [column.name for column in found.schema.features] == [name.replace(" ", "_")]


@pytest.mark.parametrize("name", ["id", "ID", "Id", "PassengerId", "user_id", "index", "order id"])
def test_names_of_ids(name: str) -> None:
    found = look(f"{name},a,grade\n1,1,x\n2,2,y\n1,3,y\n")
    assert list(found.ignored) == [name.replace(" ", "_")]
    assert found.source.as_spelled(found.ignored[0]) == name


def test_an_id_of_few_texts_is_a_category() -> None:
    assert kinds(look("shop_id,grade\nA,x\nB,y\nA,y\n")) == {"shop_id": "category"}


@pytest.mark.parametrize(("text", "label", "rule", "problem"), NO_LABELS.values(), ids=NO_LABELS)
def test_a_label_that_gives_no_classes_is_refused(text: str, label: str, rule: str | None, problem: str) -> None:
    with pytest.raises(VintnerError) as caught:
        inspect(text.encode(), Request(label, Positive.parse(rule) if rule else None))
    assert problem in str(caught.value)


@pytest.mark.parametrize(("body", "problem"), NO_CSVS.values(), ids=NO_CSVS)
def test_a_file_that_cannot_be_read_gives_the_readers_reasons(body: bytes, problem: str) -> None:
    with pytest.raises(BadTable) as caught:
        inspect(body, Request("label"))
    assert problem in str(caught.value)


def test_text_is_no_number_by_force() -> None:
    with pytest.raises(BadTable, match="line 2, column city: expected a finite number or nothing, found 'Oslo'"):
        look(mixed(), options=ColumnOptions(kinds=(("city", "number"),)))


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Request("grade", use=("grade",)), "has two meanings"),
        (Request("grade", use=("width",), ignore=("width",)), "has two meanings"),
        (Request("grade", ignore=("width",), options=ColumnOptions(kinds=(("width", "number"),))), "has two meanings"),
        (Request("grade", ignore=("weight",)), "expected --ignore to name a column, found 'weight': did you mean"),
        (
            Request("grade", options=ColumnOptions(missing=(("x", "0"),))),
            "expected --set or --missing to name a column, found 'x'",
        ),
        (
            Request("grade", options=ColumnOptions(kinds=(("day", "text"),))),
            "column 'day': expected a kind (number, category,",
        ),
    ],
)
def test_options_that_contradict_are_refused(wanted: Request, problem: str) -> None:
    with pytest.raises(VintnerError) as caught:
        inspect(mixed().encode(), wanted)
    assert problem in str(caught.value)


def test_a_name_with_a_comma_is_said_to_be_unused() -> None:
    found = look('"a,b",c,grade\nq,1,x\nq,2,y\n')
    assert (found.ignored, found.why) == ((), {"a,b": "the same value in every row (q)"})
    assert found.override.as_document() == {"columns": {"a,b": {"kind": "unused"}}}


def test_a_column_without_a_name_is_left_out() -> None:
    found = look(",a,grade\n0,1,x\n1,2,y\n")
    assert found.nameless == [0]
    assert kinds(found) == {"a": "number"}


def test_rows_of_the_same_features_are_one_group() -> None:
    groups = look("a,b,grade\n1,,x\n1,,y\n1,2,x\n1.0,,x\n").groups
    assert groups.tolist() == [0, 0, 1, 0]
    assert groups.dtype == np.int64


def test_columns_are_described_and_labels_proposed() -> None:
    columns = label_candidates(Source.open(mixed().encode()))
    assert {one.name: one.kind for one in columns} == KINDS | {
        "Id": "number",
        "serial": "number",
        "token": "unused",
        "same": "number",
        "nothing": "number",
        "typo": "category",
        "grade": "category",
    }
    assert {one.name: one.distinct for one in columns}["width"] == 11
    assert [one.name for one in likely_labels(columns)] == ["grade", "member", "city", "typo", "width"]
