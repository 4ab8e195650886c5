"""One value at a time: what each kind of column takes from a CSV and from JSON, and what it says of the rest."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.columns import Column, Kind, Unusable, Value
from shared.formats.dates import DATE_FORMATS, as_days, date_text
from shared.formats.values import MISSING, category_text, has_thousands

FEATURES: tuple[Kind, ...] = ("number", "boolean", "date", "category")
DAY_FIRST = "%d/%m/%Y"

CELLS: list[tuple[Kind, str, Value]] = [
    ("number", " 1.50 ", 1.5),
    ("number", "-0", 0.0),
    ("boolean", "TRUE", "true"),
    ("boolean", "no", "false"),
    ("boolean", "Y", "true"),
    ("boolean", "0", "false"),
    ("boolean", "1.0", "true"),
    ("date", "1970-01-02", 1.0),
    ("date", "1970-01-01 12:00", 0.5),
    ("date", "1970-01-01T12:00:00Z", 0.5),
    ("date", "1970-01-02T01:00:00+01:00", 1.0),
    ("date", "1970-01-02 01:00:00.000000001 +0100", 1.0),
    ("date", "1970-01-01 12:00 Z", 0.5),
    ("date", "1969-12-31", -1.0),
    ("category", " red ", "red"),
    ("category", "1.0", "1"),
    ("category", "007", "7"),
    ("category", "1e2", "100"),
    ("category", "0.1", "0.1"),
    ("unused", "anything", None),
    *((kind, spelling, None) for kind in FEATURES for spelling in ("", " ", "NA", "?")),
]


@pytest.mark.parametrize(("kind", "cell", "value"), CELLS)
def test_reads_a_cell(kind: Kind, cell: str, value: Value) -> None:
    assert Column("a", kind).parse(cell, MISSING) == value


BAD_CELLS: list[tuple[Kind, str, str]] = [
    ("number", "low", "a finite number or nothing"),
    ("number", "1,5", "a finite number or nothing"),
    ("number", "inf", "a finite number or nothing"),
    ("number", "1e39", "a finite number that fits into float32"),
    ("boolean", "maybe", "true or false (or yes, no, t, f, y, n, 1, 0) or nothing"),
    ("boolean", "2", "true or false (or yes, no, t, f, y, n, 1, 0) or nothing"),
    ("date", "02/11/2024", "a date such as 2024-11-02 or nothing"),
    ("date", "2024-02-30", "a date such as 2024-11-02 or nothing"),
    ("date", "2024-W01-1", "a date such as 2024-11-02 or nothing"),
    ("date", "20240101", "a date such as 2024-11-02 or nothing"),
]


@pytest.mark.parametrize(("kind", "cell", "expected"), BAD_CELLS)
def test_says_what_was_expected_of_a_cell(kind: Kind, cell: str, expected: str) -> None:
    with pytest.raises(Unusable) as raised:
        Column("a", kind).parse(cell, MISSING)
    assert str(raised.value) == expected


VALUES: list[tuple[Kind, object, Value]] = [
    ("number", 3, 3.0),
    ("number", None, None),
    ("boolean", True, "true"),
    ("boolean", 0, "false"),
    ("boolean", "no", "false"),
    ("date", "1970-01-02", 1.0),
    ("date", "NA", None),
    ("category", "red", "red"),
    ("category", 3, "3"),
    ("category", 3.0, "3"),
    ("category", 0.5, "0.5"),
    ("category", "", None),
    ("category", "never seen", "never seen"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES)
def test_accepts_a_json_value(kind: Kind, value: object, expected: Value) -> None:
    assert Column("a", kind).accept(value, MISSING) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "1"), ("number", True), ("number", math.nan), ("number", math.inf), ("number", 10**400),
        ("number", []), ("boolean", 2), ("boolean", "maybe"), ("boolean", []), ("date", 20240101), ("date", True),
        ("date", "soon"), ("category", True), ("category", []), ("category", {}), ("category", 1e39),
    ],
)  # fmt: skip
def test_refuses_a_json_value(kind: Kind, value: object) -> None:
    with pytest.raises(Unusable):
        Column("a", kind).accept(value, MISSING)


def test_own_spellings_of_a_missing_value_are_found_by_value() -> None:
    glucose = Column("a", "number", missing=("-9", "0"))
    assert [glucose.parse(text, MISSING) for text in ("0", "0.0", "-9.00", "00", "1")] == [None] * 4 + [1.0]
    assert [glucose.accept(value) for value in (0, 0.0, -9, 1)] == [None] * 3 + [1.0]
    assert not glucose.plain


def test_a_decimal_comma_is_one_value_with_a_decimal_point() -> None:
    assert Column("a").parse("1,5", MISSING, ",") == 1.5
    assert Column("a", "category").parse("1,50", MISSING, ",") == "1.5"
    with pytest.raises(Unusable):
        Column("a").parse("1.500,5", MISSING, ",")


@pytest.mark.parametrize("text", ["1,234", "1,234,567", "1.234.567,8", "12 345", "1'000", "-1,234.5", "1\u00a0234"])
def test_thousands_separators_are_recognised(text: str) -> None:
    assert has_thousands(text)


@pytest.mark.parametrize("text", ["1234", "1,5", "1,2345", "12.5", "A 123", "1,234;5", "", "1,234 567"])
def test_other_texts_have_no_thousands_separators(text: str) -> None:
    assert not has_thousands(text)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_what_a_format_writes_it_reads(date_format: str) -> None:
    for days in (0.0, 12_345.0, -400.0):
        text = date_text(days, date_format)
        assert as_days(text, date_format) == days
        assert Column("a", "date", date_format).parse(text, MISSING) == days


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))  # noqa: DTZ001  (given as UTC)
def test_iso_dates_are_read_as_python_reads_them(moment: datetime) -> None:
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    assert as_days(moment.isoformat(), "iso") == pytest.approx(expected, rel=1e-14, abs=1e-10)


@given(st.text(max_size=20))
def test_any_text_is_a_value_or_unusable(text: str) -> None:
    for kind in FEATURES:
        column = Column("a", kind, DAY_FIRST if kind == "date" else "iso")
        try:
            value = column.parse(text, MISSING)
        except Unusable as unusable:
            assert str(unusable)  # noqa: PT017  (either is right)
        else:
            assert value is None or isinstance(value, str if column.is_category else float)


@given(st.text(max_size=20))
def test_a_category_has_one_spelling(text: str) -> None:
    assert category_text(category_text(text)) == category_text(text)


OUT_OF_RANGE: dict[str, tuple[object, bool]] = {
    "beyond float32": (1e39, True),
    "not finite": (float("inf"), True),
    "NaN": (float("nan"), True),
    "a text": ("1", False),
    "a list": ([], False),
}


@pytest.mark.parametrize(("value", "expected"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_an_error_says_whether_a_number_is_out_of_range(value: object, expected: bool) -> None:
    with pytest.raises(Unusable) as raised:
        Column("a").accept(value)
    assert raised.value.is_out_of_range is expected
