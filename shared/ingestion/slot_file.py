"""Slots: the typed rows of one upload as bytes (numpy's npz, never a pickle), named by their content."""

import hashlib
import io
import json
import struct
import zipfile
from typing import Final

import numpy as np

from shared.errors import Rejected
from shared.tables.table import Table

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
    """The name of the rows: a SHA-256 over names, texts, values and codes, as 32 hexadecimal digits."""
    content = hashlib.sha256(_texts(table))
    content.update(np.ascontiguousarray(table.values).data)
    content.update(np.ascontiguousarray(table.codes).data)
    return content.hexdigest()[:DIGEST_LENGTH]


def _texts(table: Table) -> bytes:
    """The names of the features, the labels and the vocabularies, as JSON."""
    return json.dumps([table.features, table.labels, table.vocabularies]).encode()


def pack_slot(table: Table) -> bytes:
    """The bytes of a slot; the same rows give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, texts=np.frombuffer(_texts(table), np.uint8), values=table.values, codes=table.codes)
    return buffer.getvalue()


def unpack_slot(body: bytes, key: str) -> Table:
    """Read a slot back; raise Rejected when its bytes are damaged."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            features, labels, vocabularies = json.loads(arrays["texts"].tobytes())
            table = Table(
                tuple(features),
                arrays["values"],
                tuple(labels),
                arrays["codes"],
                tuple(texts if texts is None else tuple(texts) for texts in vocabularies),
            )
        digest = slot_digest(table)
    except _DAMAGED as error:
        raise Rejected(f"{key}: expected the rows of a slot, found damaged bytes ({error})") from None
    if digest not in key:
        raise Rejected(
            f"{key}: expected the rows whose digest is in its name, found other rows: the object was changed"
        )
    return table
