"""Features: how rows become the bins that are trained on, and what the scorer has to know of it.

Missing numbers take the median of the sample; categories become one column for each, the rarest of more than 256 share
one. Then each value is the number of its bin. What is one in the scorer is one here: both say `value <= edge`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.slot_rows import OpenReader, Part, read_part
from shared.documents import Document
from shared.evaluation.vector_scorer import places_of
from shared.formats.columns import Column
from shared.scorer.preprocessing import Category
from shared.tables.encoding import Encoding
from shared.tables.table import Vocabulary, text_places
from shared.training.preprocessing import MAX_ONE_HOT_COLUMNS, MISSING_CATEGORY

MAX_EDGES: Final = 255  # so that a bin fits a byte

Bins = NDArray[np.uint8]


def one_hot_of(counts: Mapping[str, int]) -> Category:
    """The one-hot columns of a category by how many rows each text has; of equal ones the first in the alphabet."""
    texts = sorted(counts, key=lambda text: (-counts[text], text))
    most = len(texts) if len(texts) < MAX_ONE_HOT_COLUMNS else MAX_ONE_HOT_COLUMNS - 1  # as scikit-learn
    return Category(tuple(sorted(texts[:most])), tuple(sorted(texts[most:])), MISSING_CATEGORY)


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of each feature, in order: `fills` and `edges` of numbers, `one_hots` of categories; else None."""

    fills: tuple[float | None, ...]
    edges: tuple[NDArray[np.float64] | None, ...]
    one_hots: tuple[Category | None, ...]

    @classmethod
    def of(cls, sample: NDArray[np.float64], counts: Sequence[Mapping[str, int] | None]) -> "Features":
        """From the sample (rows, features), and of each category how many rows each text has."""
        fills: list[float | None] = []
        edges: list[NDArray[np.float64] | None] = []
        for column, texts in zip(sample.T, counts, strict=True):
            present = column[~np.isnan(column)]
            fill = float(np.median(present)) if len(present) else 0.0
            fills.append(fill if texts is None else None)
            edges.append(_edges(np.where(np.isnan(column), fill, column)) if texts is None else None)
        return cls(tuple(fills), tuple(edges), tuple(None if texts is None else one_hot_of(texts) for texts in counts))

    @property
    def sources(self) -> list[int]:
        """The feature behind each column of the bins: the numbers first, as in the scorer."""
        numbers = [place for place, one_hot in enumerate(self.one_hots) if one_hot is None]
        columns = [[place] * one_hot.width for place, one_hot in enumerate(self.one_hots) if one_hot is not None]
        return [*numbers, *(place for own in columns for place in own)]

    @property
    def thresholds(self) -> list[NDArray[np.float64]]:
        """The edges of each column of the bins."""
        half = np.array([0.5])
        return [half if (edges := self.edges[place]) is None else edges for place in self.sources]

    def cut(self, values: NDArray[np.float64], vocabularies: Sequence[Vocabulary]) -> Bins:
        """The bins (rows, columns) of rows (rows, features) under vocabularies of their own."""
        sources = self.sources
        bins = np.zeros((len(values), len(sources)), np.uint8)
        first = sum(one_hot is None for one_hot in self.one_hots)
        number = 0
        for place, (edges, one_hot) in enumerate(zip(self.edges, self.one_hots, strict=True)):
            own = values[:, place]
            fill = self.fills[place]
            if one_hot is None and edges is not None and fill is not None:
                bins[:, number] = np.searchsorted(edges, np.where(np.isnan(own), fill, own), side="left")
                number += 1
                continue
            if one_hot is None:
                continue
            vocabulary = vocabularies[place] or ()
            column = places_of(one_hot.places(first), vocabulary)[text_places(own, vocabulary)]
            rows = np.flatnonzero(column >= 0)
            bins[rows, column[rows]] = 1
            first += one_hot.width
        return bins

    def export(self, encoding: Encoding) -> Document:
        """What ``scorer.json`` says of the features: values are not scaled."""
        fills = [fill for fill in self.fills if fill is not None]
        columns = {column.name: column.as_document() for column in encoding.columns if not column.plain}
        for column, one_hot in zip(encoding.columns, self.one_hots, strict=True):
            if one_hot is not None:
                columns[column.name] |= {
                    "fill": one_hot.fill,
                    "categories": list(one_hot.categories),
                    "rare": list(one_hot.rare),
                }
        zeros, ones = [0.0] * len(fills), [1.0] * len(fills)
        return {"fills": fills, "means": zeros, "scales": ones, "columns": columns}


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most 255 edges: between the values where these are few, else those at the quantiles; none of one value."""
    distinct = np.unique(values)
    if len(distinct) <= MAX_EDGES + 1:
        between = distinct[:-1] * 0.5 + distinct[1:] * 0.5
        return np.asarray(np.unique(np.minimum(between, distinct[1:])))
    shares = np.linspace(0.0, 1.0, MAX_EDGES + 2)[1:-1]
    return np.asarray(np.unique(np.quantile(values, shares, method="inverted_cdf")))


def category_counts(
    vocabularies: Sequence[tuple[Vocabulary, ...]], counts: Sequence[tuple[NDArray[np.int64] | None, ...]]
) -> list[dict[str, int] | None]:
    """Of each category how many rows have each text, over all parts; a missing value is a text of its own."""
    totals: list[dict[str, int] | None] = []
    for place in range(len(counts[0])):
        if counts[0][place] is None:
            totals.append(None)
            continue
        total: dict[str, int] = {}
        for texts, found in ((own[place], found[place]) for own, found in zip(vocabularies, counts, strict=True)):
            for text, rows in zip((*(texts or ()), MISSING_CATEGORY), () if found is None else found, strict=True):
                if rows:
                    total[text] = total.get(text, 0) + int(rows)
        totals.append(total or {MISSING_CATEGORY: 0})
    return totals


@dataclass(frozen=True, eq=False)
class Block:
    """The bins (rows, columns) of the rows of a part that count, and their classes (rows,)."""

    bins: Bins
    classes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Cutting:
    """What rows are cut by: the features, their columns, and the class of each label."""

    features: Features
    columns: tuple[Column, ...]
    class_of_label: Mapping[str, int]


def cut_part(open_reader: OpenReader, part: Part, cutting: Cutting, gone: Sequence[NDArray[np.int64]]) -> Block:
    """Read a part again and cut its rows, but for those that do not count."""
    rows = read_part(open_reader, part, cutting.columns)
    kept = np.ones(len(rows.codes), bool)
    for own in gone:
        kept[own] = False
    classes = np.array([cutting.class_of_label.get(label, 0) for label in rows.labels], np.uint8)
    return Block(cutting.features.cut(rows.values[kept], rows.vocabularies), classes[rows.codes[kept]])


def rows_in(block: Block) -> int:
    """The number of rows of a block."""
    return len(block.classes)
