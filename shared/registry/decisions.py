"""Decisions: what was decided about a candidate, written once and found by its name.

The key says for which generation and model a decision was made. A decision that may come again, or that does not settle
the candidate, has a remark in its key, so that a listing says which candidates are undecided.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from shared.bucket import keys
from shared.bucket.keys import DecisionName
from shared.bucket.store import Entry, Reader, Store, read_document, settle
from shared.documents import DecisionDocument, DecisionKind, ScoreDocument, encode, timestamp
from shared.errors import NotFound
from shared.registry.pointer import Pointer, generation_of, new_write_id

WAITING: Final = "waiting"
ROLLED_BACK: Final = "rolled-back"
SECOND: Final = "write-"


def new_decision(
    decision: DecisionKind,
    reason: str,
    *,
    model_id: str,
    score: float,
    test_fingerprint: str,
    rule: str,
    pointer: Pointer | None,
    production_score: float | None,
    warnings: Sequence[str] = (),
    interval: Sequence[float] | None = None,
) -> DecisionDocument:
    """A decision about a model against the pointer that was read, made now, under a write id of its own.

    `warnings` are the reasons to doubt the model's score, `interval` is that score's.
    """
    made: DecisionDocument = {
        "model_id": model_id,
        "decision": decision,
        "candidate_score": score,
        "production_score": production_score,
        "production_model_id": pointer.model_id if pointer else None,
        "test_fingerprint": test_fingerprint,
        "rule": rule,
        "reason": reason,
        "generation": generation_of(pointer),
        "write_id": new_write_id(),
        "at": timestamp(),
        "warnings": list(warnings),
    }
    if interval is not None:
        made["interval"] = list(interval)
    return made


def doubts_of(score: ScoreDocument) -> list[str]:
    """The reasons to doubt a score, as texts; a score of an earlier version has none."""
    return [doubt["text"] for doubt in score.get("sanity", [])]


def decision_names(entries: Iterable[Entry]) -> list[DecisionName]:
    """The decisions in a listing of ``promotions/``, oldest first."""
    return [name for entry in entries if (name := DecisionName.parse(entry.key))]


def settled_models(names: Iterable[DecisionName], fingerprint: str) -> set[str]:
    """The models that need no judgement on this test set: judged for good, or known to be scored on another one."""
    older = older_remark(fingerprint)
    return {name.model_id for name in names if name.remark in {None, older} or str(name.remark).startswith(SECOND)}


def older_remark(fingerprint: str) -> str:
    """The remark of a candidate that was scored on another test set than the one with this fingerprint."""
    return f"older-than-{fingerprint[:12]}"


def name_of(decision: DecisionDocument) -> DecisionName:
    """The key of a decision."""
    remark = {"waiting": WAITING, "rolled_back": ROLLED_BACK}.get(decision["decision"])
    if decision.get("older"):
        remark = older_remark(decision["test_fingerprint"])
    return DecisionName(decision["generation"], decision["model_id"], remark)


def record(store: Store, decision: DecisionDocument) -> DecisionDocument | None:
    """Write a decision and return it; None when the same model was decided at this generation before.

    A decision that moved the pointer is never dropped: it is written beside the earlier one.
    """
    name = name_of(decision)
    if _is_stored(store, name, decision):
        return decision
    if decision["decision"] == "promoted" and _read(store, name)["write_id"] != decision["write_id"]:
        beside = replace(name, remark=f"{SECOND}{decision['write_id'][:12]}")
        if _is_stored(store, beside, decision):
            return decision
    return None


def _is_stored(store: Store, name: DecisionName, decision: DecisionDocument) -> bool:
    """Write a decision; whether the key was free."""
    body = encode(decision)
    already = _exists(store, name)
    return settle(store, name.key, body) == body and not already


def _exists(store: Reader, name: DecisionName) -> bool:
    try:
        store.read(name.key)
    except NotFound:
        return False
    return True


def _read(store: Reader, name: DecisionName) -> DecisionDocument:
    return read_document(store, name.key, DecisionDocument)


def waiting(store: Reader, models: Collection[str]) -> dict[str, DecisionDocument]:
    """The newest decision ``waiting`` of each of these models that has one."""
    names = decision_names(store.list(keys.PROMOTIONS))
    return {name.model_id: _read(store, name) for name in names if name.remark == WAITING and name.model_id in models}
