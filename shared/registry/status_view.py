"""The status view: one document that shows the state of everything. It is never read to decide anything.

Each function rewrites its own part from the bucket: ingest the uploads and the candidate, promote the production
model and the decisions. Bodies that were shown before are taken over from the last view, since receipts and decisions
never change.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory, uploads_there
from shared.bucket.keys import DecisionName, Upload
from shared.bucket.store import Reader, Store, read_document
from shared.documents import (
    CandidateState,
    DecisionDocument,
    ReceiptDocument,
    RefusalDocument,
    ScoreDocument,
    decode,
    encode,
    timestamp,
)
from shared.errors import Conflict, NotFound, Rejected, Unknown
from shared.registry.decisions import decision_names, doubts_of
from shared.registry.fresh_scores import newest_fresh
from shared.registry.models import read_score
from shared.registry.pointer import Pointer, read_pointer
from shared.registry.standing import as_of_now
from shared.registry.status_documents import (
    CandidateDocument,
    ListedDecision,
    ListedReceipt,
    ProductionDocument,
    ScoreFacts,
    StatusDocument,
    UploadCounts,
)

log = logging.getLogger(__name__)

SHOWN_RECEIPTS: Final = 50
SHOWN_DECISIONS: Final = 100
SWAPS: Final = 20


@dataclass(frozen=True)
class CandidateView:
    """The candidate's state, and why it is not trained."""

    state: CandidateState
    model_id: str | None = None
    reason: str | None = None

    def as_document(self) -> CandidateDocument:
        """The candidate in the view, before anything is known of its score."""
        return {"state": self.state, "model_id": self.model_id, "reason": self.reason, "warnings": []}


def empty_view() -> StatusDocument:
    """The view of a bucket that no function has looked at yet."""
    return {
        "candidate": CandidateView("none").as_document(),
        "uploads": {"total": 0, "slots": 0, "tests": 0, "rejected": 0},
        "receipts": [],
        "production": None,
        "decisions": [],
    }


def update_uploads(
    store: Store, inventory: Inventory, written: Sequence[ListedReceipt], candidate: CandidateView
) -> None:
    """Rewrite the part of the view that ingest owns. `written` are receipts that need not be read again."""
    there = {(upload.key, upload.etag) for upload in inventory.uploads}

    def change(view: StatusDocument) -> StatusDocument:
        known = {receipt["receipt"]: receipt for receipt in [*view["receipts"], *written]}
        return {
            **view,
            "candidate": _candidate(store, candidate, view["candidate"]),
            "uploads": _counts(inventory),
            "receipts": _newest_receipts(store, inventory, known),
            "production": _production(store, read_pointer(store), there, view["production"]),
        }

    _swap(store, change)


def update_decisions(store: Store, pointer: Pointer | None) -> None:
    """Rewrite the part of the view that promote owns."""
    there = uploads_there(store, keys.SLOT_UPLOADS)
    latest = decision_names(store.list(keys.PROMOTIONS))[-SHOWN_DECISIONS:]

    def change(view: StatusDocument) -> StatusDocument:
        known = {decision["key"]: decision for decision in view["decisions"]}
        return {
            **view,
            "production": _production(store, pointer, there, view["production"]),
            "decisions": [_decision(store, name, known) for name in reversed(latest)],
        }

    _swap(store, change)


def _swap(store: Store, change: Callable[[StatusDocument], StatusDocument]) -> None:
    """Swap the view until it sticks. A view that cannot be written is rewritten by the next event."""
    for _ in range(SWAPS):
        try:
            view, etag = _current(store)
            changed = as_of_now(change(view))
            if etag and {**view, "at": None} == {**changed, "at": None}:
                return
            body = encode({**changed, "at": timestamp()})
            if etag is None:
                store.create(keys.STATUS, body)
            else:
                store.swap(keys.STATUS, body, etag)
            return
        except (Conflict, Unknown):
            continue
    log.warning("%s changed %d times while it was rewritten: left to the next event", keys.STATUS, SWAPS)


def _current(store: Reader) -> tuple[StatusDocument, str | None]:
    """The last view and its ETag; an empty one when there is none or it is damaged."""
    try:
        blob = store.read(keys.STATUS)
    except NotFound:
        return empty_view(), None
    try:
        view = decode(blob.body, keys.STATUS, StatusDocument)
    except Rejected as error:
        log.warning("rebuilding the view: %s", error)
        return empty_view(), blob.etag
    view.pop("format", None)
    return {**empty_view(), **view}, blob.etag


