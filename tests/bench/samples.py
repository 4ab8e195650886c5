"""Rows to measure with: eleven numeric features, as physicochemical tests of a drink have, and two classes."""

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.tables.encoding import Encoding
from shared.tables.table import Table

FEATURES = tuple(f"feature_{number}" for number in range(1, 12))
LABEL = "label"
SEED = 1
TEST_ROWS = 1_000
ENCODING = Encoding(tuple(Column(name) for name in FEATURES), (None,) * len(FEATURES))


@dataclass(frozen=True, eq=False)
class Labelled:
    """`values` (rows, 11) and `codes` (rows,) of class 0 or 1, which a noisy plane tells apart."""

    values: NDArray[np.float64]
    codes: NDArray[np.int32]

    def csv(self) -> bytes:
        """The rows as an upload."""
        text = io.BytesIO()
        pd.DataFrame(self.values, columns=list(FEATURES)).assign(**{LABEL: self.codes}).to_csv(text, index=False)
        return text.getvalue()

    def table(self) -> Table:
        """The rows as ingest keeps them."""
        return Table(FEATURES, self.values, ("0", "1"), self.codes)

    def frame(self) -> pd.DataFrame:
        """The features as a pipeline takes them."""
        return ENCODING.frame(self.values)

    def split(self, parts: int) -> list["Labelled"]:
        """The rows in slots of about one size."""
        return [
            Labelled(self.values[rows], self.codes[rows]) for rows in np.array_split(np.arange(len(self.codes)), parts)
        ]


def labelled(rows: int, seed: int = SEED, *, digits: int | None = 4) -> Labelled:
    """So many rows, of numbers with so many decimals; None: as many as a float has."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(rows, len(FEATURES)))
    values = values if digits is None else values.round(digits)
    plane = np.linspace(1, -1, len(FEATURES))
    return Labelled(values, (values @ plane + chance.normal(size=rows) > 0).astype(np.int32))


def held_out() -> Labelled:
    """The rows of the test set."""
    return labelled(TEST_ROWS, SEED + 1)
