"""The schema: what the test set says of its columns, and what a person says."""

import json
import re
from dataclasses import replace

import pytest

from shared.errors import Rejected
from shared.formats.columns import Column
from shared.ingestion.csv_reader import read_csv
from shared.settings import Settings
from shared.tables.schema import Override, Schema, column_of_texts, infer_schema
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label")
KEY = "data/schema.json"


def table(*cells: str, header: str = "a") -> Table:
    """Rows of one column and a label."""
    return read_csv((f"{header},label\n" + "".join(f'"{cell}",x\n' for cell in cells)).encode(), SETTINGS).table


def schema_of(*cells: str) -> Column:
    [column] = infer_schema([table(*cells)]).columns
    return column


def test_text_that_hardly_repeats_is_no_feature() -> None:
    rows = "a,b,label\n" + "".join(f"{name},1,x\n" for name in NAMES)
    unused, number = infer_schema([read_csv(rows.encode(), SETTINGS).table]).columns
    assert (unused.kind, unused.why) == ("unused", "text that hardly repeats (30 different values in 30 rows)")
    assert number == Column("b")


def test_a_small_test_set_shows_few_repetitions() -> None:
    names = [f"name {number}" for number in range(31)]
    assert column_of_texts("a", names[:30], 40).kind == "category"
    assert column_of_texts("a", names, 40).kind == "unused"


NAMES = [f"name {number}" for number in range(30)]
INFERRED: dict[str, tuple[list[str], str, str]] = {
    "numbers": (["1", "2.5", ""], "number", ""),
    "codes": (["1", "2", "1"], "number", ""),
    "one value": (["", "NA", "1"], "number", ""),
    "texts": (["red", "green", "red"], "category", ""),
    "texts and numbers": (["1", "2", "A"], "category", ""),
    "codes of which some are texts": (["1", "2", "3", "4"] * 5 + ["4A", "4A"], "category", ""),
    "numbers, and one that is none": (["1", "2", "3", "4"] * 5 + ["4A"], "number", ""),
    "many numbers, and a text that repeats": ([*map(str, range(20)), "old", "old"], "number", ""),
    "yes and no": (["Yes", "no", "NO"], "boolean", ""),
    "true and false": (["true", "False", ""], "boolean", ""),
    "only yes": (["yes", "yes"], "category", ""),
    "yes, no and more": (["yes", "no", "no service"], "category", ""),
    "yes and false": (["yes", "false"], "category", ""),
    "days": (["2024-01-31", "2024-02-01"], "date", "iso"),
    "moments": (["2024-01-31T10:00:00Z", "2024-02-01 09:30"], "date", "iso"),
    "day first": (["31/01/2024", "01/02/2024"], "date", "%d/%m/%Y"),
    "month first": (["01/31/2024", "02/01/2024"], "date", "%m/%d/%Y"),
    "either way": (["01/02/2024", "03/04/2024"], "date", "%d/%m/%Y"),
    "points": (["31.01.2024"], "date", "%d.%m.%Y"),
    "days and times": (["31.01.2024 10:15", "01.02.2024 00:00"], "date", "%d.%m.%Y %H:%M"),
    "days and one text": (["2024-01-31", "soon"], "category", ""),
    "twenty different texts": (NAMES[:20], "category", ""),
    "texts that repeat": (NAMES * 2, "category", ""),
}


@pytest.mark.parametrize(("cells", "kind", "date_format"), INFERRED.values(), ids=INFERRED)
def test_the_cells_of_the_test_set_say_what_a_column_is(cells: list[str], kind: str, date_format: str) -> None:
    column = schema_of(*cells)
    assert (column.kind, column.date_format if column.kind == "date" else "") == (kind, date_format)


def test_a_column_without_a_value_is_not_used_and_says_how_it_would_be() -> None:
    rows = b"a,b,label\n,1,x\nNA,2,y\n"
    empty, _ = infer_schema([read_csv(rows, SETTINGS).table]).columns
    assert empty.kind == "unused"
    [number, category] = re.findall(r"vintner schema --set (\S+)", empty.why)
    assert (number, category) == ("a=number", "a=category")
    slot = read_csv(b"a,b,label\nred,1,x\n", SETTINGS, {"a": empty})
    assert slot.left_out == ()


def test_a_date_that_could_be_read_either_way_says_so() -> None:
    assert schema_of("01/02/2024", "03/04/2024").why.startswith("read as %d/%m/%Y; %m/%d/%Y would fit as well")
    assert schema_of("01/02/2024", "31/04/2024".replace("31", "30")).why == ""
    assert schema_of("01/02/2024", "03/04/2024", "13/01/2024").why == ""


def test_more_than_a_thousand_categories_are_no_feature() -> None:
    texts = [f"t{number}" for number in range(1_001)]
    assert column_of_texts("a", texts, 10_000).why == "text of more than 1000 different values (1001)"
    assert column_of_texts("a", texts[:1_000], 10_000).kind == "category"


