"""A CSV file on this machine: its header, its cells and its dialect; and a header line for a file without one."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import click

from shared.errors import VintnerError
from shared.formats.csv_dialect import DELIMITERS, CsvText, open_csv, split_lines
from shared.formats.row_errors import listed, shortened
from shared.formats.values import column_name

UNPACKED_BYTES: Final = 1e12  # a file on this machine may be larger than an upload
_CODECS: Final = {
    "UTF-8": "utf-8",
    "UTF-8 with a byte order mark": "utf-8-sig",
    "UTF-16": "utf-16",
    "Windows-1252": "cp1252",
}


class Header(click.ParamType[tuple[str, ...]]):
    """Names of columns, separated by commas."""

    name = "names"

    def convert(
        self,
        value: Any,  # noqa: ANN401  (click's own signature)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, ...]:
        """Split the names, or fail with what is allowed."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in next(csv.reader([value], skipinitialspace=True), []))
        canonical = [column_name(name) for name in names]
        if not all(names) or len(set(canonical)) < len(names):
            self.fail(f"expected a different name for each column, such as age,sex,chol, found {value!r}", param, ctx)
        return names


@dataclass(frozen=True, eq=False)
class Source:
    """A file: `cells` is its header line, `names` its columns, `spelled` the same as the header has them, trimmed.

    A repeated name is numbered, and a missing one is `column_7`, in both. `text` has no line of a title.
    """

    text: CsvText
    cells: tuple[str, ...]
    spelled: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def open(cls, body: bytes, known: Sequence[str] = ()) -> "Source":
        """Find out how a file is to be read; raise BadTable. `known` are names that the header should have."""
        from shared.ingestion.csv_structure import find_header  # noqa: PLC0415  (loads pandas)

        text = opened(body, known)
        header, text = find_header(text, known[0] if known else "")
        pairs = zip(header.spelled, header.names, strict=True)
        spelled = tuple(cell.strip() if column_name(cell) == name else name for cell, name in pairs)
        return cls(text, tuple(map(column_name, header.spelled)), spelled, header.names)

    def records(self) -> list[list[str]]:
        """The records that have as many fields as the header; raise BadTable where the quoting breaks."""
        rows = islice(self.text.records(), 1, None)
        return [record for _, record in rows if len(record) == len(self.names) and any(record)]

    def as_spelled(self, name: str) -> str:
        """A name as the header has it."""
        return self.spelled[self.names.index(name)]


def opened(body: bytes, known: Sequence[str] = ()) -> CsvText:
    """The text of a file, whatever its encoding; raise BadTable when it is not a CSV."""
    from shared.ingestion.encodings import guess_encoding  # noqa: PLC0415  (loads charset-normalizer)

    return open_csv(body, known, UNPACKED_BYTES, guess_encoding)


def from_line(body: bytes, number: int) -> bytes:
    """The file from one of its lines on, which has the names of the columns; raise BadTable when it is not a CSV."""
    text = opened(body)
    lines = list(split_lines(text.text))
    if not 1 <= number <= len(lines):
        raise VintnerError(f"expected --header-line to be one of the file's {len(lines)} lines, found {number}")
    left = "".join(lines[number - 1 :]).encode(_CODECS.get(text.encoding, text.encoding))
    return gzip.compress(left, mtime=0) if text.compression else left


def with_header(body: bytes, names: Sequence[str]) -> bytes:
    """The file with a header line on top, in its own delimiter, encoding and compression.

    Raise BadTable when it is not a CSV, and VintnerError when the names do not fit its rows.
    """
    text = opened(body)
    _, first = next(text.records(), (1, [""]))
    if len(first) != len(names):
        allowed = ", ".join(DELIMITERS.values())
        hint = f"; the delimiter must be one of {allowed}" if len(first) == 1 else ""
        raise VintnerError(
            f"expected --header to name {len(first)} columns, as many as the first line has values "
            f"({listed([shortened(cell, 12)[1:-1] for cell in first], 4)}), found {len(names)} names{hint}"
        )
    line = io.StringIO(newline="")
    ends = "\r\n" if next(split_lines(text.text)).endswith("\r\n") else "\n"
    csv.writer(line, delimiter=text.delimiter, lineterminator=ends).writerow(names)
    try:
        headed = (line.getvalue() + text.text).encode(_CODECS.get(text.encoding, text.encoding))
    except UnicodeEncodeError as error:
        letters = error.object[error.start : error.end]
        raise VintnerError(
            f"expected names that {text.encoding}, the file's encoding, can spell, found {letters!r}: "
            "save the file as UTF-8, or name the columns differently"
        ) from None
    return gzip.compress(headed, mtime=0) if text.compression else headed
