"""Judging: whether a candidate takes the place of the production model. Pure decisions, no I/O."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from shared.documents import DecisionKind
from shared.settings import Settings

SIGNIFICANCE: Final = 0.05
ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class Contender:
    """A model and its F1 on the current test set, with the 95 % interval where that is known."""

    model_id: str
    score: float
    interval: tuple[float, float] | None = None

    def beats_within_noise(self, other: "Contender") -> bool:
        """Whether the score is better, and the other one's would be as good an estimate of this model's own."""
        return self.interval is not None and self.interval[0] <= other.score < self.score


@dataclass(frozen=True)
class Verdict:
    """A decision and its reason; `p_value` is that of the paired test, where one was made.

    `within_noise` says that the candidate is better by less than the test set can tell.
    """

    decision: DecisionKind
    reason: str
    p_value: float | None = None
    within_noise: bool = False


@dataclass(frozen=True)
class Rule:
    """How much better a candidate must be, and whether it then waits for a person."""

    name: str
    min_gain: float
    manual: bool
    hold: bool

    @classmethod
    def of(cls, settings: Settings, *, hold: bool) -> "Rule":
        """The rule of a stage."""
        return cls(settings.promotion, settings.min_gain, settings.approval == "manual", hold)


def best_of(contenders: Iterable[Contender]) -> Contender | None:
    """The contender with the highest score; of equal ones that with the smallest id. NaN is never the best."""
    ranked = sorted((c for c in contenders if not math.isnan(c.score)), key=lambda c: (-c.score, c.model_id))
    return ranked[0] if ranked else None


def beats(candidate: Contender, production: Contender, rule: Rule) -> bool:
    """Whether the candidate's score alone is enough: strictly greater, and by at least the minimum gain.

    A gain that is short by less than the rounding of a difference of two scores counts as reached.
    """
    gain = candidate.score - production.score
    return gain > 0 and gain >= rule.min_gain - ROUNDING


def judge(candidate: Contender, production: Contender | None, rule: Rule, p_value: float | None = None) -> Verdict:
    """Judge the best candidate against production. `p_value` is asked for by the rule ``significant`` alone."""
    if production is None:
        return _wins("nothing was in production", rule)
    gain = f"F1 {candidate.score:.4f} against {production.score:.4f}"
    if not candidate.score > production.score:
        return Verdict("kept", f"{gain}: not better than production")
    noisy = candidate.beats_within_noise(production)
    if not beats(candidate, production, rule):
        reason = f"{gain}: better, but by less than the minimum gain of {rule.min_gain:g}"
        return Verdict("kept", reason, within_noise=noisy)
    if rule.name == "significant":
        return _tested(gain, p_value, rule)
    note = f", but within the noise ({_spelled(candidate)})" if noisy else ""
    return replace(_wins(f"{gain}: better than production{note}", rule), within_noise=noisy)


def _tested(gain: str, p_value: float | None, rule: Rule) -> Verdict:
    """The paired test knows better than the interval whether the gain is noise: it compares row by row."""
    if p_value is None:
        return Verdict("kept", f"{gain}: better, but not significantly: the paired test could not be made")
    if not p_value < SIGNIFICANCE:
        return Verdict("kept", f"{gain}: better, but not significantly (p = {p_value})")
    return _wins(f"{gain}, p = {p_value:.4g}: better than production", rule)


def _spelled(contender: Contender) -> str:
    low, high = contender.interval or (contender.score, contender.score)
    return f"95 %: {low:.2f} to {high:.2f}"


def _wins(reason: str, rule: Rule) -> Verdict:
    if rule.hold:
        return Verdict("waiting", f"{reason}; promotion is held after a rollback until vintner release")
    if rule.manual:
        return Verdict("waiting", f"{reason}; waits for vintner approve")
    return Verdict("promoted", reason)
