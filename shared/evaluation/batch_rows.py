"""The rows of a block of CSV text, read with a model's own columns as the API reads them, and answered.

A block of plain numbers is read by pandas. Any other block, and any row in which pandas found no number, is read cell
by cell with the parsers of the API, each distinct cell once.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.evaluation.vector_scorer import Answers, VectorScorer
from shared.formats.columns import Unusable, Value
from shared.formats.csv_dialect import CsvText
from shared.formats.row_errors import MAX_REASONS, Reason
from shared.formats.values import FLOAT32_MAX
from shared.scorer.preprocessing import OutOfRange
from shared.tables.encoding import Encoding
from shared.tables.table import Vocabulary

ADDED: Final = ("prediction", "probability", "problem")
OUT_OF_RANGE: Final = "expected a number nearer to the training data, found one too large for float32 after scaling"

_REMEMBERED: Final = 100_000  # distinct cells of a column


@dataclass(frozen=True)
class Record:
    """One row: its text without the line's end, its cells (none where the quoting is broken), its problem."""

    text: str
    cells: list[str]
    line: int
    problem: str = ""
    column: str | None = None


@dataclass
class BatchRows:
    """Answers the rows under one header; `positions` are those of the model's features among its `names`."""

    scorer: VectorScorer
    dialect: CsvText
    names: Sequence[str]
    positions: Sequence[int]

    def __post_init__(self) -> None:
        self.read = self.problems = 0
        self.reasons: list[Reason] = []
        self._line = 2
        self._parsed: list[dict[str, Value | Unusable]] = [{} for _ in self.positions]

    def answer(self, text: str, line: int) -> tuple[list[Record], NDArray[np.int64], NDArray[np.float64]]:
        """The records of a block that starts on a line, the class (rows,) and its probability (rows,).

        The class of a row that has a problem is -1.
        """
        records = list(self.records(text, line))
        good = [place for place, record in enumerate(records) if not record.problem]
        chosen = np.full(len(records), -1, np.int64)
        certain = np.zeros(len(records))
        values = self._plain_values(text, len(records)) if len(good) == len(records) else None
        if values is None:
            rows, kept = self._parse(records, good)
            good, (values, vocabularies) = kept, self._matrix(rows)
        else:
            vocabularies = (None,) * len(self.positions)
            if len(odd := np.flatnonzero(~(np.abs(values) <= FLOAT32_MAX).all(axis=1))):
                rows, kept = self._parse(records, odd.tolist())
                values[kept] = self._matrix(rows)[0]
                good = np.setdiff1d(good, np.setdiff1d(odd, kept)).tolist()
                values = values[good]
        indices, probabilities = self._score(values, vocabularies, records, good)
        chosen[good] = indices
        certain[good] = np.where(indices >= 0, probabilities[np.arange(len(indices)), indices], 0.0)
        self._count(records)
        return records, chosen, certain

    def records(self, text: str, line: int) -> Iterator[Record]:
        """Each record that is not blank, with what is wrong with its shape."""
        width = len(self.names)
        if '"' not in text:
            for number, whole in enumerate(io.StringIO(text, newline=None), line):
                bare = whole.rstrip("\n")
                if bare:
                    cells = bare.split(self.dialect.delimiter)
                    yield Record(bare, cells, number, _misfit(len(cells), width))
            return
        taken: list[str] = []
        lines = io.StringIO(text, newline="")
        reader = csv.reader(_noting(lines, taken), delimiter=self.dialect.delimiter, skipinitialspace=True, strict=True)
        while True:
            taken.clear()
            start = line + reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record("".join(taken).rstrip("\r\n"), [], start, f"expected a CSV record, found {error}")
                continue
            if cells:
                yield Record("".join(taken).rstrip("\r\n"), cells, start, _misfit(len(cells), width))

    def _plain_values(self, text: str, rows: int) -> NDArray[np.float64] | None:
        """The features (rows, features) where every one is a plain number; None where pandas finds others."""
        if self.dialect.decimal != "." or self.scorer.plain.pick is None or not rows:
            return None
        try:
            frame = pd.read_csv(
                io.StringIO(text),
                sep=self.dialect.delimiter,
                header=None,
                names=list(range(len(self.names))),
                usecols=sorted(self.positions),
                dtype=np.float64,
                skipinitialspace=True,
                index_col=False,
                na_values=[""],
                keep_default_na=False,
            )
        except (ValueError, pd.errors.ParserError):
            return None
        if len(frame) != rows:
            return None
        return np.asarray(frame[list(self.positions)].to_numpy(np.float64) + 0.0)

    def _parse(self, records: list[Record], places: Sequence[int]) -> tuple[list[list[Value]], list[int]]:
        """The values of the rows at some places, and the places of those that can be used."""
        rows, kept = [], []
        for place in places:
            row, problem = self._values(records[place])
            if problem:
                column, found = problem
                old = records[place]
                records[place] = Record(old.text, old.cells, old.line, found, column)
            else:
                rows.append(row)
                kept.append(place)
        return rows, kept

    def _values(self, record: Record) -> tuple[list[Value], tuple[str, str] | None]:
        row: list[Value] = []
        for column, position, known in zip(self.scorer.plain.columns, self.positions, self._parsed, strict=True):
            cell = record.cells[position]
            if (value := known.get(cell, known)) is known:
                try:
                    value = column.parse(cell, self.scorer.plain.missing, self.dialect.decimal)
                except Unusable as unusable:
                    value = unusable
                if len(known) < _REMEMBERED:
                    known[cell] = value
            if isinstance(value, Unusable):
                return row, (column.name, f"{column.name}: expected {value}, found {cell[:40]!r}")
            row.append(value)  # type: ignore[arg-type]
        return row, None

    def _matrix(self, rows: Sequence[Sequence[Value]]) -> tuple[NDArray[np.float64], tuple[Vocabulary, ...]]:
        values = np.full((len(rows), len(self.positions)), np.nan)
        vocabularies: list[Vocabulary] = []
        for place, column in enumerate(self.scorer.plain.columns):
            own = [row[place] for row in rows]
            texts = tuple(sorted({str(one) for one in own if one is not None})) if column.is_category else None
            index = {text: float(number) for number, text in enumerate(texts or ())}
            for number, one in enumerate(own):
                if one is not None:
                    values[number, place] = index[str(one)] if column.is_category else one
            vocabularies.append(texts)
        return values, tuple(vocabularies)

    def _score(
        self,
        values: NDArray[np.float64],
        vocabularies: Sequence[Vocabulary],
        records: list[Record],
        places: Sequence[int],
    ) -> Answers:
        encoding = Encoding(self.scorer.plain.columns, tuple(vocabularies))
        try:
            return self.scorer.answer(values, encoding)
        except OutOfRange:
            pass
        indices = np.full(len(values), -1, np.int64)
        probabilities = np.zeros((len(values), len(self.scorer.plain.classes)))
        for number, row in enumerate(encoding.cells(values)):
            try:
                indices[number], probabilities[number] = self.scorer.plain.answer(row)
            except OutOfRange as error:
                old = records[places[number]]
                problem = f"{error.feature}: {OUT_OF_RANGE}"
                records[places[number]] = Record(old.text, old.cells, old.line, problem, error.feature)
        return indices, probabilities

    def _count(self, records: Sequence[Record]) -> None:
        self.read += len(records)
        for record in records:
            if record.problem:
                self.problems += 1
                if len(self.reasons) < MAX_REASONS:
                    self.reasons.append(Reason(record.problem, record.line, record.column))


def _misfit(found: int, width: int) -> str:
    return "" if found == width else f"expected {width} fields as in the header, found {found}"


def _noting(lines: io.StringIO, taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line
