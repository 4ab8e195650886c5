"""A round of judging: the contenders and production, scored on equal terms.

On an unchanged test set these are the recorded scores. On a changed one all are scored again, on the rows that
production was not trained on.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Reader, Store, settle_document
from shared.documents import CountedRows, DecisionDocument, RescoreDocument, ScoreDocument, timestamp
from shared.errors import NotFound, Rejected
from shared.promotion.rules import Contender, Rule, Verdict, beats, judge
from shared.registry.decisions import doubts_of, new_decision
from shared.registry.fresh_scores import latest_warning
from shared.registry.models import read_score
from shared.registry.pointer import Pointer
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.evaluation.comparison import Comparison
    from shared.evaluation.vector_scorer import VectorScorer

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Matchup:
    """Production and the test rows to compare on. Both are read when they are first needed, and once.

    What asks it raises NotFound or Rejected where production cannot be compared, and loads the training packages.
    `functools.cached_property` will not do: on Python 3.11 one lock of it serves all rounds of a process, so that one
    that waits for the store stops the others.
    """

    store: Store
    settings: Settings
    inventory: Inventory
    model_id: str
    slots: Reader | None = None
    _score: ScoreDocument | None = field(default=None, init=False)
    _rows: "Comparison | None" = field(default=None, init=False)
    _champion: "VectorScorer | None" = field(default=None, init=False)
    _doubts: list[str] | None = field(default=None, init=False)

    @property
    def score(self) -> ScoreDocument:
        """Production's score."""
        self._score = self._score or read_score(self.store, self.model_id)
        if self._score is None:
            raise Rejected(f"models/{self.model_id}/score.json is gone")
        return self._score

    @property
    def rows(self) -> "Comparison":
        """The test rows that production was not trained on."""
        from shared.evaluation.comparison import compare_with  # noqa: PLC0415  (most rounds do not need these packages)

        if self._rows is None:
            self._rows = compare_with(self.store, self.score, self.inventory, self.settings, slots=self.slots)
        return self._rows

    @property
    def doubts(self) -> list[str]:
        """That production is worse on what arrives than the score that candidates are compared with."""
        if self._doubts is None:
            warning = latest_warning(self.store, self.model_id)
            self._doubts = [f"production: {warning}"] if warning else []
        return self._doubts

    @property
    def champion(self) -> "VectorScorer":
        """Production's scorer."""
        if self._champion is None:
            self._champion = self._scorer(self.score)
        return self._champion

    def _scorer(self, score: ScoreDocument) -> "VectorScorer":
        from shared.evaluation.predictions import load_vector_scorer  # noqa: PLC0415  (as above)

        return load_vector_scorer(self.store, score)

    def contender(self, score: ScoreDocument) -> Contender:
        """Another scored model with its F1 on these rows."""
        return Contender(score["model_id"], *self.rows.f1_with_interval(self._scorer(score)))

    def p_value(self, score: ScoreDocument) -> float:
        """The paired test of another scored model against production."""
        from shared.evaluation.comparison import p_value  # noqa: PLC0415  (as above)

        return p_value(self.rows, self._scorer(score), self.champion)


