"""CSV text: bytes into records, whatever the compression, the encoding, the delimiter and the decimal mark.

All of it is found in the bytes, none of it is a setting, and what was found is reported. Uploads and requests are
read by the same rules.
"""

import csv
import io
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from shared.formats.decoding import LAST_RESORT, GuessEncoding, decoded
from shared.formats.row_errors import BadTable, Reason
from shared.formats.values import column_name

MAX_COLUMNS: Final = 16_384  # as many as a spreadsheet has
MAX_BYTES: Final = 256_000_000
DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

TITLE_RECORDS: Final = 20  # so many lines of a title may be above the header

_SNIFFED_RECORDS: Final = 100
_BLOCK: Final = 1_000_000  # characters
_GZIP: Final = b"\x1f\x8b"
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a Zstandard archive",
}
_OTHER_TEXT: Final = {'{"': "JSON", "[{": "JSON", "[[": "JSON", "<!": "HTML", "<html": "HTML", "<?xml": "XML"}
_NUL: Final = re.compile("\0")
_CONTROL: Final = re.compile("[\0-\x08\x0b\x0e-\x1f]")  # where any bytes would do, these are no text
_CELL: Final = r'(?:^|[;\t|])[ "]*[+-]?\d+{mark}\d+(?:[eE][+-]?\d+)?[ "]*(?=[;\t|\r\n]|$)'
_OPEN: Final = re.compile(r'(?:^|[\t|])[ "]*[+-]?[1-9]\d{0,2},\d{3}[ "]*(?=[\t|\r\n]|$)', re.MULTILINE)
_DECIMALS: Final = {mark: re.compile(_CELL.replace("{mark}", re.escape(mark)), re.MULTILINE) for mark in ",."}


