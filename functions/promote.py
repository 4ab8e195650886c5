"""Promote: judge every undecided candidate against production, swap the better one in, record every decision.

Like every function it looks at the bucket and trusts no event. Losing the race for the pointer means judging again.
"""

import logging
from dataclasses import dataclass, field, replace
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Reader, Store
from shared.documents import DecisionDocument, Document, ScoreDocument
from shared.errors import Conflict, NotFound, Rejected
from shared.promotion.round import Round, contender_of, open_round
from shared.promotion.rules import Contender, Verdict, best_of
from shared.registry.decisions import decision_names, record, settled_models
from shared.registry.models import load_scorer, read_score
from shared.registry.pointer import Pointer, commit, pointing_to, read_pointer
from shared.registry.status_view import update_decisions
from shared.settings import Settings

log = logging.getLogger(__name__)

ROUNDS: Final = 50


@dataclass
class PromotionReport:
    """What one call did: the decisions that it wrote, and the pointer as it is now."""

    decisions: list[DecisionDocument] = field(default_factory=list)
    production: Pointer | None = None

    def record(self, store: Store, decision: DecisionDocument) -> None:
        """Write a decision, and keep it unless it was written before."""
        if written := record(store, decision):
            log.info("%s %s: %s", written["decision"], written["model_id"], written["reason"])
            self.decisions.append(written)

    def summary(self) -> Document:
        """The report in short, as JSON."""
        return {
            "decisions": [
                {"model_id": decision["model_id"], "decision": decision["decision"], "reason": decision["reason"]}
                for decision in self.decisions
            ],
            "production": self.production.model_id if self.production else None,
        }


def run(
    store: Store, settings: Settings, *, approved: str | None = None, slots: Reader | None = None
) -> PromotionReport:
    """Judge until a round is not disturbed by another writer. `approved` names a model that a person lets through.

    `slots` reads the uploads' rows: the store, unless another reader of the same bucket is given.
    """
    report = PromotionReport()
    for _ in range(ROUNDS):
        try:
            before = len(report.decisions)
            _judge_once(store, settings, report, approved, slots)
            if not any(on_part_of_the_test_set(decision) for decision in report.decisions[before:]):
                break
        except Conflict as conflict:
            log.info("judging again: %s", conflict)
    else:
        raise Conflict(f"the pointer changed {ROUNDS} times while it was judged: try again; the hourly sweep will too")
    report.production = read_pointer(store)
    update_decisions(store, report.production)
    return report


@dataclass(frozen=True)
class Bench:
    """What a round looks at: the pointer, the models without a final decision, and the scores that were read."""

    pointer: Pointer | None
    fingerprint: str
    undecided: frozenset[str]
    scores: dict[str, ScoreDocument]


def assemble_bench(store: Store, fingerprint: str) -> Bench:
    """Read what is to be judged on a test set.

    When production was scored on another test set, every model that was scored on the current one counts again, so that
    the best of them wins whatever was decided on other test sets. So it does when production won on part of the
    current one: a candidate that was beaten on that part may be better on the whole.
    """
    pointer = read_pointer(store)
    settled = settled_models(decision_names(store.list(keys.PROMOTIONS)), fingerprint)
    withdrawn = pointer.withdrawn if pointer else ()
    models = [name for name in keys.scored_models(store.list(keys.MODELS)) if name not in withdrawn]
    undecided = frozenset(models) - settled
    again = pointer and (pointer.test_fingerprint != fingerprint or on_part_of_the_test_set(pointer.decision))
    scores = {name: score for name in models if again or name in undecided if (score := read_score(store, name))}
    return Bench(pointer, fingerprint, undecided, scores)


def on_part_of_the_test_set(decision: DecisionDocument) -> bool:
    """Whether a promotion was decided on some of the test rows only: those its predecessor was not trained on."""
    rows = decision.get("test_rows")
    return decision["decision"] == "promoted" and rows is not None and rows["counted"] < rows["of"]


def _judge_once(
    store: Store, settings: Settings, report: PromotionReport, approved: str | None, slots: Reader | None
) -> None:
    """One judgement against one state of the pointer; raise Conflict when another state came meanwhile."""
    inventory = Inventory.of_tests(store, settings)
    fingerprint = inventory.test_fingerprint
    if fingerprint is None:
        return
    bench = assemble_bench(store, fingerprint)
    pointer = bench.pointer
    if pointer and pointer.model_id in bench.undecided:
        # Whoever promoted it was stopped before the decision was written; the pointer carries it.
        report.record(store, pointer.decision)
    in_production = pointer.model_id if pointer else None
    contenders = {name: score for name, score in bench.scores.items() if name != in_production}
    older = {name: score for name, score in contenders.items() if score["test_fingerprint"] != fingerprint}
    judging = open_round(
        store,
        settings,
        pointer=pointer,
        scores={name: score for name, score in contenders.items() if name not in older},
        inventory=inventory,
        fingerprint=fingerprint,
        slots=slots,
    )
    for name in sorted(older.keys() & bench.undecided):
        report.record(store, _kept_as_older(judging, older[name]))
    _judge(store, bench, judging, report, approved)


def _judge(store: Store, bench: Bench, judging: Round, report: PromotionReport, approved: str | None) -> None:
    eligible = [contender for contender in judging.contenders if approved in {None, contender.model_id}]
    best = best_of(eligible)
    while best and (damage := _damage(store, bench.scores[best.model_id])):
        if best.model_id in bench.undecided:
            report.record(store, judging.decision(best, Verdict("kept", f"cannot be served: {damage}")))
        eligible.remove(best)
        best = best_of(eligible)
    if best is None:
        return
    verdict = judging.verdict(best)
    if approved and verdict.decision == "waiting":
        verdict = replace(verdict, decision="promoted", reason=f"{verdict.reason}; approved")
    decision = judging.decision(best, verdict)
    if verdict.decision == "promoted":
        if bench.pointer:
            # The pointer is about to lose the decision that it carries: see to it that it is recorded.
            report.record(store, bench.pointer.decision)
        commit(store, pointing_to(bench.scores[best.model_id], decision, bench.pointer))
    if verdict.decision == "promoted" or best.model_id in bench.undecided:
        report.record(store, decision)
    for other in eligible:
        if other != best and other.model_id in bench.undecided:
            report.record(store, judging.decision(other, _verdict_beside(other, best, verdict, judging)))


def _damage(store: Store, score: ScoreDocument) -> str | None:
    """Why a scored model could not be served; None when its scorer is whole."""
    try:
        load_scorer(store, score)
    except (NotFound, Rejected) as error:
        return str(error)
    return None


def _verdict_beside(other: Contender, best: Contender, verdict: Verdict, judging: Round) -> Verdict:
    """What becomes of a candidate that was not the best of its round. Where the best one waits, it may wait as well."""
    if verdict.decision == "waiting":
        return judging.verdict(other)
    return Verdict("kept", f"F1 {other.score:.4f} against {best.score:.4f} of {best.model_id}, judged together with it")


def _kept_as_older(judging: Round, score: ScoreDocument) -> DecisionDocument:
    reason = f"scored on another test set ({score['test_fingerprint'][:8]}) than the current one"
    return {**judging.decision(contender_of(score), Verdict("kept", reason)), "older": True}
