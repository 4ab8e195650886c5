"""Reading an upload: CSV bytes into a typed table, or every reason why not, with line and column.

The line structure is checked by the `csv` module, which knows where each record starts; the values are read by
pandas. Both must agree on the number of records.
"""

import csv
import io
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import Rejected
from shared.settings import Positive, Settings
from shared.values import FLOAT32_MAX, MISSING, as_number

MAX_REASONS: Final = 100
MAX_COLUMNS: Final = 16_384  # as many as a spreadsheet has
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_OTHER_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Reason:
    """One reason why an upload cannot be used; lines and columns count from 1, None is the whole upload."""

    problem: str
    line: int | None = None
    column: str | None = None

    def as_document(self) -> dict[str, object]:
        """The reason as it stands in a receipt."""
        return asdict(self)

    def __str__(self) -> str:
        places = [f"line {self.line}" if self.line else "", f"column {self.column}" if self.column else ""]
        where = ", ".join(place for place in places if place)
        return f"{where}: {self.problem}" if where else self.problem


class BadTable(Rejected):
    """The upload cannot be read; carries every reason."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, eq=False)
class Table:
    """Labelled rows.

    `values` has shape (rows, features), float64, NaN where a value is missing. `codes` has shape (rows,), int32:
    the index of each row's label in `labels`, which holds the distinct label texts in sorted order.
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    labels: tuple[str, ...]
    codes: NDArray[np.int32]
    warnings: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.codes)


def read_table(body: bytes, settings: Settings) -> Table:
    """Read an upload; raise BadTable with every reason when it is not a usable CSV."""
    text = _decode(body)
    header = _header(text, settings)
    width_reasons, count = _check_widths(text, len(header))
    if width_reasons:
        raise BadTable(_at_most(width_reasons))
    if not count:
        raise BadTable([Reason("expected at least one row under the header, found none", line=2)])
    frame = _parse(text, header, settings.label)
    if len(frame) != count:
        raise BadTable([Reason(f"{count} records were counted but {len(frame)} could be parsed: check the quoting")])
    return _typed(frame, text, settings)


def _decode(body: bytes) -> str:
    if not body.strip():
        raise BadTable([Reason("expected a CSV with a header line, found an empty file")])
    for magic, name in _NOT_TEXT.items():
        if body.startswith(magic):
            raise BadTable([Reason(f"expected CSV text in UTF-8, found {name}: save it as CSV in UTF-8")])
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{body[error.start]:02x} at position {error.start}"
        raise BadTable([Reason(f"expected CSV text in UTF-8, found {found}: save it as UTF-8", line=line)]) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadTable([Reason("expected text, found a NUL byte: this is not a CSV", line=line)])
    return text


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line on which it starts."""
    reader = csv.reader(_lines(text), strict=True)
    line = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadTable([Reason(f"expected a CSV record, found broken quoting ({error})", line=line)]) from None
        if record:
            yield line, record
        line = reader.line_num + 1


def _lines(text: str) -> Iterator[str]:
    """The lines of a text. One with too many commas is refused before its fields take their memory."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if (commas := line.count(",")) >= MAX_COLUMNS:
            raise BadTable([Reason(f"expected at most {MAX_COLUMNS} columns, found {commas + 1}", line=number)])
        yield line


def _header(text: str, settings: Settings) -> list[str]:
    line, names = next(_records(text), (1, [""]))
    names = [name.strip() for name in names]
    reasons = [
        Reason(
            f"column {position} has no name (the index that DataFrame.to_csv writes?): name it or drop it",
            line,
        )
        for position, name in enumerate(names, 1)
        if not name
    ]
    reasons += [
        Reason(f"expected each column once, found {times} of this name", line, name)
        for name, times in Counter(names).items()
        if name and times > 1
    ]
    if settings.label not in names:
        reasons.append(Reason(f"expected the label column {settings.label!r}{_found(names)}", line))
    elif not set(names) - {settings.label, *settings.ignore}:
        reasons.append(Reason("expected at least one feature column beside the label, found none", line))
    if reasons:
        raise BadTable(_at_most(reasons))
    return names


def _found(names: Sequence[str]) -> str:
    if len(names) == 1:
        for delimiter, name in _OTHER_DELIMITERS.items():
            if delimiter in names[0]:
                return f", found one column: the delimiter seems to be {name}, expected commas"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f", found the columns {shown}: check the header line and VINTNER_LABEL"


