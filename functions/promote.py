"""Promote: judge every undecided candidate against production, swap the better one in, record every decision.

Like every function it looks at the bucket and trusts no event. Losing the race for the pointer means judging again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Store
from shared.documents import Document
from shared.errors import Conflict, NotFound, Rejected
from shared.promotion.round import Trial
from shared.promotion.rules import Contender, Verdict, best_of
from shared.registry.decisions import names, record, settled_models
from shared.registry.models import load_scorer, read_score
from shared.registry.pointer import Pointer, commit, pointing_to, read_pointer
from shared.registry.status_view import update_decisions
from shared.settings import Settings

log = logging.getLogger(__name__)

ROUNDS: Final = 50


@dataclass
class Report:
    """What one call did: the decisions that it wrote, and the pointer as it stands now."""

    decisions: list[Document] = field(default_factory=list)
    production: Pointer | None = None

    def summary(self) -> Document:
        """The report in short, as JSON."""
        return {
            "decisions": [{name: one[name] for name in ("model_id", "decision", "reason")} for one in self.decisions],
            "production": self.production.model_id if self.production else None,
        }


def run(store: Store, settings: Settings, *, approved: str | None = None) -> Report:
    """Judge until a round is not disturbed by another writer. `approved` names a model that a person lets through."""
    report = Report()
    for _ in range(ROUNDS):
        try:
            found = len(report.decisions)
            for decision in _round(store, settings, approved):
                log.info("%s %s: %s", decision["decision"], decision["model_id"], decision["reason"])
                report.decisions.append(decision)
            if not any(on_part_of_the_test_set(decision) for decision in report.decisions[found:]):
                break
        except Conflict as conflict:
            log.info("judging again: %s", conflict)
    else:
        raise Conflict(f"the pointer changed {ROUNDS} times while it was judged: ring again")
    report.production = read_pointer(store)
    update_decisions(store, report.production)
    return report


@dataclass(frozen=True)
class Bench:
    """What a round looks at: the pointer, the models without a final decision, and the scores that were read."""

    pointer: Pointer | None
    fingerprint: str
    undecided: frozenset[str]
    scores: dict[str, Document]


def assemble_bench(store: Store, fingerprint: str) -> Bench:
    """Read what is to be judged on a test set.

    When production was scored on another test set, every model that was scored on the present one counts again, so that
    the best of them wins whatever was decided on other test sets. So it does when production won on part of the
    present one: a candidate that was beaten on that part may be better on the whole.
    """
    pointer = read_pointer(store)
    settled = settled_models(names(store.list(keys.PROMOTIONS)), fingerprint)
    withdrawn = pointer.withdrawn if pointer else ()
    models = [name for name in keys.scored_models(store.list(keys.MODELS)) if name not in withdrawn]
    undecided = frozenset(models) - settled
    anew = pointer and (pointer.test_fingerprint != fingerprint or on_part_of_the_test_set(pointer.decision))
    scores = {name: score for name in models if anew or name in undecided if (score := read_score(store, name))}
    return Bench(pointer, fingerprint, undecided, scores)


def on_part_of_the_test_set(decision: Document) -> bool:
    """Whether a promotion was decided on some of the test rows only: those its predecessor was not trained on."""
    rows = decision.get("test_rows")
    return decision["decision"] == "promoted" and rows is not None and rows["counted"] < rows["of"]


def _round(store: Store, settings: Settings, approved: str | None) -> Iterator[Document]:
    """One judgement against one state of the pointer; raise Conflict when another state came meanwhile."""
    inventory = Inventory.of_tests(store, settings)
    fingerprint = inventory.test_fingerprint
    if fingerprint is None:
        return
    bench = assemble_bench(store, fingerprint)
    pointer = bench.pointer
    if pointer and pointer.model_id in bench.undecided:
        # Whoever promoted it was stopped before the decision was written; the pointer carries it.
        yield from record(store, pointer.decision)
    in_production = pointer.model_id if pointer else None
    contenders = {name: score for name, score in bench.scores.items() if name != in_production}
    older = {name: score for name, score in contenders.items() if score["test_fingerprint"] != fingerprint}
    trial = Trial(
        store,
        settings,
        pointer=pointer,
        scores={name: score for name, score in contenders.items() if name not in older},
        inventory=inventory,
        fingerprint=fingerprint,
    )
    for name in sorted(older.keys() & bench.undecided):
        yield from record(store, _kept_as_older(trial, name, older[name]))
    yield from _judge(store, bench, trial, approved)


def _judge(store: Store, bench: Bench, trial: Trial, approved: str | None) -> Iterator[Document]:
    eligible = [one for one in trial.contenders if approved in {None, one.model_id}]
    best = best_of(eligible)
    while best and (damage := _damage(store, bench.scores[best.model_id])):
        if best.model_id in bench.undecided:
            yield from record(store, trial.decision(best, Verdict("kept", f"cannot be served: {damage}")))
        eligible.remove(best)
        best = best_of(eligible)
    if best is None:
        return
    verdict = trial.verdict(best)
    if approved and verdict.decision == "waiting":
        verdict = Verdict("promoted", f"{verdict.reason}; approved")
    decision = trial.decision(best, verdict)
    if verdict.decision == "promoted":
        if bench.pointer:
            # The pointer is about to lose the decision that it carries: see to it that it is recorded.
            yield from record(store, bench.pointer.decision)
        commit(store, pointing_to(bench.scores[best.model_id], decision, bench.pointer))
    if verdict.decision == "promoted" or best.model_id in bench.undecided:
        yield from record(store, decision)
    for other in eligible:
        if other != best and other.model_id in bench.undecided:
            yield from record(store, trial.decision(other, _verdict_beside(other, best, verdict, trial)))


def _damage(store: Store, score: Document) -> str | None:
    """Why a scored model could not be served; None when its scorer is whole."""
    try:
        load_scorer(store, score)
    except (NotFound, Rejected) as error:
        return str(error)
    return None


def _verdict_beside(other: Contender, best: Contender, verdict: Verdict, trial: Trial) -> Verdict:
    """What becomes of a candidate that was not the best of its round. Where the best one waits, it may wait as well."""
    if verdict.decision == "waiting":
        return trial.verdict(other)
    return Verdict("kept", f"F1 {other.score:.4f} against {best.score:.4f} of {best.model_id}, judged together with it")


def _kept_as_older(trial: Trial, model_id: str, score: Document) -> Document:
    reason = f"scored on another test set ({score['test_fingerprint'][:8]}) than the present one"
    return {**trial.decision(Contender(model_id, score["f1"]), Verdict("kept", reason)), "older": True}