def _candidate(store: Reader, candidate: CandidateView, last: CandidateDocument) -> CandidateDocument:
    """The candidate with what its score or refusal says."""
    if candidate.model_id is None or candidate.state == "training":
        return candidate.as_document()
    if last.get("model_id") == candidate.model_id and last.get("state") == candidate.state:
        return last
    if candidate.state == "trained":
        score = read_document(store, keys.model_key(candidate.model_id, "score.json"), ScoreDocument)
        return {
            "state": candidate.state,
            "model_id": candidate.model_id,
            "reason": None,
            "f1": score["f1"],
            "interval": score.get("interval"),
            "baseline": score.get("baseline"),
            "train_rows": score["train_rows"],
            "warnings": score.get("warnings", []),
        }
    refusal = read_document(store, keys.model_key(candidate.model_id, "refused.json"), RefusalDocument)
    return {**candidate.as_document(), "reason": refusal["reason"], "f1": None, "train_rows": None}


def _counts(inventory: Inventory) -> UploadCounts:
    rejected = [upload for upload in inventory.uploads if inventory.receipts.get(upload.digest, "") is None]
    return {
        "total": len(inventory.uploads),
        "slots": len(inventory.sources("slot")),
        "tests": len(inventory.sources("test")),
        "rejected": len(rejected),
    }


def _newest_receipts(store: Reader, inventory: Inventory, known: Mapping[str, ListedReceipt]) -> list[ListedReceipt]:
    """The receipts of the newest uploads that are there, newest first."""
    newest = [keys.receipt_key(upload.digest, inventory.receipts[upload.digest]) for upload in _newest(inventory)]
    receipts = [known[key] if key in known else _receipt(store, key) for key in newest]
    return sorted(receipts, key=lambda receipt: (receipt["at"], receipt["upload"]), reverse=True)


def _newest(inventory: Inventory) -> list[Upload]:
    read = [upload for upload in inventory.uploads if upload.digest in inventory.receipts]
    return sorted(read, key=lambda upload: (upload.modified, upload.key))[-SHOWN_RECEIPTS:]


def _receipt(store: Reader, key: str) -> ListedReceipt:
    return {"receipt": key, **read_document(store, key, ReceiptDocument)}


def _decision(store: Reader, name: DecisionName, known: Mapping[str, ListedDecision]) -> ListedDecision:
    if name.key in known:
        return known[name.key]
    read: ListedDecision = {**read_document(store, name.key, DecisionDocument), "key": name.key, "standing": ""}
    return read


def _production(
    store: Reader, pointer: Pointer | None, there: Collection[tuple[str, str]], last: ProductionDocument | None
) -> ProductionDocument | None:
    """What is in production, and whether an upload of its lineage was removed or replaced since.

    `there` has key and ETag of the uploads that are there now.
    """
    if pointer is None:
        return None
    facts: ScoreFacts = last if last and last["model_id"] == pointer.model_id else _facts(store, pointer.model_id)
    gone = [entry["upload"] for entry in facts["lineage"] if (entry["upload"], entry["etag"]) not in there]
    return {
        **facts,
        "model_id": pointer.model_id,
        "score": pointer.score,
        "promoted_at": pointer.promoted_at,
        "generation": pointer.generation,
        "hold": pointer.hold,
        "withdrawn": list(pointer.withdrawn),
        "test_fingerprint": pointer.test_fingerprint,
        "fresh": newest_fresh(store, pointer.model_id, last.get("fresh", []) if last else []),
        "stale": bool(gone),
        "gone": gone,
    }


def _facts(store: Reader, model_id: str) -> ScoreFacts:
    score = read_score(store, model_id)
    if score is None:
        return {"metrics": {}, "confusion": None, "train_rows": None, "test_rows": None, "lineage": []}
    return {
        "interval": score.get("interval"),
        "baseline": score.get("baseline"),
        "threshold": score.get("threshold"),
        "f1_at_half": score.get("f1_at_half"),
        "warnings": doubts_of(score),
        "metrics": score.get("metrics", {}),
        "confusion": score.get("confusion"),
        "train_rows": score.get("train_rows"),
        "test_rows": score.get("test_rows"),
        "lineage": score.get("lineage", []),
    }