def _check_widths(text: str, width: int) -> tuple[list[Reason], int]:
    """The records that have another number of fields than the header, and the number of records below it."""
    reasons = []
    count = -1
    for line, record in _records(text):
        count += 1
        if len(record) != width:
            reasons.append(Reason(f"expected {width} fields as in the header, found {len(record)}", line))
    return reasons, count


def _parse(text: str, header: list[str], label: str) -> pd.DataFrame:
    missing = {name: list(MISSING) for name in header if name != label}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                io.StringIO(text, newline=""),
                header=0,
                names=header,
                index_col=False,
                dtype={label: str},
                na_values=missing,
                keep_default_na=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            raise BadTable([Reason(f"expected a CSV, found one that cannot be parsed ({error})")]) from None


def _typed(frame: pd.DataFrame, text: str, settings: Settings) -> Table:
    features = [name for name in frame.columns if name != settings.label and name not in settings.ignore]
    problems: list[tuple[int, str, str]] = []
    values = np.empty((len(frame), len(features)))
    for position, name in enumerate(features):
        values[:, position], bad = _numbers(frame[name])
        problems += [(row, name, problem) for row, problem in bad]
    labels, codes, bad = _labels(frame[settings.label], settings.positive)
    problems += [(row, settings.label, problem) for row, problem in bad]
    if problems:
        raise BadTable(_located(problems, text))
    values += 0.0  # -0.0 and 0.0 are one value
    empty = [name for name, column in zip(features, values.T, strict=True) if np.isnan(column).all()]
    notes = [f"column {name} has no value" for name in empty]
    return Table(tuple(features), values, labels, codes, tuple(notes))


def _numbers(column: "pd.Series[float]") -> tuple[NDArray[np.float64], list[tuple[int, str]]]:
    """The column as float64, and (row, problem) of each value that is no number."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = np.asarray(column.to_numpy(), dtype=np.float64)
        unusable = np.flatnonzero(np.abs(numbers) > FLOAT32_MAX)
        return numbers, [(int(row), _expected_number(str(numbers[row]))) for row in unusable]
    numbers = np.full(len(column), np.nan)
    bad = []
    present = column.notna().to_numpy()
    for row in np.flatnonzero(present):
        cell = str(column.iat[row]).strip()
        number = as_number(cell)
        if number is not None and abs(number) <= FLOAT32_MAX:
            numbers[row] = number
        elif cell not in MISSING:
            bad.append((int(row), _expected_number(cell)))
    return numbers, bad


def _expected_number(cell: str) -> str:
    return f"expected a finite number or nothing, found {shortened(cell)}"


def _labels(
    column: "pd.Series[str]", positive: Positive | None
) -> tuple[tuple[str, ...], NDArray[np.int32], list[tuple[int, str]]]:
    """Sorted label texts (``true`` and ``false`` under a rule), codes into them, and (row, problem) of each bad one."""
    codes, distinct = pd.factorize(column.to_numpy(object))
    texts = [str(text).strip() for text in distinct]
    problems: dict[int, str] = {}
    for code, text in enumerate(texts):
        if text in MISSING:
            problems[code] = f"expected a label, found {shortened(text) if text else 'nothing'}"
        elif positive is not None:
            truth = positive.holds(text)
            texts[code] = str(truth).lower()
            if truth is None:
                problems[code] = f"expected a number for the rule '{positive}', found {shortened(text)}"
    bad = [(int(row), problems[codes[row]]) for row in np.flatnonzero(np.isin(codes, list(problems)))]
    labels, position = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return tuple(labels.tolist()), position[codes].astype(np.int32), bad


def _located(problems: Iterable[tuple[int, str, str]], text: str) -> list[Reason]:
    """Reasons with the line on which each row starts."""
    lines = [line for line, _ in _records(text)]
    return _at_most([Reason(problem, lines[row + 1], column) for row, column, problem in sorted(problems)])


def _at_most(reasons: list[Reason]) -> list[Reason]:
    """The first reasons, and how many more there are."""
    more = len(reasons) - MAX_REASONS
    return reasons if more <= 0 else [*reasons[:MAX_REASONS], Reason(f"and {more} more problems")]


def shortened(text: str, limit: int = 40) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= limit else text[:limit] + "...")
