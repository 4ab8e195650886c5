"""The text of a CSV that is too large to be held: parts of its bytes in, blocks of whole records out."""

import codecs
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from shared.formats.csv_dialect import CsvText, open_csv
from shared.formats.decoding import LAST_RESORT
from shared.formats.row_errors import BadTable, Reason
from shared.ingestion.encodings import guess_encoding

HEAD_BYTES: Final = 1_000_000
BLOCK_CHARACTERS: Final = 1_000_000
LONGEST_RECORD: Final = 16_000_000  # a quote that nobody closes must not take the rest of the file into memory

_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1_000_000
_ESCAPED: Final = re.compile("[\udc80-\udcff]")


def open_blocks(parts: Iterable[bytes], known: Collection[str]) -> tuple[CsvText, Iterator[str]]:
    """How a CSV is to be read, without its text, and its text in blocks that end where a record ends.

    Encoding, delimiter and decimal mark are found in the first megabyte; `known` are names that the header should
    have. Raise BadTable when this is no CSV, and from the blocks where the bytes cease to be text.
    """
    pieces = _unpacked(iter(parts))
    head, packed = next(pieces, (b"", False))
    while len(head) < HEAD_BYTES and (more := next(pieces, None)):
        head += more[0]
    csv = open_csv(_whole_lines(head), known, guess=guess_encoding)
    texts = _decoded(csv, head, (piece for piece, _ in pieces))
    return replace(csv, text="", foreign=(), compression="gzip" if packed else None), _blocks(texts)


def _unpacked(parts: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The bytes, out of a gzip file of one or more members where it is one, and whether it is."""
    first = next(parts, b"")
    if not first.startswith(_GZIP):
        yield first, False
        for part in parts:
            yield part, False
        return
    member, waiting = zlib.decompressobj(wbits=31), first
    try:
        while waiting:
            yield member.decompress(waiting, _PIECE), True
            waiting = member.unconsumed_tail
            if member.eof:
                waiting = member.unused_data.lstrip(b"\0") or next(parts, b"").lstrip(b"\0")
                member = zlib.decompressobj(wbits=31) if waiting else member
            elif not waiting:
                waiting = next(parts, b"")
        if not member.eof:
            raise zlib.error("it ends too early")  # noqa: TRY301
    except zlib.error as error:
        raise BadTable([Reason(f"expected a gzip file, found a damaged one ({error}): pack it again")]) from None


def _whole_lines(head: bytes) -> bytes:
    """The beginning of a file without the line that it may end in."""
    if len(head) <= HEAD_BYTES:
        return head
    head = head[:HEAD_BYTES]
    end = head.rfind(b"\n") + 1 or len(head)
    return head[: end + end % 2] if b"\0" in head[:100] else head[:end]  # of UTF-16 whole characters


def _decoded(csv: CsvText, head: bytes, pieces: Iterator[bytes]) -> Iterator[str]:
    codec = {"UTF-8": "utf-8", "UTF-8 with a byte order mark": "utf-8-sig", LAST_RESORT: "cp1252"}.get(csv.encoding)
    if csv.encoding == "UTF-16" and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    codec = codec or csv.encoding
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape" if codec.startswith("utf-8") else "strict")
    try:
        yield _mended(decoder.decode(head))
        for piece in pieces:
            yield _mended(decoder.decode(piece))
        yield _mended(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        raise BadTable(
            [Reason(f"expected text in {csv.encoding}, found other bytes ({error.reason}): save it as UTF-8")]
        ) from None


def _mended(text: str) -> str:
    """Bytes that are foreign to UTF-8, each read as Windows-1252."""
    if text.isascii():
        return text
    return _ESCAPED.sub(lambda match: bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace"), text)


def _blocks(texts: Iterator[str]) -> Iterator[str]:
    held = ""
    for text in texts:
        held += text
        start = 0
        while len(held) - start >= BLOCK_CHARACTERS:
            end = _end_of_record(held[start : start + BLOCK_CHARACTERS]) or _end_of_record(held[start:])
            if not end:
                break
            yield held[start : start + end]
            start += end
        held = held[start:]
    if held:
        yield held


def _end_of_record(text: str) -> int:
    """Where the last whole record of a text ends: at a line's end with an even number of quotes before it."""
    end = text.rfind("\n") + 1
    odd = text.count('"', 0, end) % 2 == 1
    while odd and end:
        before = text.rfind("\n", 0, end - 1) + 1
        odd ^= text.count('"', before, end) % 2 == 1
        end = before
    return end or (text.rfind("\n") + 1 if len(text) >= LONGEST_RECORD else 0)
