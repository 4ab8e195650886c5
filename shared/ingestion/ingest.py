"""Ingest: one upload into rows and a receipt.

The order of the writes is what makes a crash harmless: an attempt, the rows, then the receipt. An upload without a
receipt is read again; an upload that ends the function three times is rejected, so that it cannot block the others.
"""

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NotRequired

from shared.bucket import keys
from shared.bucket.keys import Upload
from shared.bucket.store import Store, settle, settle_document
from shared.documents import (
    AttemptDocument,
    Document,
    ReasonDocument,
    ReceiptDocument,
    RowCounts,
    Stored,
    decode,
    encode,
    timestamp,
)
from shared.errors import Rejected
from shared.formats.columns import Column
from shared.formats.row_errors import BadTable, Reason, at_most
from shared.formats.variables import MEGABYTE
from shared.ingestion.csv_reader import Reading, read_csv
from shared.ingestion.slot_file import pack_slot, slot_digest
from shared.ingestion.uploads import Changed, read_upload
from shared.quality.lost_rows import is_copy_of_a_test_upload
from shared.quality.slot_checks import Findings, check
from shared.settings import Settings
from shared.tables.held_out import Reference
from shared.tables.row_hashes import number_rows
from shared.tables.schema import Override
from shared.tables.table import Table

MAX_ATTEMPTS: Final = 3
COPY_OF_TEST_SET: Final = (
    "expected rows that the test set does not have, found just those of a test upload: with "
    "VINTNER_DUPLICATES=sum they would be trained on and scored; remove this slot, or set VINTNER_DUPLICATES=union"
)


@dataclass(frozen=True)
class Receipt:
    """What became of an upload, and the digest of its rows (None: rejected)."""

    key: str
    slot: str | None
    document: ReceiptDocument


class _Outcome(Stored):
    """What a receipt says beside which upload it is about."""

    status: Literal["accepted", "duplicate", "rejected"]
    rows: NotRequired[RowCounts]
    columns: NotRequired[list[str]]
    detected: NotRequired[Document]
    warnings: NotRequired[list[str]]
    drift: NotRequired[Document]
    reasons: NotRequired[list[ReasonDocument]]


@dataclass(frozen=True)
class ReadBy:
    """What uploads are read by: what a person says of columns, and the test set with its schema."""

    override: Override | None = None
    reference: Reference | None = None

    def columns(self, upload: Upload) -> Mapping[str, Column] | None:
        """What is known of an upload's columns before it is opened."""
        if self.reference and upload.kind == "slot":
            return self.reference.columns
        return self.override.columns if self.override else None

    def labels(self, upload: Upload) -> frozenset[str] | None:
        """The labels that a slot should have: those of the test set."""
        return self.reference.labels if self.reference and upload.kind == "slot" else None


