"""The columns of a CSV as pandas reads them, a block of rows at a time.

Read at once, the parts of every cell would be in memory beside the text and the columns. What a column is (numbers,
truth values or texts) is still decided by all of its cells, as if it were read at once.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.csv_dialect import CsvText
from shared.formats.row_errors import BadTable, Reason
from shared.settings import ReadingSettings

BLOCK_ROWS: Final = 50_000
ALL_ROWS: Final = 2**31 - 1
EXACT_INTEGER: Final = 2**53

Blocks = list[NDArray[Any]]


class ColumnReader:
    """Reads columns of one text; `names` are those of all its columns."""

    def __init__(self, csv: CsvText, names: Sequence[str], settings: ReadingSettings) -> None:
        self._csv, self._names, self._missing = csv, names, list(settings.missing)

    def read(self, wanted: Sequence[str], verbatim: Collection[str]) -> pd.DataFrame:
        """The wanted columns; of those in `verbatim` every cell as it is spelled. Raise BadTable."""
        columns = self._blocks(wanted, verbatim, verbatim, BLOCK_ROWS)
        others = [name for name in wanted if name not in verbatim]
        if at_once := [name for name in others if _must_be_read_at_once(columns[name])]:
            columns |= self._blocks(at_once, (), verbatim, ALL_ROWS)
        if texts := [name for name in others if not _are_numbers(columns[name]) and not _are_truths(columns[name])]:
            columns |= self._blocks(texts, texts, verbatim, BLOCK_ROWS)
        return pd.DataFrame({name: _joined(columns.pop(name)) for name in wanted}, copy=False)

    def _blocks(
        self, wanted: Sequence[str], texts: Collection[str], verbatim: Collection[str], rows: int
    ) -> dict[str, Blocks]:
        """The blocks, of so many rows, of each wanted column; those in `texts` are texts whatever they look like."""
        blocks: dict[str, Blocks] = {name: [] for name in wanted}
        positions = {str(position): name for position, name in enumerate(self._names) if name in blocks}
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            try:
                for frame in self._frames(positions, texts, verbatim, rows):
                    for position, name in positions.items():
                        blocks[name].append(frame[position].to_numpy())
            except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
                raise BadTable([Reason(f"expected a CSV, found one that cannot be parsed ({error})")]) from None
        return blocks

    def _frames(
        self, positions: Mapping[str, str], texts: Collection[str], verbatim: Collection[str], rows: int
    ) -> Iterator[pd.DataFrame]:
        return pd.read_csv(
            cast("Any", _TextFile(self._csv.text)),
            sep=self._csv.delimiter,
            decimal=self._csv.decimal,
            skipinitialspace=True,
            header=0,
            names=[str(position) for position in range(len(self._names))],  # several columns may have no name
            usecols=list(positions),
            index_col=False,
            dtype={position: str for position, name in positions.items() if name in texts},
            na_values={position: self._missing for position, name in positions.items() if name not in verbatim},
            keep_default_na=False,
            low_memory=False,
            chunksize=rows,
        )


def _are_numbers(blocks: Blocks) -> bool:
    return all(block.dtype.kind in "iuf" for block in blocks)


def _are_truths(blocks: Blocks) -> bool:
    """Whether a column has nothing but truth values and missing ones."""
    kinds = {pd.api.types.infer_dtype(block, skipna=True) for block in blocks if not pd.isna(block).all()}
    return kinds == {"boolean"}


def _must_be_read_at_once(blocks: Blocks) -> bool:
    """Whether large whole numbers make pandas read the column in another way than its blocks.

    Beside fractions it rounds those beyond 2^53 differently; those beyond int64 are texts beside a negative one.
    """
    kinds = {block.dtype.kind for block in blocks}
    if kinds <= {"i"} or not kinds <= set("iuf"):
        return False
    whole = [block for block in blocks if block.dtype.kind in "iu" and len(block)]
    return "u" in kinds or any(np.max(block) > EXACT_INTEGER or np.min(block) < -EXACT_INTEGER for block in whole)


def _joined(blocks: Blocks) -> NDArray[Any]:
    truths = any(block.dtype.kind == "b" for block in blocks) and len({block.dtype for block in blocks}) > 1
    joined: NDArray[Any] = np.concatenate([block.astype(object) for block in blocks] if truths else blocks)
    return joined


class _TextFile:
    """A text as a file that pandas reads from. A StringIO would take four bytes for each character."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def read(self, size: int = -1) -> str:
        """So many characters more."""
        end = len(self._text) if size < 0 else self._at + size
        self._at, part = min(end, len(self._text)), self._text[self._at : end]
        return part

    def __iter__(self) -> Iterator[str]:
        yield self.read()
