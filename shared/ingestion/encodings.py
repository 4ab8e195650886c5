"""Encodings of uploads that are neither Unicode nor Windows-1252, and foreign bytes in those that are UTF-8."""

from collections.abc import Iterator
from typing import Final

from charset_normalizer import from_bytes

from shared.formats.csv_dialect import CsvText
from shared.formats.row_errors import shortened

SHOWN: Final = 5
_CODECS: Final = ["cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1250", "cp1251", "cp1253"]
_LOOKED_AT: Final = 100_000
_STRANGE: Final = 0.4  # names and numbers without sentences look stranger than texts


def guess_encoding(body: bytes) -> str | None:
    """The codec of a text by charset-normalizer's judgement of its letters, None where none makes sense."""
    sample = body[:_LOOKED_AT]
    best = from_bytes(sample[: sample.rfind(b"\n") + 1] or sample, cp_isolation=_CODECS, threshold=_STRANGE).best()
    if best is None:
        return None
    try:
        body.decode(best.encoding)
    except UnicodeDecodeError:
        return None
    return best.encoding


def notes_on_bytes(csv: CsvText) -> Iterator[str]:
    """The cells with a byte that is foreign to the encoding, and what the byte is read as."""
    for place, byte in csv.foreign[:SHOWN]:
        line = csv.text.count("\n", 0, place) + 1
        yield (
            f"line {line}: the byte 0x{byte:02x} in the cell {shortened(_cell(csv, place))} is not {csv.encoding}: it "
            "is read as Windows-1252 has it; save the file as UTF-8"
        )
    if len(csv.foreign) > SHOWN:
        yield f"and {len(csv.foreign) - SHOWN} more bytes that are not {csv.encoding}"


def _cell(csv: CsvText, place: int) -> str:
    """The cell around a place of the text, as far as its line."""
    start = max(csv.text.rfind(mark, 0, place) for mark in (csv.delimiter, "\n", "\r")) + 1
    ends = [csv.text.find(mark, place) for mark in (csv.delimiter, "\n", "\r")]
    return csv.text[start : min((end for end in ends if end >= 0), default=len(csv.text))].strip(' "')
