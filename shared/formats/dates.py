"""Dates and times as people write them, by the formats of `datetime.strptime`, which does the reading.

Beyond it are understood: months and weekdays in full or short, months in eleven languages, ``a.m.``, zones as ``UTC``
or ``+00``; and ISO 8601 in every column of dates. Without a zone a date is UTC. A year of two digits is 1969 to 2068.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Final

ISO: Final = "iso"
COMPACT: Final = "%Y%m%d"

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?")
_ZONE_APART: Final = re.compile(r" (?=[Z+-])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT: Final = datetime(1900, 1, 1, tzinfo=UTC)  # what strptime adds a time of day to
_OF_A_DAY: Final = re.compile("%[YymdbBjcxGsaAuwUVW]")

_MONTHS: Final = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sep oct nov dec
- - - - - - - - sept - - -
januar februar märz april mai juni juli august september oktober november dezember
jänner feber mrz apr mai jun jul aug sep okt nov dez
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
janv févr mars avr mai juin juil août sept oct nov déc
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
ene feb mar abr may jun jul ago sept oct nov dic
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
gen feb mar apr mag giu lug ago set ott nov dic
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
jan fev mar abr mai jun jul ago set out nov dez
januari februari maart april mei juni juli augustus september oktober november december
jan feb mrt apr mei jun jul aug sep okt nov dec
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november desember
jan feb mar apr maj jun jul aug sep okt nov des
styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
sty lut mar kwi maj cze lip sie wrz paź lis gru
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
янв фев мар апр май июн июл авг сен окт ноя дек
"""
_ENGLISH: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMES: Final = {
    name: number for line in _MONTHS.strip().splitlines() for number, name in enumerate(line.split()) if name != "-"
}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WORDS: Final = {
    **{name: _ENGLISH[number] for name, number in _NAMES.items()},
    **{form.lower(): day[:3] for day in _DAYS for form in (day, day[:3])},
    "tues": "Tue",
    "thur": "Thu",
    "thurs": "Thu",
    "am": "AM",
    "pm": "PM",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_DOT: Final = re.compile(r"(?<=[^\W\d_])\.(?=\s|,|$)")
_HALF: Final = re.compile(r"(?i)\b([ap])\.\s?m\b\.?")
_OF: Final = re.compile(r"(?i)\s+(?:de|del)\s+(?=\w)")  # 12 de noviembre de 2024
_ZONE: Final = re.compile(r"(?<=\d)(\s?)(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d)?)$")

_DATES: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d.%b.%Y", "%d %b %Y", "%d %b %y", "%d. %b %Y", "%d%b%Y", "%d%b%y"),
    *("%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%Y-%b-%d", "%Y %b %d"),
    *("%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%a %b %d %Y", "%a, %d. %b %Y"),
    *("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%b-%Y", "%b/%Y", "%b-%y", "%b %y", "%Y-%b", "%Y %b"),
)
_TIMES: Final = (
    *("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H.%M.%S"),
    *("%I:%M %p", "%I:%M%p", "%I:%M:%S %p", "%I:%M:%S%p"),
)
_JOINTS: Final = (" ", ", ", "T", ":")
_ALL: Final = (
    *_DATES,
    *map("".join, product(_DATES, _JOINTS, _TIMES, ("", "%z", " %z"))),
    *(f"{day} {time} %Y" for day in ("%a %b %d", "%b %d") for time in _TIMES),
    *_TIMES,
)
DATE_FORMATS: Final = (
    ISO,
    *(
        f"{day}{time}"
        for day in ("%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
        for time in ("", " %H:%M", " %H:%M:%S")
    ),
)
_PIECES: Final = re.compile(r"\d+|[^\W\d_]+")
_SHORT_MINUTE: Final = re.compile(r"[:.]\d(?!\d)")
_DIRECTIVE_KINDS: Final = {"%b": "b", "%a": "a", "%p": "p", "%z": "z"}
_WORD_KINDS: Final = {**dict.fromkeys(_ENGLISH, "b"), **{day[:3]: "a" for day in _DAYS}, "AM": "p", "PM": "p"}
_ISO_SHAPES: Final = tuple(
    f"9-9-9{joint}{time}{zone}" for joint, time, zone in product("T ", ("9:9", "9:9:9", "9:9:9.9"), ("", "z", " z"))
)
_TRIED_SHAPES: Final = 3
_CHECKED: Final = 1_000  # of many texts first these, which settle nearly every case


def as_days(text: str, date_format: str) -> float | None:
    """Days since 1970-01-01 (UTC) of a date, with the time of day as a fraction; None when it is not of the format.

    `date_format` is one of `datetime.strptime`, or ``iso``; a time of day alone is the fraction of a day. A date by ISO
    8601 is understood whatever the format.
    """
    moment = None if date_format == ISO else _by_format(text, date_format)
    if moment is None:
        return _iso_days(text)
    start = _EPOCH if has_day(date_format) else _MIDNIGHT
    return (moment - start).total_seconds() / 86_400


def _iso_days(text: str) -> float | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(_ZONE_APART.sub("", text))
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH).total_seconds() / 86_400
    except (ValueError, OverflowError):
        return None


