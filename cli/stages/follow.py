"""Follow an upload, by the bucket's own documents, until it has a receipt and its candidate has a decision."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.keys import Upload
from shared.bucket.store import Reader, read_document
from shared.documents import DecisionDocument, ReceiptDocument, RefusalDocument, ScoreDocument
from shared.errors import Unavailable
from shared.registry.decisions import decision_names
from shared.settings import Settings

POLL_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Followed:
    """How far things have come: a receipt, a score or refusal of the candidate, a decision, or why there is none."""

    receipt: ReceiptDocument | None = None
    score: ScoreDocument | None = None
    decision: DecisionDocument | None = None
    reason: str | None = None


def follow(
    store: Reader,
    settings: Settings,
    uploads: Collection[str],
    *,
    seconds: float,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Followed]:
    """The receipt of each uploaded key as it appears, then, unless all were rejected, what became of the candidate.

    Without a key it is the candidate alone. A receipt counts once everything that decides how the upload is read has
    been read itself. Raise Unavailable when that takes longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    waiting = set(uploads)
    accepted = not waiting
    while waiting:
        inventory = Inventory.take(store, settings)
        for upload in inventory.uploads:
            if upload.key in waiting and upload.digest in inventory.receipts and _is_final(upload, inventory):
                waiting.remove(upload.key)
                slot = inventory.receipts[upload.digest]
                accepted = accepted or slot is not None
                key = keys.receipt_key(upload.digest, slot)
                yield Followed(receipt=read_document(store, key, ReceiptDocument))
        if waiting:
            _rest(deadline, pause, f"a receipt for {', '.join(sorted(waiting)[:3])}")
    if accepted:
        yield from _follow_candidate(store, settings, deadline, pause)


def _is_final(upload: Upload, inventory: Inventory) -> bool:
    """Whether nothing is pending after which the upload would be read again."""
    before = {"test": {"schema"}, "slot": {"schema", "test"}}.get(upload.kind or "", set())
    return not before & {pending.kind for pending in inventory.pending}


def _follow_candidate(
    store: Reader, settings: Settings, deadline: float, pause: Callable[[float], None]
) -> Iterator[Followed]:
    from shared.training.candidate import candidate_of  # noqa: PLC0415  (loads the training packages)

    while True:
        inventory = Inventory.take(store, settings)
        candidate = candidate_of(inventory, settings)
        if isinstance(candidate, str) and not inventory.pending:
            yield Followed(reason=candidate)
            return
        if not isinstance(candidate, str):
            result = _result(store, candidate.model_id)
            if result:
                yield result
                return
        _rest(deadline, pause, "a score and a decision for the candidate")


def _result(store: Reader, model_id: str) -> Followed | None:
    """What became of a candidate; None while it is trained or judged."""
    folder = keys.model_key(model_id, "")
    there = {entry.key.removeprefix(folder) for entry in store.list(folder)}
    if "refused.json" in there:
        refusal = read_document(store, f"{folder}refused.json", RefusalDocument)
        return Followed(reason=f"refused: {refusal['reason']}")
    if "score.json" not in there:
        return None
    decided = [name for name in decision_names(store.list(keys.PROMOTIONS)) if name.model_id == model_id]
    if not decided:
        return None
    return Followed(
        score=read_document(store, f"{folder}score.json", ScoreDocument),
        decision=read_document(store, decided[-1].key, DecisionDocument),
    )


def _rest(deadline: float, pause: Callable[[float], None], what: str) -> None:
    if time.monotonic() > deadline:
        raise Unavailable(f"waited too long for {what}; it may still come: see vintner status")
    pause(POLL_SECONDS)
