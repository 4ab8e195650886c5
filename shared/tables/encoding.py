"""Encoding: the columns of a table as the features of a schema, by the same rules as a single value of a request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.columns import Column, Unusable, Value
from shared.formats.values import as_number, number_text
from shared.tables.table import Table, Vocabulary, sorted_texts, text_places


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the columns of a matrix (rows, features) mean: numbers, or indices into a vocabulary of categories."""

    columns: tuple[Column, ...]
    vocabularies: tuple[Vocabulary, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features in order."""
        return tuple(column.name for column in self.columns)

    def of(self, positions: Sequence[int]) -> "Encoding":
        """The encoding of some of the columns."""
        return Encoding(
            tuple(self.columns[position] for position in positions),
            tuple(self.vocabularies[position] for position in positions),
        )

    def frame(self, values: NDArray[np.float64]) -> pd.DataFrame:
        """The matrix as the pipeline takes it: float64 for numbers, objects for categories; NaN is missing."""
        return pd.DataFrame(
            {
                column.name: values[:, position] if vocabulary is None else _texts(values[:, position], vocabulary)
                for position, (column, vocabulary) in enumerate(zip(self.columns, self.vocabularies, strict=True))
            }
        )

    def cells(self, values: NDArray[np.float64]) -> list[list[Value]]:
        """The matrix as rows of plain Python values, as the portable scorer takes them."""
        rows: list[list[Value]] = [[None if isnan(value) else value for value in row] for row in values.tolist()]
        for position, vocabulary in enumerate(self.vocabularies):
            if vocabulary is not None:
                for row in rows:
                    value = row[position]
                    row[position] = vocabulary[int(value)] if isinstance(value, float) else value
        return rows


def _texts(values: NDArray[np.float64], vocabulary: Sequence[str]) -> NDArray[np.object_]:
    texts = np.array([*vocabulary, np.nan], dtype=object)
    cells: NDArray[np.object_] = texts[text_places(values, vocabulary)]
    return cells


@dataclass(frozen=True, eq=False)
class Typed:
    """One column under a schema: `values` (rows,), and what is wrong with some of the rows.

    `problems` maps a value that cannot be used to what was expected; `raw` (rows,) are the values before, by which
    the rows are found.
    """

    values: NDArray[np.float64]
    vocabulary: Vocabulary
    raw: NDArray[np.float64]
    problems: dict[float, tuple[str, str]]

    def bad_rows(self) -> Iterable[tuple[int, str, str]]:
        """(row, what was expected, what was found) of each value that cannot be used."""
        if self.problems:
            for row in np.flatnonzero(np.isin(self.raw, list(self.problems))):
                yield int(row), *self.problems[self.raw[row]]


def typed(values: NDArray[np.float64], vocabulary: Vocabulary, column: Column) -> Typed:
    """A column of a table as what the schema says it is. Values that cannot be used are NaN and listed."""
    if vocabulary is None and column.kind == "number":
        missing = [float(text) for text in column.missing if as_number(text) is not None]
        return Typed(np.where(np.isin(values, missing), np.nan, values) if missing else values, None, values, {})
    if vocabulary is None:
        distinct = np.unique(values[~np.isnan(values)])
        texts = [number_text(number) for number in distinct.tolist()]
    else:
        distinct = np.arange(len(vocabulary), dtype=np.float64)
        texts = list(vocabulary)
    parsed, problems = _parse_all(texts, column)
    bad = {float(distinct[index]): (expected, texts[index]) for index, expected in problems.items()}
    position = np.searchsorted(distinct, values)  # NaN comes after every number
    if not column.is_category:
        numbers = np.array([*(np.nan if isinstance(value, str | None) else value for value in parsed), np.nan])
        return Typed(numbers[position], None, values, bad)
    categories = ["" if value is None else str(value) for value in parsed]
    indices = np.array([*(np.nan if value is None else index for index, value in enumerate(parsed)), np.nan])
    return Typed(*sorted_texts(indices[position], categories), values, bad)


def _parse_all(texts: Sequence[str], column: Column) -> tuple[list[Value], dict[int, str]]:
    parsed: list[Value] = []
    problems = {}
    for index, text in enumerate(texts):
        try:
            parsed.append(column.parse(text, ()))
        except Unusable as unusable:
            parsed.append(None)
            problems[index] = str(unusable)
    return parsed, problems


def encode(tables: Sequence[Table], columns: Sequence[Column]) -> tuple[Encoding, list[NDArray[np.float64]]]:
    """The matrices (rows, features) of some tables under one encoding. All tables have all the columns.

    A vocabulary has the categories of all the tables. A value that does not fit the column's kind is NaN.
    """
    names = tuple(column.name for column in columns)
    if all(column.plain for column in columns) and all(_is_plain(table, names) for table in tables):
        return Encoding(tuple(columns), (None,) * len(columns)), [table.values for table in tables]
    matrices: list[NDArray[np.float64]] = [np.empty((len(table), len(columns))) for table in tables]
    vocabularies: list[Vocabulary] = []
    for position, column in enumerate(columns):
        typed_columns = [_of(table, column) for table in tables]
        if not column.is_category:
            vocabularies.append(None)
            for matrix, own in zip(matrices, typed_columns, strict=True):
                matrix[:, position] = own.values
            continue
        together = sorted({text for own in typed_columns for text in own.vocabulary or ()})
        index = {text: float(number) for number, text in enumerate(together)}
        for matrix, own in zip(matrices, typed_columns, strict=True):
            translate = np.array([*(index[text] for text in own.vocabulary or ()), np.nan])
            matrix[:, position] = translate[text_places(own.values, own.vocabulary)]
        vocabularies.append(tuple(together))
    return Encoding(tuple(columns), tuple(vocabularies)), matrices


def _is_plain(table: Table, names: tuple[str, ...]) -> bool:
    """Whether the table's matrix is what these features need: nothing to copy."""
    return table.features == names and not any(vocabulary is not None for vocabulary in table.vocabularies)


def _of(table: Table, column: Column) -> Typed:
    position = table.features.index(column.name)
    return typed(table.values[:, position], table.vocabularies[position], column)
