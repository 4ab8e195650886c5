"""Tables: the rows of one upload, typed by nothing but their own content."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vocabulary = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class Table:
    """Labelled rows.

    `values` has shape (rows, features), float64, NaN where a value is missing. `vocabularies` says for each feature
    what its values are: None for numbers, else the sorted texts that the values are indices into. `codes` has shape
    (rows,), int32: the index of each row's label in `labels`, which holds the distinct label texts in sorted order.
    """

    features: tuple[str, ...]
    values: NDArray[np.float64]
    labels: tuple[str, ...]
    codes: NDArray[np.int32]
    vocabularies: tuple[Vocabulary, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.vocabularies:
            object.__setattr__(self, "vocabularies", (None,) * len(self.features))

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> "Table":
        """The table with some of its rows, and only the texts and labels that these have."""
        columns = [
            sorted_texts(self.values[kept, position], vocabulary)
            for position, vocabulary in enumerate(self.vocabularies)
        ]
        values = np.column_stack([values for values, _ in columns]) if columns else self.values[kept]
        present, codes = np.unique(self.codes[kept], return_inverse=True)
        return Table(
            self.features,
            values,
            tuple(self.labels[code] for code in present),
            codes.astype(np.int32),
            tuple(vocabulary for _, vocabulary in columns),
        )


def text_places(values: NDArray[np.float64], vocabulary: Sequence[str] | None) -> NDArray[np.int64]:
    """The index of each value's text in the vocabulary (rows,); that of a missing value comes after the last."""
    return np.where(np.isnan(values), len(vocabulary or ()), values).astype(np.int64)


def sorted_texts(
    values: NDArray[np.float64], vocabulary: Sequence[str] | None
) -> tuple[NDArray[np.float64], Vocabulary]:
    """Values (rows,) with the vocabulary sorted, each text in it once and none that no row has.

    `values` are indices into `vocabulary`, which may have a text more than once; None are numbers, left alone.
    """
    if vocabulary is None:
        return values, None
    present = ~np.isnan(values)
    used = np.unique(values[present]).astype(np.int64)
    texts = sorted({vocabulary[index] for index in used})
    position = {text: float(index) for index, text in enumerate(texts)}
    translate = np.full(len(vocabulary), np.nan)
    translate[used] = [position[vocabulary[index]] for index in used]
    translated = np.full(len(values), np.nan)
    translated[present] = translate[values[present].astype(np.int64)]
    return translated, tuple(texts)
