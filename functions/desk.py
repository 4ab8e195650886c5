"""The promotion desk: what people do to production. Each step is a compare-and-swap and leaves a record."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from functions import promote
from functions.promote import ROUNDS, PromotionReport, assemble_bench
from shared.bucket.inventory import Inventory
from shared.bucket.store import Store
from shared.documents import DecisionDocument
from shared.errors import Conflict, VintnerError
from shared.promotion.rules import Contender, best_of
from shared.registry.decisions import doubts_of, new_decision, record, waiting
from shared.registry.models import load_scorer, read_score
from shared.registry.pointer import Pointer, commit, pointing_to, read_pointer, released
from shared.registry.status_view import update_decisions
from shared.settings import Settings

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def approve(store: Store, settings: Settings, model_id: str | None = None) -> PromotionReport:
    """Let a waiting winner through: the named model, else the best one that waits."""
    pointer = read_pointer(store)
    if pointer and pointer.hold:
        raise VintnerError("promotion is held after a rollback: run vintner release first")
    queue = waiting_models(store, settings)
    best = best_of(Contender(name, decision["candidate_score"]) for name, decision in queue.items())
    chosen = model_id or (best.model_id if best else None)
    if chosen not in queue:
        listed = ", ".join(queue) or "none"
        found = chosen or "no model that waits"
        raise VintnerError(f"expected the id of a model that waits for approval, found {found}; waiting: {listed}")
    report = promote.run(store, settings, approved=chosen)
    after = promote.run(store, settings)
    return PromotionReport([*report.decisions, *after.decisions], after.production)


def waiting_models(store: Store, settings: Settings) -> dict[str, DecisionDocument]:
    """The undecided models that wait, each with its newest decision."""
    fingerprint = Inventory.of_tests(store, settings).test_fingerprint
    return waiting(store, assemble_bench(store, fingerprint).undecided) if fingerprint else {}


def release(store: Store, settings: Settings) -> PromotionReport:
    """Lift the hold that a rollback set, and judge together what waited."""

    def lift(pointer: Pointer | None) -> None:
        if pointer is None or not pointer.hold:
            raise VintnerError("promotion is not held: there is nothing to release")
        commit(store, released(pointer))

    _against_current(store, lift)
    return promote.run(store, settings)


def rollback(store: Store, model_id: str | None = None) -> PromotionReport:
    """Go back to the newest earlier model that is not withdrawn, or to a named one.

    The model that is left is withdrawn, and later candidates wait until `release`.
    """

    def roll_back(pointer: Pointer | None) -> DecisionDocument:
        if pointer is None:
            raise VintnerError("nothing is in production: there is nothing to roll back")
        return _roll_back(store, pointer, model_id or _newest_target(pointer))

    decision = _against_current(store, roll_back)
    report = PromotionReport([decision], read_pointer(store))
    update_decisions(store, report.production)
    return report


def rollback_targets(pointer: Pointer) -> list[str]:
    """The models of the history that can be gone back to, newest first."""
    earlier = dict.fromkeys(step.model_id for step in reversed(pointer.history))
    return [name for name in earlier if name != pointer.model_id and name not in pointer.withdrawn]


def _newest_target(pointer: Pointer) -> str:
    targets = rollback_targets(pointer)
    if not targets:
        raise VintnerError("expected an earlier model in the pointer's history, found none; name one: vintner status")
    return targets[0]


def _roll_back(store: Store, pointer: Pointer, target: str) -> DecisionDocument:
    if target == pointer.model_id:
        raise VintnerError(f"{target} is in production already")
    score = read_score(store, target)
    if score is None:
        known = ", ".join(rollback_targets(pointer)) or "none"
        raise VintnerError(f"expected the id of a scored model, found {target!r}; in the history: {known}")
    load_scorer(store, score)
    decision = new_decision(
        "rolled_back",
        f"rolled back from {pointer.model_id}, which is withdrawn; promotion is held until vintner release",
        model_id=target,
        score=score["f1"],
        test_fingerprint=score["test_fingerprint"],
        rule="rollback",
        pointer=pointer,
        production_score=pointer.score,
        warnings=doubts_of(score),
        interval=score.get("interval"),
    )
    withdrawn = dict.fromkeys([*pointer.withdrawn, pointer.model_id])
    withdrawn.pop(target, None)
    record(store, pointer.decision)
    commit(store, replace(pointing_to(score, decision, pointer), withdrawn=tuple(withdrawn), hold=True))
    record(store, decision)
    return decision


def _against_current(store: Store, change: Callable[[Pointer | None], Result]) -> Result:
    """Make a change against the current pointer, again and again while another writer comes first."""
    for _ in range(ROUNDS):
        try:
            return change(read_pointer(store))
        except Conflict as conflict:
            log.info("again: %s", conflict)
    raise Conflict(f"the pointer changed {ROUNDS} times meanwhile: try again")
