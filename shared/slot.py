"""Slots: the typed rows of one upload as bytes (numpy's npz, never a pickle), named by their content."""

import hashlib
import io
import json
import struct
import zipfile
from typing import Final

import numpy as np

from shared.errors import Rejected
from shared.reading import Table

DIGEST_LENGTH: Final = 32

# What zipfile and numpy raise when they meet damaged bytes.
_DAMAGED: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
    struct.error,
    zipfile.BadZipFile,
)


def slot_digest(table: Table) -> str:
    """The name of the rows: a SHA-256 over column names, labels, values and codes, as 32 hexadecimal digits."""
    content = hashlib.sha256(json.dumps([table.features, table.labels]).encode())
    content.update(np.ascontiguousarray(table.values).tobytes())
    content.update(np.ascontiguousarray(table.codes).tobytes())
    return content.hexdigest()[:DIGEST_LENGTH]


def pack_slot(table: Table) -> bytes:
    """The bytes of a slot; the same rows give the same bytes."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        features=np.array(table.features, dtype=str),
        labels=np.array(table.labels, dtype=str),
        values=table.values,
        codes=table.codes,
    )
    return buffer.getvalue()


def unpack_slot(body: bytes, key: str) -> Table:
    """Read a slot back; raise Rejected when its bytes are damaged."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            table = Table(
                tuple(arrays["features"].tolist()),
                arrays["values"],
                tuple(arrays["labels"].tolist()),
                arrays["codes"],
            )
        digest = slot_digest(table)
    except _DAMAGED as error:
        raise Rejected(f"{key}: expected the rows of a slot, found damaged bytes ({error})") from None
    if digest not in key:
        raise Rejected(f"{key}: expected the rows that its name stands for, found others: the object was changed")
    return table
