"""Cells: the columns of a parsed CSV as numbers or texts, and which of their cells cannot be used."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.formats.csv_dialect import CsvText
from shared.formats.numbers import number_format
from shared.formats.row_errors import Reason, shortened
from shared.formats.values import FLOAT32_MAX, category_text, column_name, is_exact
from shared.ingestion.column_guess import advice, guess, way_out
from shared.ingestion.label_reader import read_labels
from shared.settings import ReadingSettings
from shared.tables.encoding import typed
from shared.tables.id_columns import counts_rows
from shared.tables.table import Table, Vocabulary, sorted_texts

Bad = tuple[int, str]
"""A row, counted from 0, and what is wrong with its cell."""


@dataclass(frozen=True)
class Problem:
    """A cell that cannot be used: its row, counted from 0, its column and, but for a label, the kind that it misses."""

    row: int
    column: str
    text: str
    kind: str | None = None

    def reason(self, line: int) -> Reason:
        """The problem as a reason; `line` is that on which the row starts."""
        return Reason(self.text, line, self.column, self.kind)


@dataclass(frozen=True, eq=False)
class TypedRows:
    """The rows as a table, what is wrong with some of them, notes on columns, and ways out where cells do not fit.

    `unlabelled` are the rows, counted from 0, that have no label; they are among the problems too.
    """

    table: Table
    problems: list[Problem]
    notes: list[str]
    ways_out: list[str]
    unlabelled: frozenset[int]

    @property
    def bad(self) -> set[int]:
        """The rows that cannot be used, counted from 0."""
        return {problem.row for problem in self.problems}


def table_of(
    cells: dict[str, "pd.Series[Any]"],
    csv: CsvText,
    settings: ReadingSettings,
    columns: Mapping[str, Column],
    known_labels: Collection[str] | None,
) -> TypedRows:
    """Type the cells of the label and of the columns that can be features, each a Series as pandas read it.

    `cells` loses the features on the way, so that they are not there twice. `columns` are those of the schema,
    `known_labels` the labels of the test set, for a slot.
    """
    label = column_name(settings.label)
    features = [name for name in cells if name != label]
    problems: list[Problem] = []
    notes: list[str] = []
    ways_out: list[str] = []
    values = np.empty((len(cells[label]), len(features)))
    vocabularies: list[Vocabulary] = []
    for position, name in enumerate(features):
        wanted = columns.get(name)
        column = _column(cells.pop(name), wanted, csv, settings)
        values[:, position] = column.values
        vocabularies.append(column.vocabulary)
        notes += column.notes
        ways_out += column.ways_out
        problems += [Problem(row, name, text, wanted.kind if wanted else "number") for row, text in column.bad]
    labels = read_labels(cells[label], settings, csv.decimal, known_labels)
    problems += [Problem(row, label, text) for row, text in labels.bad]
    table = Table(tuple(features), values, labels.texts, labels.codes, tuple(vocabularies))
    return TypedRows(table, problems, [*notes, *labels.notes], ways_out, frozenset(labels.unlabelled.tolist()))


class _Column(NamedTuple):
    """Values (rows,), the texts that they are indices into (None: they are numbers), and what is wrong with cells."""

    values: NDArray[np.float64]
    vocabulary: Vocabulary
    bad: list[Bad]
    notes: list[str]
    ways_out: list[str]


def _column(column: "pd.Series[float]", wanted: Column | None, csv: CsvText, settings: ReadingSettings) -> _Column:
    """A column as numbers or as indices into its texts, each cell that is not as wanted, and notes.

    Raise BadTable when dates fit only with day and month swapped.
    """
    values, texts = _raw(column, settings)
    if texts is None:
        if wanted is None or wanted.kind != "date":
            return _Column(values, None, [] if wanted and not _is_number(wanted) else _too_large(values), [], [])
        bad_rows = list(typed(values, None, wanted).bad_rows())
        bad = [(row, f"expected {must}, found {text}") for row, must, text in bad_rows]
        mistaken = Counter(text for _, _, text in bad_rows)
        return _Column(values, None, bad, [], [way_out(wanted, mistaken)] if bad else [])
    cells = _cells(values, texts)
    notes: list[str] = []
    known = wanted is not None
    if wanted is None:
        wanted, notes = guess(str(column.name), cells, csv.decimal)
    if wanted is None or wanted.kind in {"category", "unused"}:
        raw = is_exact(cells) if wanted is None else wanted.exact or is_exact(cells)
        return _Column(*_neutral(values, texts, None if raw else csv.decimal), [], notes, [])
    if guessed := wanted.number_format if csv.decimal != "." and not known else "":
        # The schema follows from the texts alone, and does not know the file's decimal mark.
        texts = [number_format(guessed).settled(text) for text in texts]
    as_written = bool(wanted.number_format) or wanted.kind == "date"
    spelled = texts if as_written else [category_text(text, csv.decimal) for text in texts]
    read = typed(values, tuple(spelled), wanted)
    bad_texts = [(row, must, texts[int(values[row])]) for row, must, _ in read.bad_rows()]
    bad = [(row, f"expected {must}, found {shortened(text)}") for row, must, text in bad_texts]
    ways_out: list[str] = []
    if bad:
        settled = advice(wanted, cells, csv.decimal)
        notes += settled
        ways_out = [] if settled else [way_out(wanted, Counter(text for _, _, text in bad_texts))]
    if _is_number(wanted) and not wanted.number_format:
        return _Column(read.values, None, bad, notes, ways_out)
    return _Column(*_neutral(values, texts, None if as_written else csv.decimal), bad, notes, ways_out)


def _is_number(column: Column) -> bool:
    return column.kind == "number"


def _cells(values: NDArray[np.float64], texts: Sequence[str]) -> dict[str, int]:
    """The number of cells of each text that some cell has."""
    times = np.bincount(values[~np.isnan(values)].astype(np.int64), minlength=len(texts)).tolist()
    cells: dict[str, int] = {}
    for text, count in zip(texts, times, strict=True):
        if count:
            cells[text] = cells.get(text, 0) + count
    return cells


def _raw(column: "pd.Series[float]", settings: ReadingSettings) -> tuple[NDArray[np.float64], list[str] | None]:
    """The column as pandas has it: numbers, or indices into its distinct texts; NaN is missing."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.asarray(column.to_numpy(), dtype=np.float64) + 0.0, None  # -0.0 and 0.0 are one value
    codes, distinct = pd.factorize(column.to_numpy(object))
    texts = [str(text).strip() for text in distinct]
    gone = np.array([*(text in settings.missing for text in texts), True])  # code -1 is missing
    return np.where(gone[codes], np.nan, codes), texts


def _neutral(
    values: NDArray[np.float64], texts: Sequence[str], decimal: str | None
) -> tuple[NDArray[np.float64], Vocabulary]:
    """The texts as they are written, or with their numbers in one spelling where a decimal mark is given."""
    return sorted_texts(values, texts if decimal is None else [category_text(text, decimal) for text in texts])


def _too_large(values: NDArray[np.float64]) -> list[Bad]:
    """(row, problem) of each number that float32 cannot hold; pandas also reads ``inf`` as a number."""
    rows = np.flatnonzero(np.abs(values) > FLOAT32_MAX)
    return [(int(row), f"expected a finite number or nothing, found {shortened(str(values[row]))}") for row in rows]


def notes_on_rows(table: Table) -> Iterator[str]:
    """What is worth a look in the columns of a table: those without a value, and those that may be ids."""
    for name, values, vocabulary in zip(table.features, table.values.T, table.vocabularies, strict=True):
        if np.isnan(values).all():
            yield f"column {name} has no value"
        elif vocabulary is None and counts_rows(values):
            yield f"column {name} counts the rows, as an id does: if it is one, ignore it with VINTNER_IGNORE"
