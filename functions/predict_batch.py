"""Predict whole files: each upload under ``batch/`` that has no answer of its present content is answered.

Like every function it looks at the bucket and trusts no event. The answer is written first and is there only as a
whole; the report that names the ETags of upload and answer comes last, so a repeated event finds it and stops.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NotRequired

from shared.bucket import keys
from shared.bucket.store import Entry, FileStore, read_document, settle
from shared.documents import AttemptDocument, Document, ReasonDocument, Stored, digest, encode, timestamp
from shared.errors import Conflict, NotFound, Rejected
from shared.evaluation.batch_answer import BatchAnswer
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.row_errors import BadTable, Reason, at_most
from shared.registry.models import read_score, read_scorer_body
from shared.registry.pointer import Pointer, read_pointer
from shared.settings import Settings

log = logging.getLogger(__name__)

PART_BYTES: Final = 8_000_000
MAX_ATTEMPTS: Final = 3
ROUNDS: Final = 50


class BatchReport(Stored):
    """``predictions/<any>.json``: what was answered. `status` is `answered`, `rejected` or `refused`."""

    upload: str
    etag: str
    status: str
    model_id: str
    rows: dict[str, int]
    reasons: list[ReasonDocument]
    warnings: list[str]
    predictions_etag: str | None
    metrics: NotRequired[Document]
    at: str


@dataclass
class BatchRun:
    """What one call did; `waiting` are uploads for which there is no model in production."""

    reports: list[BatchReport] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def summary(self) -> Document:
        """The run in short, as JSON."""
        shown = ("upload", "status", "model_id", "rows")
        return {
            "answered": [{name: dict(report)[name] for name in shown} for report in self.reports],
            "waiting": self.waiting,
        }


def run(store: FileStore, settings: Settings) -> BatchRun:
    """Answer every upload that has no answer yet, and list again until nothing is left."""
    done = BatchRun()
    for _ in range(ROUNDS):
        open_uploads = _unanswered(store)
        if not open_uploads:
            return done
        pointer = read_pointer(store)
        if pointer is None:
            done.waiting = [entry.key for entry in open_uploads]
            log.info("no model is in production: %s wait", done.waiting)
            return done
        for entry in open_uploads:
            # Changed, removed, or answered by another run meanwhile: the next listing tells.
            with suppress(Conflict, NotFound):
                done.reports.append(_answer(store, settings, entry, pointer))
    raise Conflict(
        f"uploads under {keys.BATCH} changed {ROUNDS} times while they were read: the hourly sweep will try again"
    )


def _unanswered(store: FileStore) -> list[Entry]:
    """The uploads whose report is missing, or answers another content, or belongs to another answer."""
    uploads = [entry for entry in store.list(keys.BATCH) if not entry.key.endswith("/")]
    if not uploads:
        return []
    written = {entry.key: entry for entry in store.list(keys.PREDICTIONS)}
    return [entry for entry in uploads if not _is_answered(store, entry, written)]


def _is_answered(store: FileStore, upload: Entry, written: dict[str, Entry]) -> bool:
    answer_key, report_key = keys.prediction_keys(upload.key)
    if report_key not in written:
        return False
    try:
        report = read_document(store, report_key, BatchReport)
    except (NotFound, Rejected):
        return False
    if (report.get("upload"), report.get("etag")) != (upload.key, upload.etag):
        return False
    expected = report["predictions_etag"]
    return expected is None or (answer_key in written and written[answer_key].etag == expected)


def _answer(store: FileStore, settings: Settings, upload: Entry, pointer: Pointer) -> BatchReport:
    """Answer one upload; raise Conflict or NotFound when it changed meanwhile."""
    answer_key, report_key = keys.prediction_keys(upload.key)
    previous = _etag_of(store, report_key)
    report: BatchReport = {
        "upload": upload.key,
        "etag": upload.etag,
        "status": "answered",
        "model_id": pointer.model_id,
        "rows": {"read": 0, "predicted": 0, "problems": 0},
        "reasons": [],
        "warnings": [],
        "predictions_etag": None,
        "at": timestamp(),
    }
    try:
        _check_name(upload)
        _mark(store, upload)
        body = read_scorer_body(store, pointer.model_id, pointer.scorer_sha256)
        scorer = VectorScorer.load(body, keys.model_key(pointer.model_id, "scorer.json"))
        score = read_score(store, pointer.model_id)
        answer = BatchAnswer.open(_parts(store, upload), scorer, settings)
        report["predictions_etag"] = store.write_parts(answer_key, answer.parts())
        report["rows"] = answer.counts()
        report["reasons"] = [reason.as_document() for reason in at_most(answer.rows.reasons)]
        report["warnings"] = answer.warnings
        if score and (metrics := answer.metrics(score)):
            report["metrics"] = metrics
    except _Refused as error:
        report["status"], report["reasons"] = "refused", [Reason(str(error)).as_document()]
    except BadTable as error:
        report["status"] = "rejected"
        report["reasons"] = [reason.as_document() for reason in at_most(error.reasons)]
    report["at"] = timestamp()
    if previous is None:
        store.create(report_key, encode(report))
    else:
        store.swap(report_key, encode(report), previous)
    log.info("%s %s by %s: %s", report["status"], upload.key, pointer.model_id, report["rows"])
    return report


def _check_name(upload: Entry) -> None:
    if not upload.key.lower().endswith(keys.SUFFIXES):
        raise BadTable([Reason("expected a name that ends in .csv or .csv.gz: upload it under such a name")])


class _Refused(Rejected):
    """The upload ended the function too often."""


def _mark(store: FileStore, upload: Entry) -> None:
    """Note that an upload is about to be opened; raise _Refused when it ended the function three times."""
    name = digest([upload.key, upload.etag, "batch"])[:32]
    attempt: AttemptDocument = {
        "upload": upload.key,
        "etag": upload.etag,
        "run": uuid.uuid4().hex,
        "at": timestamp(),
    }
    mark = encode(attempt)
    for number in range(1, MAX_ATTEMPTS + 1):
        if settle(store, keys.attempt_key(name, number), mark) == mark:
            return
    raise _Refused(
        f"expected a file that is answered in one call, found one that ended the function {MAX_ATTEMPTS} times: "
        "split it, or give predict_batch more time or memory, then upload it under another name"
    )


def _parts(store: FileStore, upload: Entry) -> Iterator[bytes]:
    """The upload's bytes, each part under If-Match of the listed ETag: a broken connection costs one part."""
    for start in range(0, upload.size, PART_BYTES):
        yield store.read_part(upload.key, upload.etag, start, min(PART_BYTES, upload.size - start))


def _etag_of(store: FileStore, key: str) -> str | None:
    try:
        return store.read(key).etag
    except NotFound:
        return None
