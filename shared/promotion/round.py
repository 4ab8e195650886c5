"""A trial: the contenders of one round and production, scored on equal terms.

On an unchanged test set these are the recorded scores. On a changed one all are scored anew on the rows that production
was not trained on.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Store, settle
from shared.documents import Document, encode, timestamp
from shared.errors import NotFound, Rejected
from shared.promotion.rules import Contender, Rule, Verdict, beats, judge
from shared.registry.models import load_scorer, read_score
from shared.registry.pointer import Pointer, generation_of, new_write_id
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.evaluation.comparison import Comparison

log = logging.getLogger(__name__)


class Trial:
    """One round. `contenders` and `production` have the scores that count in it; `inventory` holds the test uploads."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        pointer: Pointer | None,
        scores: Mapping[str, Document],
        inventory: Inventory,
        fingerprint: str,
    ) -> None:
        self._store, self._settings, self._inventory = store, settings, inventory
        self._pointer, self._scores, self._fingerprint = pointer, scores, fingerprint
        self.contenders = [Contender(name, score["f1"]) for name, score in scores.items()]
        self.production = Contender(pointer.model_id, pointer.score) if pointer else None
        self.rule = Rule.of(settings, hold=bool(pointer and pointer.hold))
        self._obstacle: str | None = None
        self._counted: Document | None = None
        self._p_values: dict[str, float] = {}
        if scores and pointer and pointer.test_fingerprint != fingerprint:
            self._score_anew(pointer)

    def _score_anew(self, pointer: Pointer) -> None:
        from shared.evaluation import comparison  # noqa: PLC0415  (loads the training packages, which most rounds do not need)

        try:
            score = self._production_score(pointer)
            rows = comparison.compare_with(self._store, score, self._inventory, self._settings)
            self.production = Contender(pointer.model_id, rows.f1(load_scorer(self._store, score)))
        except (NotFound, Rejected) as error:
            self._obstacle = f"production cannot be scored on the present test set: {error}; waits for vintner approve"
            return
        self.contenders = list(self._contenders_on(rows))
        self._counted = {"counted": rows.counted, "of": rows.total}
        rescore: Document = {
            "model_id": pointer.model_id,
            "f1": self.production.score,
            "test_fingerprint": self._fingerprint,
            "test_rows": self._counted,
            "at": timestamp(),
        }
        settle(
            self._store,
            keys.model_key(pointer.model_id, f"rescores/{self._fingerprint}.json"),
            encode(rescore),
        )

    def _contenders_on(self, rows: "Comparison") -> Iterator[Contender]:
        """The contenders with their scores on these rows; one that cannot be scored does not take part."""
        for name, score in self._scores.items():
            try:
                yield Contender(name, rows.f1(load_scorer(self._store, score)))
            except (NotFound, Rejected) as error:
                log.warning("%s cannot be scored on the present test set: %s", name, error)

    def _production_score(self, pointer: Pointer) -> Document:
        score = read_score(self._store, pointer.model_id)
        if score is None:
            raise Rejected(f"models/{pointer.model_id}/score.json is gone")
        return score

    def verdict(self, contender: Contender) -> Verdict:
        """Judge a contender against production."""
        if self._obstacle:
            return Verdict("waiting", self._obstacle)
        verdict = judge(contender, self.production, self.rule, self._p_value(contender))
        if not self._counted:
            return verdict
        rows = f"{self._counted['counted']} of {self._counted['of']} test rows, those production was not trained on"
        return Verdict(verdict.decision, f"{verdict.reason} (the test set changed: both scored on {rows})")

    def _p_value(self, contender: Contender) -> float | None:
        """The paired test, where the rule asks for it and the scores alone do not decide."""
        pointer = self._pointer
        if self.rule.name != "significant" or pointer is None or self.production is None:
            return None
        if not beats(contender, self.production, self.rule):
            return None
        from shared.evaluation import comparison  # noqa: PLC0415  (loads the training packages, which most rounds do not need)

        try:
            score = self._production_score(pointer)
            rows = comparison.compare_with(self._store, score, self._inventory, self._settings)
            challenger = load_scorer(self._store, self._scores[contender.model_id])
            champion = load_scorer(self._store, score)
            self._p_values[contender.model_id] = comparison.p_value(rows, challenger, champion)
        except (NotFound, Rejected) as error:
            log.warning("no paired test for %s: %s", contender.model_id, error)
        return self._p_values.get(contender.model_id)

    def decision(self, contender: Contender, verdict: Verdict) -> Document:
        """The record of a verdict on a contender."""
        document: Document = {
            "model_id": contender.model_id,
            "decision": verdict.decision,
            "candidate_score": contender.score,
            "production_score": self.production.score if self.production else None,
            "production_model_id": self.production.model_id if self.production else None,
            "test_fingerprint": self._fingerprint,
            "rule": self.rule.name,
            "reason": verdict.reason,
            "generation": generation_of(self._pointer),
            "write_id": new_write_id(),
            "at": timestamp(),
        }
        if self._counted:
            document["test_rows"] = self._counted
        if contender.model_id in self._p_values:
            document["p_value"] = self._p_values[contender.model_id]
        return document
