"""Bytes into text: the encoding is found in the bytes, and bytes that are foreign to it are known by their place."""

import codecs
import re
from collections.abc import Callable
from typing import Final

from shared.formats.row_errors import BadTable, Reason, shortened

LAST_RESORT: Final = "Windows-1252"

GuessEncoding = Callable[[bytes], str | None]

_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_ESCAPED: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = re.compile("[^\0-\x7f]")
_HIGH_RUN: Final = re.compile(b"[\x80-\xff]+")
_LOOKED_AT: Final = 1_000_000
ENOUGH: Final = 8  # fewer bytes beyond ASCII could be anything
_WESTERN: Final = frozenset(
    {*range(0xC0, 0x100), *b"\x80\x85\x8a\x8e\x91\x92\x93\x94\x95\x96\x97\x99\x9a\x9e\x9f", *range(0xA0, 0xC0)}
)


def decoded(
    body: bytes, guess: GuessEncoding | None, charset: str = ""
) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """The text, its encoding, and the places in the text of bytes that are foreign to it, with these bytes.

    By byte order mark or as UTF-16 without one, else as a `charset` says that is not UTF-8, else UTF-8, perhaps with a
    few foreign bytes, else as `guess` says where it is not plausibly Windows-1252, which is what is left.
    """
    if (told := _told(body, charset)) is not None:
        return *_strictly(body, *told), ()
    name = "UTF-8 with a byte order mark" if body.startswith(_UTF_8_MARK) else "UTF-8"
    try:
        return body.decode("utf-8-sig"), name, ()
    except UnicodeDecodeError:
        pass
    if (mended := _mostly_utf8(body)) is not None:
        return mended[0], name, mended[1]
    if guess and not _is_western(body) and (guessed := guess(body)):
        return *_strictly(body, guessed, guessed), ()
    return *_strictly(body, "cp1252", LAST_RESORT), ()  # has the printable characters of Latin-1 and more


def _told(body: bytes, charset: str) -> tuple[str, str] | None:
    """The codec, and its name for people, that bytes or their sender tell, UTF-8 excepted; None where they do not."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "UTF-16"
    for first, codec in ((0, "utf-16-be"), (1, "utf-16-le")):  # every second byte of ASCII text is 0
        if len(body) >= 4 and not any(body[first:100:2]) and all(body[1 - first : 100 : 2]):
            return codec, "UTF-16"
    if charset and not body.startswith(_UTF_8_MARK) and (codec := _codec(charset)) != "utf-8":
        return codec, charset
    return None


def _mostly_utf8(body: bytes) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """UTF-8 in which a few bytes are foreign, each read as Windows-1252; None where it is not UTF-8.

    Letters of another encoding are hardly ever whole sequences of UTF-8 by chance.
    """
    text = body.decode("utf-8-sig", "surrogateescape")
    foreign = [(match.start(), ord(match[0]) - 0xDC00) for match in _ESCAPED.finditer(text)]
    whole = sum(1 for _ in _BEYOND_ASCII.finditer(text)) - len(foreign)
    if whole < len(foreign) * (1 if len(foreign) == 1 else 2):
        return None
    letters = {byte: bytes([byte]).decode("cp1252", "replace") for _, byte in foreign}
    return _ESCAPED.sub(lambda match: letters[ord(match[0]) - 0xDC00], text), tuple(foreign)


def _is_western(body: bytes) -> bool:
    """Whether bytes beyond ASCII are letters and signs of Windows-1252, most of them alone among ASCII ones.

    Where there are few of them, they are taken for that.
    """
    runs = [match[0] for match in _HIGH_RUN.finditer(body[:_LOOKED_AT])]
    high = sum(map(len, runs))
    alone = sum(len(run) for run in runs if len(run) <= 2)
    letters = sum(byte in _WESTERN for run in runs for byte in run)
    return high < ENOUGH or (alone >= 0.8 * high and letters >= 0.95 * high)


def _codec(charset: str) -> str:
    """Python's name of a charset; raise BadTable when there is none that makes text of bytes."""
    try:
        b" ".decode(charset, "replace")
        return codecs.lookup(charset).name
    except (LookupError, UnicodeError):
        expected = "expected a charset such as utf-8, windows-1252 or shift_jis"
        raise BadTable([Reason(f"{expected}, found {shortened(charset)}")]) from None


def _strictly(body: bytes, codec: str, name: str) -> tuple[str, str]:
    try:
        return body.decode(codec).removeprefix("\ufeff"), name
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{body[error.start]:02x} at position {error.start}"
        guessed = name in {"UTF-16", LAST_RESORT}
        expected = "text in UTF-8, UTF-16 or Windows-1252" if guessed else f"text in {name}"
        raise BadTable([Reason(f"expected CSV {expected}, found {found}: save it as UTF-8", line)]) from None