def _by_format(text: str, date_format: str) -> datetime | None:
    words, form = _words(date_format)
    if date_format == COMPACT and len(text) != len("20241102"):
        return None  # strptime takes a month of one digit
    try:
        moment = datetime.strptime(_in_english(text) if words else text, form)  # noqa: DTZ007  (the zone is added below)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def _words(date_format: str) -> tuple[bool, str]:
    """Whether a format has words, and the format for their short English forms."""
    return re.search("%[bBaApz]", date_format) is not None, date_format.replace("%B", "%b").replace("%A", "%a")


@lru_cache(maxsize=256)
def has_day(date_format: str) -> bool:
    """Whether a format is of more than a time of day."""
    return date_format == ISO or _OF_A_DAY.search(date_format) is not None


def date_text(days: float, date_format: str) -> str:
    """The date, days after 1970-01-01, in a format; of an ISO date without a time of day the date alone."""
    moment = _EPOCH + timedelta(days=days)
    if date_format != ISO:
        return moment.strftime(date_format)
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    return text.removesuffix("T00:00:00")


def _in_english(text: str) -> str:
    """The text with months, weekdays and halves of the day in short English, and a zone as ``+0000``."""
    text = _OF.sub(" ", _HALF.sub(r"\1m", text))
    text = _WORD.sub(lambda word: _WORDS.get(word[0].lower(), word[0]), _DOT.sub("", text))
    return _ZONE.sub(_zone, text) if ":" in text else text


def _zone(found: "re.Match[str]") -> str:
    return f"{found[1]}+0000" if found[2] else f"{found[1]}{found[3]}{found[4] or '00'}"


def date_format_of(texts: Collection[str]) -> str | None:
    """The first format that all the texts have, None when there is none.

    Where the order of day and month is open, the day comes first.
    """
    form, agreeing = agreeing_format(dict.fromkeys(texts, 1))
    return form if form and agreeing == len(texts) else None


def agreeing_format(texts: Mapping[str, int]) -> tuple[str | None, int]:
    """The format that most cells have, and their number; None where less than half have one.

    `texts` are the distinct texts with the number of their cells. A time alone needs its minutes in two digits.
    """
    ordered = sorted(texts)
    sample = ordered[:: max(1, len(ordered) // _CHECKED)]
    shapes = Counter(map(_shape, sample))
    best, most = None, 0
    for shape, _ in shapes.most_common(_TRIED_SHAPES):
        for form in _by_shape().get(shape, ()):
            if 2 * sum(_fits(text, form) for text in sample) < len(sample):
                continue
            agreeing = sum(times for text, times in texts.items() if _fits(text, form))
            if agreeing > most:
                best, most = form, agreeing
            if agreeing == sum(texts.values()):
                return form, agreeing
    return (best, most) if 2 * most >= sum(texts.values()) else (None, 0)


def swapped(date_format: str) -> str | None:
    """The format with day and month swapped, None where that is no common one."""
    other = date_format.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
    return other if other != date_format and other in _by_shape().get(_shape_of_format(other), ()) else None


def _fits(text: str, date_format: str) -> bool:
    if date_format == ISO:
        return _iso_days(text) is not None
    if not has_day(date_format) and _SHORT_MINUTE.search(text):
        return False
    return _by_format(text, date_format) is not None


def _shape(text: str) -> str:
    """A text with 9 for each number, and each word by its first directive: what decides which formats are tried."""
    english = _OF.sub(" ", _HALF.sub(r"\1m", _DOT.sub("", text)))
    return _PIECES.sub(lambda piece: _kind(piece[0]), _ZONE.sub(r"\1z", english) if ":" in english else english)


def _kind(piece: str) -> str:
    if piece[0].isdigit():
        return "9"
    return _WORD_KINDS.get(_WORDS.get(piece.lower(), ""), piece)


def _shape_of_format(date_format: str) -> str:
    return re.sub("9+", "9", re.sub("%.", lambda directive: _DIRECTIVE_KINDS.get(directive[0], "9"), date_format))


@lru_cache(maxsize=1)
def _by_shape() -> dict[str, list[str]]:
    """The known formats by the shape of their texts, in the order in which they are tried."""
    found: dict[str, list[str]] = {}
    for form in _ALL:
        found.setdefault(_shape_of_format(form), []).append(form)
    for shape in ("9-9-9", *_ISO_SHAPES):
        found.setdefault(shape, []).insert(0, ISO)
    return found
