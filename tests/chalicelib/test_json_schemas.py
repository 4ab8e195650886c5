"""The patterns of dates, against what is read as a date."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.json_schemas import date_pattern
from shared.formats.dates import DATE_FORMATS, ISO, as_days

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001  (the strategy wants none)


def pattern_of(date_format: str) -> str:
    found = date_pattern(date_format)
    assert found is not None
    return found


@pytest.mark.parametrize("date_format", [*DATE_FORMATS, "%y%m%d", "(%d.%m.%Y)"])
@settings(max_examples=20, deadline=None)
@given(moment=MOMENTS)
def test_every_date_of_a_format_fits_its_pattern(date_format: str, moment: datetime) -> None:
    text = moment.isoformat() if date_format == ISO else moment.strftime(date_format)
    assert re.search(pattern_of(date_format), text)


@pytest.mark.parametrize("date_format", [*DATE_FORMATS, "%y-%m-%d", "(%d.%m.%Y)"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_fits_a_pattern_is_a_date_if_there_is_such_a_day(date_format: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern_of(date_format), fullmatch=True))
    perhaps_no_day = re.search(r"29|3[01]|0000", text)
    assert as_days(text, date_format) is not None or perhaps_no_day


def test_a_format_with_words_has_no_pattern() -> None:
    assert date_pattern("%d %b %Y") is None


def test_an_iso_date_with_every_part_fits() -> None:
    text = datetime(2024, 11, 2, 15, 4, 5, 678, tzinfo=UTC).isoformat()
    assert re.search(pattern_of(ISO), text)
    assert as_days(text, ISO) is not None
