"""Ingest: one upload into rows and a receipt.

The order of the writes is what makes a crash harmless: an attempt, the rows, then the receipt. An upload without a
receipt is read again; an upload that ends the function three times is rejected, so that it cannot block the others.
"""

import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from shared import layout
from shared.documents import Document, decode, encode, timestamp
from shared.errors import Conflict, NotFound, Rejected
from shared.layout import Upload
from shared.reading import BadTable, Reason, Table, read_table
from shared.settings import Settings
from shared.slot import pack_slot, slot_digest
from shared.store import Store, settle

MAX_ATTEMPTS: Final = 3
MEGABYTE: Final = 1_000_000


class Changed(Conflict):
    """The upload was replaced or removed since it was listed: list again."""


@dataclass(frozen=True)
class Receipt:
    """What became of an upload, and the digest of its rows (None: rejected)."""

    key: str
    slot: str | None
    document: Document


def ingest(
    store: Store,
    upload: Upload,
    settings: Settings,
    *,
    known_slots: Collection[str] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Receipt:
    """Read an upload, write its rows and its receipt. `known_slots` are the rows of the other slots.

    Raise Changed when the upload is no longer what was listed.
    """
    try:
        table = _open(store, upload, settings, pause)
    except BadTable as error:
        return _write_receipt(store, upload, None, _rejection(error))
    slot = slot_digest(table)
    settle(store, layout.slot_key(slot), pack_slot(table))
    duplicate = upload.kind == "slot" and slot in known_slots
    return _write_receipt(
        store,
        upload,
        slot,
        {
            "status": "duplicate" if duplicate else "accepted",
            "rows": {"read": len(table), "kept": len(table), "new": 0 if duplicate else _distinct(table)},
            "columns": list(table.features),
            "warnings": list(table.warnings),
            "reasons": [],
        },
    )


def restore(store: Store, upload: Upload, settings: Settings) -> Table:
    """Read an accepted upload once more, because its rows were pruned, and write them again."""
    table = read_table(_read(store, upload), settings)
    settle(store, layout.slot_key(slot_digest(table)), pack_slot(table))
    return table


def _open(store: Store, upload: Upload, settings: Settings, pause: Callable[[float], None]) -> Table:
    if upload.kind is None:
        raise BadTable(
            [
                Reason(
                    f"expected a name like {layout.SLOT_UPLOADS}name.csv or {layout.TEST_UPLOADS}name.csv, "
                    f"found {upload.key}: upload it there as CSV"
                )
            ]
        )
    if upload.size > settings.max_upload_mb * MEGABYTE:
        raise BadTable(
            [
                Reason(
                    f"expected at most {settings.max_upload_mb:g} MB (VINTNER_MAX_UPLOAD_MB), "
                    f"found {upload.size / MEGABYTE:.1f} MB: split the file, it was not read"
                )
            ]
        )
    _announce(store, upload, pause)
    return read_table(_read(store, upload), settings)


def _read(store: Store, upload: Upload) -> bytes:
    try:
        return store.read(upload.key, etag=upload.etag).body
    except (Conflict, NotFound) as error:
        raise Changed(f"{upload.key}: the upload changed since it was listed") from error


def _announce(store: Store, upload: Upload, pause: Callable[[float], None]) -> None:
    """Leave a mark before the upload is opened; raise BadTable when three marks are there and no receipt."""
    mark = encode({"upload": upload.key, "etag": upload.etag, "run": uuid.uuid4().hex, "at": timestamp()})
    for number in range(1, MAX_ATTEMPTS + 1):
        stored = settle(store, layout.attempt_key(upload.digest, number), mark)
        if stored == mark:
            return
    if _another_finishes(store, upload, stored, pause):
        raise Changed(f"{upload.key}: another run has read it")
    raise BadTable(
        [
            Reason(
                f"expected an upload that can be read, found one that ended the function {MAX_ATTEMPTS} times: "
                "split the file or give the function more memory, then upload it under another name"
            )
        ]
    )


def _another_finishes(store: Store, upload: Upload, last_mark: bytes, pause: Callable[[float], None]) -> bool:
    """Whether the run that left the last mark still writes a receipt. It is given the time that reading can take."""
    try:
        marked = datetime.fromisoformat(decode(last_mark, upload.key)["at"])
    except (Rejected, KeyError, TypeError, ValueError):
        return False  # a mark that cannot be read is nobody's who still works
    patience = timedelta(seconds=5 + upload.size / MEGABYTE / 4)
    while True:
        if store.list(f"{layout.RECEIPTS}{upload.digest}."):
            return True
        if datetime.now(UTC) - marked > patience:
            return False
        pause(0.5)


def _distinct(table: Table) -> int:
    return int((~pd.DataFrame(table.values).assign(code=table.codes).duplicated()).sum())


def _rejection(error: BadTable) -> Document:
    return {
        "status": "rejected",
        "rows": {"read": 0, "kept": 0, "new": 0},
        "columns": [],
        "warnings": [],
        "reasons": [reason.as_document() for reason in error.reasons],
    }


def _write_receipt(store: Store, upload: Upload, slot: str | None, fields: Document) -> Receipt:
    key = layout.receipt_key(upload.digest, slot)
    document = {
        "upload": upload.key,
        "etag": upload.etag,
        "size": upload.size,
        "kind": upload.kind,
        "slot": slot,
        "at": timestamp(),
        **fields,
    }
    return Receipt(key, slot, decode(settle(store, key, encode(document)), key))