def ingest(
    store: Store,
    upload: Upload,
    settings: Settings,
    *,
    read_by: ReadBy = ReadBy(),
    known_slots: Collection[str] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Receipt:
    """Read an upload, write its rows and its receipt. `known_slots` are the rows of the other slots.

    Raise Changed when the upload is no longer what was listed.
    """
    try:
        _check_place(upload, settings)
        _announce(store, upload, pause)
        if upload.kind == "schema":
            override = _override(read_upload(store, upload), upload.key)
            return _write_receipt(store, upload, override.fingerprint, {"status": "accepted"})
        reading = read_csv(read_upload(store, upload), settings, read_by.columns(upload), read_by.labels(upload))
        findings = _findings(reading, upload, settings, read_by.reference)
    except BadTable as error:
        reasons = [reason.as_document() for reason in error.reasons]
        return _write_receipt(store, upload, None, {"status": "rejected", "reasons": reasons})
    slot = slot_digest(reading.table)
    settle(store, keys.slot_key(slot), pack_slot(reading.table))
    duplicate = upload.kind == "slot" and slot in known_slots
    new = 0 if duplicate else _distinct(reading.table)
    return _write_receipt(
        store,
        upload,
        slot,
        {
            "status": "duplicate" if duplicate else "accepted",
            "rows": {"read": reading.rows, "kept": len(reading.table), "new": new},
            "columns": list(reading.table.features),
            "detected": reading.detected.as_document(),
            "warnings": [*_left_out(reading), *reading.warnings, *findings.warnings],
            "drift": findings.drift_document(),
            "reasons": [reason.as_document() for reason in reading.left_out],
        },
    )


def _override(body: bytes, key: str) -> Override:
    try:
        return Override.parse(body, key)
    except Rejected as error:
        raise BadTable([Reason(str(error))]) from None


def _findings(reading: Reading, upload: Upload, settings: Settings, reference: Reference | None) -> Findings:
    """What the checks of a slot find; raise BadTable when it lacks a feature, or drifted and must not."""
    if reference is None or upload.kind != "slot":
        return Findings((), ())
    findings = check(reading.table, reference)
    if findings.drift and settings.on_drift == "reject":
        raise BadTable(at_most([Reason(str(one), column=one.feature) for one in findings.drift]))
    if settings.duplicates == "sum" and is_copy_of_a_test_upload(reading.table, reference):
        raise BadTable([Reason(COPY_OF_TEST_SET)])
    return findings


def _left_out(reading: Reading) -> list[str]:
    left_out = reading.rows - len(reading.table) - reading.unlabelled
    return [f"{left_out} of {reading.rows} rows cannot be used and are left out: see the reasons"] if left_out else []


def _check_place(upload: Upload, settings: Settings) -> None:
    """Raise BadTable when the upload is not to be opened at all."""
    if upload.kind is None:
        expected = f"{keys.SLOT_UPLOADS}name.csv or {keys.TEST_UPLOADS}name.csv (or .csv.gz)"
        raise BadTable([Reason(f"expected a name like {expected}, found {upload.key}: upload it there as CSV")])
    if upload.size > settings.max_upload_mb * MEGABYTE:
        raise BadTable(
            [
                Reason(
                    f"expected at most {settings.max_upload_mb:g} MB (VINTNER_MAX_UPLOAD_MB), "
                    f"found {upload.size / MEGABYTE:.3g} MB: split the file, it was not read"
                )
            ]
        )


def _announce(store: Store, upload: Upload, pause: Callable[[float], None]) -> None:
    """Leave a mark before the upload is opened; raise BadTable when three marks are there and no receipt."""
    attempt: AttemptDocument = {
        "upload": upload.key,
        "etag": upload.etag,
        "run": uuid.uuid4().hex,
        "at": timestamp(),
    }
    mark = encode(attempt)
    for number in range(1, MAX_ATTEMPTS + 1):
        stored = settle(store, keys.attempt_key(upload.digest, number), mark)
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
        marked = datetime.fromisoformat(decode(last_mark, upload.key, AttemptDocument)["at"])
    except (Rejected, KeyError, TypeError, ValueError):
        return False  # a mark that cannot be read is nobody's who still works
    patience = timedelta(seconds=5 + upload.size / MEGABYTE / 4)
    while True:
        if store.list(f"{keys.RECEIPTS}{upload.digest}."):
            return True
        if datetime.now(UTC) - marked > patience:
            return False
        pause(0.5)


def _distinct(table: Table) -> int:
    return int(number_rows([*((column,) for column in table.values.T), (table.codes,)]).max(initial=-1)) + 1


def _write_receipt(store: Store, upload: Upload, slot: str | None, outcome: _Outcome) -> Receipt:
    key = keys.receipt_key(upload.digest, slot)
    document: ReceiptDocument = {
        "upload": upload.key,
        "etag": upload.etag,
        "size": upload.size,
        "kind": upload.kind,
        "slot": slot,
        "at": timestamp(),
        "rows": {"read": 0, "kept": 0, "new": 0},
        "warnings": [],
        "reasons": [],
        **outcome,
    }
    return Receipt(key, slot, settle_document(store, key, document))