def test_all_test_uploads_have_a_say() -> None:
    assert infer_schema([table("1", "2"), table("red", "blue")]).columns == (Column("a", "category"),)
    assert infer_schema([table("1", "2"), table("3")]).columns == (Column("a"),)
    assert infer_schema([table("yes"), table("no")]).columns == (Column("a", "boolean"),)


def test_what_a_person_says_wins() -> None:
    said = Override.parse(b'{"columns": {"a": {"kind": "category", "missing": [0, "unknown"]}}}', KEY)
    assert infer_schema([table("1", "2")], said).columns == (
        Column("a", "category", missing=("0", "unknown"), why="data/schema.json"),
    )


def test_a_schema_without_a_feature_is_refused() -> None:
    with pytest.raises(Rejected, match=r"at least one column that can be a feature, found none \(a: text that hardly"):
        infer_schema([table(*NAMES)])


def test_an_override_of_an_unknown_column_is_refused() -> None:
    with pytest.raises(Rejected, match="names columns that the test set lacks: b; correct it"):
        infer_schema([table("1")], Override({"b": Column("b")}))


VALID: dict[str, tuple[object, Column]] = {
    "a kind": ("category", Column("a", "category")),
    "an object": ({"kind": "number"}, Column("a")),
    "a format": ({"kind": "date", "format": "%d.%m.%y"}, Column("a", "date", "%d.%m.%y")),
    "missing values": ({"kind": "number", "missing": [0, "-9.0", 0.0]}, Column("a", missing=("-9", "0"))),
    "unused": ("unused", Column("a", "unused")),
}


@pytest.mark.parametrize(("value", "column"), VALID.values(), ids=VALID)
def test_reads_an_override(value: object, column: Column) -> None:
    said = Override.parse(json.dumps({"columns": {" a ": value}}).encode(), KEY)
    assert said.columns == {"a": column}
    again = Override.parse(json.dumps(said.as_document()).encode(), KEY)
    assert (again, again.fingerprint) == (said, said.fingerprint)


INVALID: dict[str, tuple[str, str]] = {
    "not JSON": ("{", "expected a JSON document, found"),
    "a list": ("[]", 'expected an object with "format": 1'),
    "another format": ('{"format": 2, "columns": {}}', 'expected an object with "format": 1'),
    "no columns": ("{}", 'expected "columns": {name: kind}, found None'),
    "columns in a list": ('{"columns": []}', 'expected "columns": {name: kind}, found []'),
    "an unknown kind": ('{"columns": {"a": "text"}}', "column 'a': expected a kind (number, category, boolean, date, "),
    "no kind": ('{"columns": {"a": {}}}', "expected a kind (number, category, boolean, date, unused), found None"),
    "a number": ('{"columns": {"a": 1}}', "found 1"),
    "a typing error": ('{"columns": {"a": {"kind": "number", "missin": []}}}', "found 'missin'"),
    "a format of a number": ('{"columns": {"a": {"kind": "number", "format": "%Y"}}}', "expected a format for a date"),
    "a format without a date": ('{"columns": {"a": {"kind": "date", "format": "day"}}}', "found 'day'"),
    "a format of no text": ('{"columns": {"a": {"kind": "date", "format": 3}}}', "found 3"),
    "missing in no list": ('{"columns": {"a": {"kind": "number", "missing": 0}}}', "expected a list of texts"),
    "missing of no text": ('{"columns": {"a": {"kind": "number", "missing": [null]}}}', "found [None]"),
    "two spellings": ('{"columns": {"a b": "number", "a_b": "number"}}', "found 'a_b' in two spellings"),
}


@pytest.mark.parametrize(("text", "problem"), INVALID.values(), ids=INVALID)
def test_says_what_is_wrong_with_an_override(text: str, problem: str) -> None:
    with pytest.raises(Rejected) as raised:
        Override.parse(text.encode(), KEY)
    assert str(raised.value).startswith(f"{KEY}")
    assert problem in str(raised.value)


def test_the_document_leaves_out_what_is_as_usual() -> None:
    columns = (Column("a"), Column("b", "date"), Column("c", "unused", why="text"), Column("d", missing=("0",)))
    assert Schema(columns).as_document() == [
        {"name": "a", "kind": "number"},
        {"name": "b", "kind": "date", "format": "iso"},
        {"name": "c", "kind": "unused", "why": "text"},
        {"name": "d", "kind": "number", "missing": ["0"]},
    ]
    assert [column.name for column in Schema(columns).features] == ["a", "b", "d"]


def test_columns_are_alike_whatever_their_reason() -> None:
    assert Column("a", why="x").like(Column("a", why="y"))
    assert not Column("a").like(replace(Column("a"), missing=("0",)))