@dataclass(frozen=True)
class CsvText:
    """The text of a CSV and how it is to be read. `foreign` has the place of each foreign byte, and the byte."""

    text: str
    encoding: str
    compression: str | None = None
    delimiter: str = ","
    decimal: str = "."
    foreign: tuple[tuple[int, int], ...] = ()

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it starts; raise BadTable where the quoting breaks."""
        reader = csv.reader(
            _bounded_lines(self.text, self.delimiter), delimiter=self.delimiter, skipinitialspace=True, strict=True
        )
        line = 1
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = f"expected a CSV record, found broken quoting ({error}): write a quote in quotes twice"
                raise BadTable([Reason(problem, line=line)]) from None
            if record:
                yield line, record
            line = reader.line_num + 1

    def header(self) -> tuple[int, list[str]]:
        """The line of the header and its names, each in its one spelling."""
        line, names = next(self.records(), (1, [""]))
        return line, [column_name(name) for name in names]

    def as_document(self) -> dict[str, object]:
        """What was detected, as a receipt has it."""
        return {
            "encoding": self.encoding,
            "compression": self.compression,
            "delimiter": DELIMITERS[self.delimiter],
            "decimal": "comma" if self.decimal == "," else "point",
        }


def open_csv(
    body: bytes,
    known: Collection[str],
    max_bytes: float = MAX_BYTES,
    guess: GuessEncoding | None = None,
    charset: str = "",
) -> CsvText:
    """Find out how a CSV is to be read; raise BadTable when it is not one.

    `known` are names that the header should have. Of compressed text at most `max_bytes` bytes are unpacked.
    `guess` names the codec of bytes that are neither Unicode nor plausibly Windows-1252; `charset` is what the sender
    says of the encoding.
    """
    compression = "gzip" if body.startswith(_GZIP) else None
    if compression:
        body = _unpacked(body, max_bytes)
    for magic, name in _NOT_TEXT.items():
        if body.startswith(magic):
            raise BadTable([Reason(f"expected CSV text, found {name}: save it as CSV")])
    text, encoding, foreign = decoded(body, guess, charset)
    if not text.strip():  # a byte order mark is no content either
        raise BadTable([Reason("expected a CSV with a header line, found an empty file")])
    beginning = text.lstrip()[: max(map(len, _OTHER_TEXT))]
    for start, name in _OTHER_TEXT.items():
        if beginning.startswith(start):
            raise BadTable([Reason(f"expected CSV text, found {name}: save it as CSV", line=1)])
    if found := (_CONTROL if encoding == LAST_RESORT else _NUL).search(text):
        line = text.count("\n", 0, found.start()) + 1
        name = "a NUL byte" if found[0] == "\0" else f"the control character 0x{ord(found[0]):02x}"
        raise BadTable([Reason(f"expected text, found {name}: this is not a CSV", line=line)])
    delimiter = _delimiter(text, {column_name(name) for name in known})
    return CsvText(text, encoding, compression, delimiter, _decimal(text, delimiter), foreign)


def without_lines(csv: CsvText, records: Iterable[tuple[int, int | None]]) -> CsvText:
    """The text with blank lines for some records, so that every other one stays on its line.

    Each is given by the line on which it starts and that of the next record, None for the last one.
    """
    lines = list(split_lines(csv.text))
    for start, end in records:
        for number in range(start - 1, len(lines) if end is None else end - 1):
            lines[number] = "\n"
    return replace(csv, text="".join(lines))


def split_lines(text: str) -> Iterator[str]:
    """The lines with their ends, whichever system wrote them."""
    start = 0
    while start < len(text):  # a StringIO takes four bytes for each character, so it is not to hold the whole text
        end = text.find("\n", start + _BLOCK) + 1 or len(text)
        yield from io.StringIO(text[start:end], newline="")
        start = end


def _bounded_lines(text: str, delimiter: str) -> Iterator[str]:
    """The lines. One with too many fields is refused before these take their memory."""
    for number, line in enumerate(split_lines(text), 1):
        if (marks := line.count(delimiter)) >= MAX_COLUMNS:
            raise BadTable([Reason(f"expected at most {MAX_COLUMNS} columns, found {marks + 1}", line=number)])
        yield line


def _unpacked(body: bytes, max_bytes: float) -> bytes:
    """The content of a gzip file of one or more members."""
    parts: list[bytes] = []
    room = int(max_bytes) + 1
    try:
        while body and room > 0:
            member = zlib.decompressobj(wbits=31)
            parts.append(member.decompress(body, room))
            room -= len(parts[-1])
            if room > 0 and not member.eof:
                raise zlib.error("it ends too early")  # noqa: TRY301
            body = member.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise BadTable([Reason(f"expected a gzip file, found a damaged one ({error}): pack it again")]) from None
    if room <= 0:
        raise BadTable(
            [
                Reason(
                    f"expected at most {max_bytes / 1e6:g} MB after unpacking (of an upload: VINTNER_MAX_UPLOAD_MB), "
                    "found more: split the file"
                )
            ]
        )
    return b"".join(parts)


def _delimiter(text: str, known: Collection[str]) -> str:
    """The delimiter under which the header has most known names, then most records its width, then the widest."""
    best, best_rank = ",", (0, 0.0, 1)
    for delimiter in DELIMITERS:
        sample = list(_sample(text, delimiter))
        header = _likely_header(sample, known)
        names = {column_name(name) for name in header}
        width = len(header)
        alike = sum(len(record) == width for record in sample) / max(1, len(sample)) if width > 1 else 0.0
        rank = (len(names & set(known)), alike, width)
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best


def _likely_header(sample: Sequence[Sequence[str]], known: Collection[str]) -> Sequence[str]:
    """Of the first records the one with most known names; there may be lines of a title above it."""
    first = sample[:TITLE_RECORDS]
    return max(first, key=lambda record: len(set(map(column_name, record)) & set(known)), default=())


def _sample(text: str, delimiter: str) -> Iterator[Sequence[str]]:
    reader = csv.reader(_bounded_lines(text, delimiter), delimiter=delimiter, skipinitialspace=True)
    try:
        yield from islice((record for record in reader if record), _SNIFFED_RECORDS)
    except (csv.Error, BadTable):
        return


def _decimal(text: str, delimiter: str) -> str:
    """The decimal mark: a comma where commas do not delimit and more cells have it in a number than a point.

    A number such as 1,803 has its thousands marked as likely, but among semicolons, which are there because of commas.
    """
    if delimiter == ",":
        return "."
    commas, points = (sum(1 for _ in _DECIMALS[mark].finditer(text)) for mark in ",.")
    if delimiter != ";":
        commas -= sum(1 for _ in _OPEN.finditer(text))
    return "," if commas > points else "."
