"""The rows of slots as a task takes them: read, put under the schema, and named by what they hold.

A row's name is 128 bits over its values, the same in every task: of a category it takes the text, so that no task
needs to know the texts that others have. Different rows of one name are not looked for: among 10^9 rows the chance of
one such pair is 10^-21.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.bucket import keys
from shared.bucket.store import Reader
from shared.formats.columns import Column
from shared.ingestion.slot_file import unpack_slot
from shared.tables.dataset import misfit
from shared.tables.encoding import encode
from shared.tables.row_hashes import row_hashes
from shared.tables.table import Table, Vocabulary, text_places

_EXACT_BITS: Final = 53  # of a whole number in float64

OpenReader = Callable[[], Reader]
"""What opens the bucket in a worker."""


@dataclass(frozen=True)
class Part:
    """Some slots that one task takes: each one's position among all slots, and its digest."""

    slots: tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class PartRows:
    """The rows of a part, slot after slot.

    `values` (rows, features) and `vocabularies` are as of an `Encoding` of the part's own; `codes` (rows,) are indices
    into `labels`, `slot` (rows,) is each row's slot. `left_out` says of a slot why it does not fit the test set.
    """

    values: NDArray[np.float64]
    vocabularies: tuple[Vocabulary, ...]
    labels: tuple[str, ...]
    codes: NDArray[np.int32]
    slot: NDArray[np.int32]
    left_out: dict[int, str]


def read_part(open_reader: OpenReader, part: Part, columns: Sequence[Column]) -> PartRows:
    """Read the slots of a part; raise NotFound and Rejected as for a single slot."""
    reader = open_reader()
    tables, positions, left_out = [], [], {}
    for position, digest in part.slots:
        key = keys.slot_key(digest)
        table = unpack_slot(reader.read(key).body, key)
        if (problem := misfit(table.features, [column.name for column in columns])) is None:
            tables.append(table)
            positions.append(position)
        else:
            left_out[position] = problem
    return _put_together(tables, positions, left_out, columns)


def rows_of_tables(tables: Sequence[Table], columns: Sequence[Column]) -> PartRows:
    """The rows of tables that are no slots, such as the test set's."""
    return _put_together(tables, [-1] * len(tables), {}, columns)


def _put_together(
    tables: Sequence[Table], positions: Sequence[int], left_out: dict[int, str], columns: Sequence[Column]
) -> PartRows:
    encoding, matrices = encode(tables, columns)
    labels = tuple(sorted({label for table in tables for label in table.labels}))
    place = {label: index for index, label in enumerate(labels)}
    codes = [np.array([place[label] for label in table.labels], np.int32)[table.codes] for table in tables]
    sizes = [len(table) for table in tables]
    return PartRows(
        values=np.concatenate(matrices) if matrices else np.empty((0, len(columns))),
        vocabularies=encoding.vocabularies,
        labels=labels,
        codes=np.concatenate(codes) if codes else np.empty(0, np.int32),
        slot=np.repeat(np.array(positions, np.int32), sizes),
        left_out=left_out,
    )


def names_of(rows: PartRows) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Both halves of each row's name, each (rows,): the same for rows of the same values, whatever their label."""
    halves = []
    for half in (0, 1):
        start = np.full(len(rows.codes), float(half))
        columns = [
            (column if vocabulary is None else _numbers_of_texts(column, vocabulary, half),)
            for column, vocabulary in zip(rows.values.T, rows.vocabularies, strict=True)
        ]
        halves.append(row_hashes([(start,), *columns]))
    return halves[0], halves[1]


def _numbers_of_texts(column: NDArray[np.float64], vocabulary: Sequence[str], half: int) -> NDArray[np.float64]:
    """A number in place of each text (rows,), by the text alone; NaN stays what is missing."""
    found = [
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[8 * half : 8 * half + 8] for text in vocabulary
    ]
    numbers = np.array([*(int.from_bytes(one) >> (64 - _EXACT_BITS) for one in found), np.nan])
    return np.asarray(numbers[text_places(column, vocabulary)])