@dataclass(frozen=True, eq=False)
class Round:
    """One round of judging, made by `open_round`. `contenders` and `production` have the scores that count in it.

    `counted` says on how many test rows, where these are not all; `obstacle` why nothing can be compared.
    """

    pointer: Pointer | None
    fingerprint: str
    rule: Rule
    scores: Mapping[str, ScoreDocument]
    contenders: tuple[Contender, ...]
    production: Contender | None = None
    matchup: Matchup | None = None
    counted: CountedRows | None = None
    obstacle: str | None = None

    def verdict(self, contender: Contender) -> Verdict:
        """Judge a contender against production."""
        if self.obstacle:
            return Verdict("waiting", self.obstacle)
        p_value = self._p_value(contender)
        verdict = replace(judge(contender, self.production, self.rule, p_value), p_value=p_value)
        if not self.counted:
            return verdict
        rows = f"{self.counted['counted']} of {self.counted['of']} test rows, those production was not trained on"
        return replace(verdict, reason=f"{verdict.reason} (the test set changed: both scored on {rows})")

    def _p_value(self, contender: Contender) -> float | None:
        """The paired test, where the rule asks for it and the scores alone do not decide."""
        if self.rule.name != "significant" or self.matchup is None or self.production is None:
            return None
        if not beats(contender, self.production, self.rule):
            return None
        try:
            return self.matchup.p_value(self.scores[contender.model_id])
        except (NotFound, Rejected) as error:
            log.warning("no paired test for %s: %s", contender.model_id, error)
            return None

    def decision(self, contender: Contender, verdict: Verdict) -> DecisionDocument:
        """The record of a verdict on a contender."""
        scored = self.scores.get(contender.model_id)
        decision = new_decision(
            verdict.decision,
            verdict.reason,
            model_id=contender.model_id,
            score=contender.score,
            warnings=[*(doubts_of(scored) if scored else ()), *(self.matchup.doubts if self.matchup else ())],
            interval=contender.interval,
            test_fingerprint=self.fingerprint,
            rule=self.rule.name,
            pointer=self.pointer,
            production_score=self.production.score if self.production else None,
        )
        if self.counted:
            decision["test_rows"] = self.counted
        if verdict.p_value is not None:
            decision["p_value"] = verdict.p_value
        if verdict.within_noise:
            decision["within_noise"] = True
        return decision


def contender_of(score: ScoreDocument) -> Contender:
    """A scored model with its F1 on its whole test set."""
    interval = score.get("interval")  # models that were scored by an earlier version have none
    return Contender(score["model_id"], score["f1"], (interval[0], interval[1]) if interval else None)


def open_round(
    store: Store,
    settings: Settings,
    *,
    pointer: Pointer | None,
    scores: Mapping[str, ScoreDocument],
    inventory: Inventory,
    fingerprint: str,
    slots: Reader | None = None,
) -> Round:
    """A round on the current test set. `inventory` holds its uploads, `slots` reads rows (the store, unless given).

    When the test set changed since production was scored, production is scored again, and that is written down.
    """
    recorded = Round(
        pointer=pointer,
        fingerprint=fingerprint,
        rule=Rule.of(settings, hold=bool(pointer and pointer.hold)),
        scores=scores,
        contenders=tuple(map(contender_of, scores.values())),
        production=Contender(pointer.model_id, pointer.score) if pointer else None,
        matchup=Matchup(store, settings, inventory, pointer.model_id, slots) if pointer else None,
    )
    if not scores or not recorded.matchup or not pointer or pointer.test_fingerprint == fingerprint:
        return recorded
    return _scored_again(store, recorded, recorded.matchup)


def _scored_again(store: Store, recorded: Round, matchup: Matchup) -> Round:
    """The round with all scores on the rows that production was not trained on."""
    try:
        rows = matchup.rows
        production = Contender(matchup.model_id, rows.f1(matchup.champion))
    except (NotFound, Rejected) as error:
        reason = f"production cannot be scored on the current test set: {error}; waits for vintner approve"
        return replace(recorded, obstacle=reason)
    counted: CountedRows = {"counted": rows.counted, "of": rows.total}
    contenders = tuple(_contenders(matchup, recorded.scores))
    rescore: RescoreDocument = {
        "model_id": production.model_id,
        "f1": production.score,
        "test_fingerprint": recorded.fingerprint,
        "test_rows": counted,
        "at": timestamp(),
    }
    settle_document(store, keys.model_key(production.model_id, f"rescores/{recorded.fingerprint}.json"), rescore)
    return replace(recorded, contenders=contenders, production=production, counted=counted)


def _contenders(matchup: Matchup, scores: Mapping[str, ScoreDocument]) -> Iterable[Contender]:
    """The contenders with their scores on these rows; one that cannot be scored does not take part."""
    for model_id, score in scores.items():
        try:
            yield matchup.contender(score)
        except (NotFound, Rejected) as error:
            log.warning("%s cannot be scored on the current test set: %s", model_id, error)
