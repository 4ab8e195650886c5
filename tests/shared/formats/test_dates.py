"""Dates as people write them: the format that is found, and the day that is meant."""

import pytest

from shared.formats.dates import _MONTHS as MONTHS
from shared.formats.dates import DATE_FORMATS, agreeing_format, as_days, date_format_of, date_text, swapped

NOON = "2024-11-22T12:00:00"
DAY = "2024-11-22"
FOUND: dict[str, tuple[str, str, str]] = {
    "American, two digits": ("11/22/24", "%m/%d/%y", DAY),
    "German, two digits": ("22.11.24", "%d.%m.%y", DAY),
    "short month": ("22-Nov-2024", "%d-%b-%Y", DAY),
    "short month, two digits": ("22-Nov-24", "%d-%b-%y", DAY),
    "month first": ("Nov 22, 2024", "%b %d, %Y", DAY),
    "long month first": ("November 22, 2024", "%b %d, %Y", DAY),
    "long month": ("22 November 2024", "%d %b %Y", DAY),
    "upper case": ("22NOV2024", "%d%b%Y", DAY),
    "with a half of the day": ("11/22/2024 12:00 PM", "%m/%d/%Y %I:%M %p", NOON),
    "with a written half": ("22/11/2024 12:00 p.m.", "%d/%m/%Y %I:%M %p", NOON),
    "digits alone": ("20241122", "%Y%m%d", DAY),
    "a zone of hours": ("2024/11/22 14:00:00+02", "%Y/%m/%d %H:%M:%S%z", NOON),
    "a month": ("2024-11", "%Y-%m", "2024-11-01"),
    "a month in words": ("Nov-24", "%b-%y", "2024-11-01"),
    "ISO with a zone": ("2024-11-22T13:00:00+01:00", "iso", NOON),
    "ISO with milliseconds": ("2024-11-22T12:00:00.000Z", "iso", NOON),
    "one digit": ("2024-1-5", "%Y-%m-%d", "2024-01-05"),
    "of a mail": ("Fri, 22 Nov 2024 12:00:00 GMT", "%a, %d %b %Y %H:%M:%S %z", NOON),
    "of C": ("Fri Nov 22 12:00:00 2024", "%a %b %d %H:%M:%S %Y", NOON),
    "of a log": ("22/Nov/2024:12:00:00 +0000", "%d/%b/%Y:%H:%M:%S %z", NOON),
    "a time with points": ("18.00.00", "%H.%M.%S", "1970-01-01T18:00:00"),
    "a time": ("19:30:00", "%H:%M:%S", "1970-01-01T19:30:00"),
    "a time of half a day": ("7:30 pm", "%I:%M %p", "1970-01-01T19:30:00"),
    "German": ("22. März 2024", "%d. %b %Y", "2024-03-22"),
    "French": ("22 févr. 2024", "%d %b %Y", "2024-02-22"),
    "Spanish": ("22 de noviembre de 2024", "%d %b %Y", DAY),
    "Italian": ("22 luglio 2024", "%d %b %Y", "2024-07-22"),
    "Portuguese": ("22 de março de 2024", "%d %b %Y", "2024-03-22"),
    "Dutch": ("22 mei 2024", "%d %b %Y", "2024-05-22"),
    "Swedish": ("22 augusti 2024", "%d %b %Y", "2024-08-22"),
    "Polish": ("22 listopada 2024", "%d %b %Y", DAY),
    "Russian": ("22 ноября 2024", "%d %b %Y", DAY),
}


@pytest.mark.parametrize(("text", "date_format", "meant"), FOUND.values(), ids=FOUND)
def test_the_format_of_a_date_is_found(text: str, date_format: str, meant: str) -> None:
    assert date_format_of([text]) == date_format
    days = as_days(text, date_format)
    assert days is not None
    assert date_text(days, "iso") == meant


NO_DATES = [
    "",
    "red",
    "5 km",
    "3:2",
    "1.2.3",
    "2A",
    "10-20",
    "32.01.2024",
    "00/00/00",
    "May",
    "2024-13-01",
    "12",
    "9:5",
]


@pytest.mark.parametrize("text", NO_DATES)
def test_other_texts_are_no_dates(text: str) -> None:
    assert date_format_of([text]) is None


@pytest.mark.parametrize("date_format", [form for form in DATE_FORMATS if form != "iso"])
def test_iso_is_understood_in_every_column_of_dates(date_format: str) -> None:
    assert as_days("1970-01-03", date_format) == 2.0
    assert as_days("1970-01-01T12:00:00Z", date_format) == 0.5


def test_no_month_has_two_numbers() -> None:
    months: dict[str, set[int]] = {}
    for line in MONTHS.strip().splitlines():
        names = line.split()
        assert len(names) == 12
        for number, name in enumerate(names):
            months.setdefault(name, set()).add(number)
    assert {name for name, numbers in months.items() if len(numbers) > 1} <= {"-"}


def test_the_cells_that_agree_are_counted() -> None:
    cells = {f"{day:02}.11.24": 10 for day in range(1, 28)} | {"unknown": 7}
    assert agreeing_format(cells) == ("%d.%m.%y", 270)
    assert agreeing_format({"22.11.24": 1, "red": 1, "blue": 1}) == (None, 0)


def test_day_and_month_can_be_swapped() -> None:
    assert swapped("%d/%m/%Y %H:%M") == "%m/%d/%Y %H:%M"
    assert swapped("%m/%d/%y") == "%d/%m/%y"
    assert swapped("%d %b %Y") is None
    assert swapped("iso") is None
