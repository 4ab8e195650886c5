"""Bodies of requests: columns are checked before rows, names are offered, and a header may be left out."""

import json

import pytest

from shared.registry.models import load_scorer
from shared.scorer.scorer import Scorer
from shared.serving.fields import InvalidFields, Malformed
from shared.serving.request_rows import MAX_ERRORS, RequestRows
from shared.serving.requests import parse_body
from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage, stump

JSON, CSV = "application/json", "text/csv"
SPEND, REGION = "Spend", "Region_code"


def read(body: object, media_type: str, *features: str) -> RequestRows:
    """The rows of a body for a model of numbers, Spend and Region_code unless others are named."""
    document = {**json.loads(stump(features=features or (SPEND, REGION))), "ignored": ["Id", "batch no"]}
    raw = body if isinstance(body, str) else json.dumps(body)
    return parse_body(raw.encode(), media_type, Scorer.load(json.dumps(document).encode(), "scorer.json"))


def errors_of(body: object, media_type: str, *features: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidFields) as raised:
        read(body, media_type, *features)
    return [(error.pointer, error.detail) for error in raised.value.errors]


def split(columns: list[str], *rows: list[object]) -> dict[str, object]:
    return {"dataframe_split": {"columns": columns, "data": rows}}


HEADERLESS: dict[str, tuple[str, tuple[str, ...], list[list[float | None]]]] = {
    "one row": ("0.5,0.25", (), [[0.5, 0.25]]),
    "many rows": ("0.5,0.25\n1,2\n\n3,4\n", (), [[0.5, 0.25], [1, 2], [3, 4]]),
    "equal values": ("1,1\n", (), [[1, 1]]),
    "missing values": (",NA\n1,\n", (), [[None, None], [1, None]]),
    "semicolons and tabs": ("1;2\n3;4\n", (), [[1, 2], [3, 4]]),
    "quotes": ('"1"," 2"\r\n', (), [[1, 2]]),
    "one column": ("7\n8\n", ("a",), [[7], [8]]),
}


@pytest.mark.parametrize(("body", "features", "expected"), HEADERLESS.values(), ids=HEADERLESS)
def test_rows_alone_are_read_in_the_order_of_the_features(
    body: str, features: tuple[str, ...], expected: list[list[float | None]]
) -> None:
    rows = read(body, CSV, *features)
    assert [list(row) for row in rows.values] == expected
    order = ", ".join(features or (SPEND, REGION))
    assert rows.warnings == [f"the first line names no column, so it is read as a row: expected is the order {order}"]


NO_HEADER = "expected a header line that names the columns Spend, Region_code, or a line of 2 values that fit them"
LACKS_SPEND = 'expected a column "Spend" (a number), found no such field'
LACKS_REGION = 'expected a column "Region_code" (a number), found no such field'
BAD_COLUMNS: dict[str, tuple[object, str, list[tuple[str, str]]]] = {
    "CSV: a value too few": ("0.5\n", CSV, [("/header", f'{NO_HEADER}, in this order; found "0.5"')]),
    "CSV: a value too many": ("1,2,3\n", CSV, [("/header", f'{NO_HEADER}, in this order; found "1", "2", "3"')]),
    "CSV: many rows of another width": ("1,2,3\n" * 9, CSV, [("/header", NO_HEADER)]),
    "CSV: other names": (
        "x,y\n1,2\n",
        CSV,
        [("/header", NO_HEADER), ("/header", LACKS_SPEND), ("/header", LACKS_REGION)],
    ),
    "CSV: decimal commas that may delimit": (
        "0,5;1\n1,5;2\n",
        CSV,
        [("/header", NO_HEADER), ("/header", LACKS_SPEND), ("/header", LACKS_REGION)],
    ),
    "CSV: a column is missing": ("Spend\n1\n2\n3\n", CSV, [("/header", LACKS_REGION)]),
    "CSV: a column is missing, no rows": ("Spend\n", CSV, [("/header", LACKS_REGION)]),
    "CSV: the label alone": ("label\n", CSV, [("/header", LACKS_SPEND), ("/header", LACKS_REGION)]),
    "CSV: an ignored column": ("Batch No,2\n", CSV, [("/header", LACKS_SPEND), ("/header", LACKS_REGION)]),
    "CSV: capitals": (
        "spend,REGION_CODE\n1,2\n",
        CSV,
        [
            ("/header", f'{LACKS_SPEND}; did you mean "Spend" by "spend"?'),
            ("/header", f'{LACKS_REGION}; did you mean "Region_code" by "REGION_CODE"?'),
        ],
    ),
    "CSV: one of them in capitals": (
        "SPEND,7\n",
        CSV,
        [("/header", f'{LACKS_SPEND}; did you mean "Spend" by "SPEND"?'), ("/header", LACKS_REGION)],
    ),
    "split: a column is missing": (
        split([SPEND], [1], [2]),
        JSON,
        [("/dataframe_split/columns", LACKS_REGION)],
    ),
    "split: no rows": (
        split([]),
        JSON,
        [("/dataframe_split/columns", LACKS_SPEND), ("/dataframe_split/columns", LACKS_REGION)],
    ),
    "split: capitals": (
        split(["spend", "Region code"]),
        JSON,
        [("/dataframe_split/columns", f'{LACKS_SPEND}; did you mean "Spend" by "spend"?')],
    ),
    "split: one name in two spellings": (
        split(["Spend", REGION, "Region code"]),
        JSON,
        [("/dataframe_split/columns", "expected each name once")],
    ),
}


