"""The production pointer: the only object that changes meaning, and only by compare-and-swap.

    promote A                        promote B
    reads generation 4 (etag e4)     reads generation 4 (etag e4)
    writes 5 if the etag is e4       .
    .                                writes 5 if the etag is e4: refused, reads 5, judges again

A write whose answer is lost may still have landed, and may already be followed by another. Therefore each write
carries an id of its own, and the pointer remembers the ids of the last 32: whoever is unsure reads back and looks for
its own. The generation makes every pointer's bytes different, so an ETag never stands for two states.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from shared.bucket import keys
from shared.bucket.store import Reader, Store
from shared.documents import DecisionDocument, PointerDocument, ScoreDocument, StepDocument, decode, encode, timestamp
from shared.errors import Conflict, NotFound, Rejected, Unknown

HISTORY: Final = 32
COMMIT_ATTEMPTS: Final = 4


@dataclass(frozen=True)
class Step:
    """One earlier state of the pointer."""

    generation: int
    model_id: str
    write_id: str

    def as_document(self) -> StepDocument:
        """The step in the pointer's document."""
        return {"generation": self.generation, "model_id": self.model_id, "write_id": self.write_id}


@dataclass(frozen=True)
class Pointer:
    """What is in production. `history` ends with the current state; `etag` is that of the bytes that were read."""

    model_id: str
    scorer_sha256: str
    score: float
    test_fingerprint: str
    promoted_at: str
    generation: int
    write_id: str
    decision: DecisionDocument
    history: tuple[Step, ...]
    withdrawn: tuple[str, ...] = ()
    hold: bool = False
    etag: str | None = None

    @classmethod
    def parse(cls, body: bytes, etag: str) -> "Pointer":
        """Read ``production.json``; raise Rejected when it is damaged."""
        document = decode(body, keys.PRODUCTION)
        try:
            document.pop("format")
            document["history"] = tuple(Step(**step) for step in document["history"])
            document["withdrawn"] = tuple(document["withdrawn"])
            return cls(**document, etag=etag)
        except (TypeError, KeyError) as error:
            raise Rejected(f"{keys.PRODUCTION}: expected a complete pointer, found none ({error})") from None

    def as_document(self) -> PointerDocument:
        """The fields as they are in the bucket."""
        return {
            "model_id": self.model_id,
            "scorer_sha256": self.scorer_sha256,
            "score": self.score,
            "test_fingerprint": self.test_fingerprint,
            "promoted_at": self.promoted_at,
            "generation": self.generation,
            "write_id": self.write_id,
            "decision": self.decision,
            "history": [step.as_document() for step in self.history],
            "withdrawn": list(self.withdrawn),
            "hold": self.hold,
        }

    def wrote(self, write_id: str) -> bool:
        """Whether a write landed, as far as the history reaches."""
        return write_id == self.write_id or any(step.write_id == write_id for step in self.history)


def read_pointer(store: Reader) -> Pointer | None:
    """The current pointer; None while nothing is in production."""
    try:
        blob = store.read(keys.PRODUCTION)
    except NotFound:
        return None
    return Pointer.parse(blob.body, blob.etag)


def new_write_id() -> str:
    """An id that no other write has."""
    return uuid.uuid4().hex


def generation_of(pointer: Pointer | None) -> int:
    """The generation that was read: 0 while nothing is in production."""
    return pointer.generation if pointer else 0


def pointing_to(score: ScoreDocument, decision: DecisionDocument, before: Pointer | None) -> Pointer:
    """The pointer that puts a scored model into production by a decision."""
    generation = generation_of(before) + 1
    step = Step(generation, score["model_id"], decision["write_id"])
    return Pointer(
        model_id=score["model_id"],
        scorer_sha256=score["sha256"]["scorer.json"],
        score=score["f1"],  # on its whole test set; a decision may have compared on fewer rows
        test_fingerprint=decision["test_fingerprint"],
        promoted_at=timestamp(),
        generation=generation,
        write_id=decision["write_id"],
        decision=decision,
        history=_last([*(before.history if before else ()), step]),
        withdrawn=before.withdrawn if before else (),
        hold=before.hold if before else False,
        etag=before.etag if before else None,
    )


def released(before: Pointer) -> Pointer:
    """The same model in production, without the hold."""
    step = Step(before.generation + 1, before.model_id, new_write_id())
    return replace(
        before,
        generation=step.generation,
        write_id=step.write_id,
        history=_last([*before.history, step]),
        hold=False,
    )


def _last(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(steps)[-HISTORY:]


def commit(store: Store, pointer: Pointer) -> None:
    """Write a pointer in place of the one that it was made from (its `etag`).

    Raise Conflict when another write came first: read again and decide again. Raise Unknown when it cannot be known
    whether the write landed. Writing once more after an unknown outcome is safe, because both writes have the same
    condition and the same id: one of them at most can land.
    """
    body = encode(pointer.as_document())
    for _ in range(COMMIT_ATTEMPTS):
        try:
            if pointer.etag is None:
                store.create(keys.PRODUCTION, body)
            else:
                store.swap(keys.PRODUCTION, body, pointer.etag)
            return
        except (Conflict, Unknown):
            current = read_pointer(store)
            if current and current.wrote(pointer.write_id):
                return
            if (current.etag if current else None) != pointer.etag:
                raise Conflict(f"{keys.PRODUCTION}: generation {pointer.generation} was written by another") from None
    raise Unknown(f"{keys.PRODUCTION}: could not be written in {COMMIT_ATTEMPTS} attempts; the next event tries again")