@pytest.mark.parametrize(("body", "media_type", "expected"), BAD_COLUMNS.values(), ids=BAD_COLUMNS)
def test_columns_are_checked_before_any_row(body: object, media_type: str, expected: list[tuple[str, str]]) -> None:
    found = errors_of(body, media_type)
    assert [pointer for pointer, _ in found] == [pointer for pointer, _ in expected]
    assert all(detail.startswith(start) for (_, detail), (_, start) in zip(found, expected, strict=True)), found
    assert all(
        "did you mean" in start or "did you mean" not in detail
        for (_, detail), (_, start) in zip(found, expected, strict=True)
    )


def test_later_rows_of_another_width_are_malformed() -> None:
    with pytest.raises(Malformed, match="row 2: expected 2 fields as in the first line, found 1"):
        read("1,2\n3\n", CSV)


def test_bad_cells_of_later_rows_are_named_by_their_feature() -> None:
    assert errors_of("1,2\n3,low\n", CSV) == [
        ("/1/Region_code", 'expected a finite number or nothing, found a string "low"')
    ]


NEAR: dict[str, tuple[str, str, str | None]] = {
    "capitals": ("Spend", "spend", "spend"),
    "all capitals": ("customer_id", "CUSTOMER_ID", "CUSTOMER_ID"),
    "camel case": ("customer_id", "customerId", "customerId"),
    "a hyphen": ("free_sulfur", "free-sulfur", "free-sulfur"),
    "a slip": ("alcohol", "alchohol", "alchohol"),
    "an ending": ("temperature", "temperatures", "temperatures"),
    "something else": ("alcohol", "colour", None),
    "short names": ("a", "b", None),
    "very long": ("alcohol", "alcohol" * 40, None),
}


@pytest.mark.parametrize(("feature", "name", "offered"), NEAR.values(), ids=NEAR)
def test_a_near_name_is_offered(feature: str, name: str, offered: str | None) -> None:
    offer = f'; did you mean "{feature}" by "{offered}"?' if offered else ""
    [(pointer, detail)] = errors_of({name: 1}, JSON, feature)
    assert (pointer, detail) == (f"/{feature}", f"expected a number or null, found no such field{offer}")


def test_among_many_names_capitals_are_still_offered() -> None:
    row = {**{f"other_{number}": 0 for number in range(200)}, "SPEND": 1, REGION: 2}
    assert errors_of(row, JSON) == [
        ("/Spend", 'expected a number or null, found no such field; did you mean "Spend" by "SPEND"?')
    ]


INDEXES: dict[str, tuple[object, str]] = {
    "a row": ({"Unnamed: 0": 7, "": 1, SPEND: 1, REGION: 2}, JSON),
    "records": ({"dataframe_records": [{"unnamed: 12": 7, "Unnamed": 1, SPEND: 1, REGION: 2}]}, JSON),
    "a split": (split(["", "Unnamed: 0", SPEND, REGION], [0, 0, 1, 2]), JSON),
    "CSV": ("Unnamed: 0,Spend,Region code,\n0,1,2,9\n", CSV),
}


@pytest.mark.parametrize(("body", "media_type"), INDEXES.values(), ids=INDEXES)
def test_an_index_is_ignored_without_a_word(body: object, media_type: str) -> None:
    rows = read(body, media_type)
    assert ([list(row) for row in rows.values], rows.warnings) == ([[1, 2]], [])


CITIES = ("東京都", "大阪府", "Αθήνα", "Málaga")
CHARSETS: dict[str, tuple[str, str, slice]] = {
    "Shift_JIS": ("shift_jis", "; charset=Shift_JIS", slice(2)),
    "quoted": ("euc_jp", '; charset="EUC-JP"', slice(2)),
    "Greek": ("iso8859_7", ";charset=ISO-8859-7", slice(2, 3)),
    "Windows-1252": ("cp1252", "; header=present; charset=windows-1252", slice(3, 4)),
    "Windows-1252 that is not named": ("cp1252", "", slice(3, 4)),
    "UTF-8": ("utf-8", "; charset=utf-8", slice(4)),
    "a byte order mark wins": ("utf-8-sig", "; charset=shift_jis", slice(4)),
    "UTF-16 with a mark wins": ("utf-16", "; charset=shift_jis", slice(4)),
}


@pytest.fixture(scope="module")
def of_cities() -> Scorer:
    """A model of one category, city."""
    stage = Stage(FakeStore(), Settings("bucket", "label", estimator="decision_tree"))
    rows = "".join(f"{city},{'xy'[number % 2]}\n" for number, city in enumerate(CITIES * 5))
    stage.put("data/slots/1.csv", "city,label\n" + rows)
    stage.put("data/test/1.csv", "city,label\n" + rows[: len(rows) // 5])
    [score] = stage.ingest().trained
    return load_scorer(stage.store, score)


@pytest.mark.parametrize(("codec", "parameters", "some"), CHARSETS.values(), ids=CHARSETS)
def test_a_csv_is_read_in_the_charset_that_it_names(
    of_cities: Scorer, codec: str, parameters: str, some: slice
) -> None:
    cities = CITIES[some]
    body = "\n".join(["city", *cities]).encode(codec)
    rows = parse_body(body, CSV + parameters, of_cities)
    assert [row[0] for row in rows.values] == [*cities]


BAD_CHARSETS: dict[str, tuple[str, str]] = {
    "unknown": ("; charset=klingon", "expected a charset such as utf-8, windows-1252 or shift_jis, found 'klingon'"),
    "no text": ("; charset=base64", "found 'base64'"),
    "another": ("; charset=ascii", "line 2: expected CSV text in ascii, found byte 0x93"),
    "not named": ("", "found bytes of another encoding: send it as UTF-8, or say what it is"),
}


@pytest.mark.parametrize(("parameters", "problem"), BAD_CHARSETS.values(), ids=BAD_CHARSETS)
def test_letters_that_nothing_explains_are_not_guessed(of_cities: Scorer, parameters: str, problem: str) -> None:
    with pytest.raises(Malformed) as raised:
        parse_body("city\n東京都\n大阪府\n".encode("cp932"), CSV + parameters, of_cities)
    assert problem in str(raised.value)


NANS: dict[str, tuple[str, list[str]]] = {
    "a row": ('{"Spend": NaN, "Region_code": 1}', ["/Spend"]),
    "records": ('{"instances": [{"Spend": 1, "Region_code": NaN}]}', ["/instances/0/Region_code"]),
    "a split": (
        '{"dataframe_split": {"columns": ["Region_code", "Spend"], "data": [[NaN, NaN]]}}',
        ["/dataframe_split/data/0/1", "/dataframe_split/data/0/0"],
    ),
}


@pytest.mark.parametrize(("body", "pointers"), NANS.values(), ids=NANS)
def test_nan_is_to_be_written_as_null(body: str, pointers: list[str]) -> None:
    found = errors_of(body, JSON)
    assert [pointer for pointer, _ in found] == pointers
    assert all(detail.endswith("found one that does not (NaN): write a missing value as null") for _, detail in found)
    assert "null" not in errors_of('{"Spend": Infinity, "Region_code": 1}', JSON)[0][1]


@pytest.mark.parametrize("form", ["instances", "dataframe_split", "text/csv"])
def test_errors_end_where_no_answer_has_room_for_more(form: str) -> None:
    rows = MAX_ERRORS + 10
    bodies: dict[str, tuple[object, str]] = {
        "instances": ({"instances": [{SPEND: 1}] * rows}, JSON),
        "dataframe_split": (split([SPEND, REGION], *([[1, "x"]] * rows)), JSON),
        "text/csv": ("Spend,Region_code\n" + "1,x\n" * rows, CSV),
    }
    assert len(errors_of(*bodies[form])) == MAX_ERRORS
