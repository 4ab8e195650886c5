"""Judging: pure decisions about scores, in tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents import DecisionKind
from shared.promotion.rules import Contender, Rule, beats, best_of, judge
from shared.settings import Settings

A, B, C = "a" * 16, "b" * 16, "c" * 16
BETTER = Rule("better", 0.0, manual=False, hold=False)
SIGNIFICANT = Rule("significant", 0.0, manual=False, hold=False)
MANUAL = Rule("better", 0.0, manual=True, hold=False)
HOLD = Rule("better", 0.0, manual=False, hold=True)
BOTH = Rule("better", 0.0, manual=True, hold=True)
NAN = math.nan

BEST: dict[str, tuple[list[tuple[str, float]], str | None]] = {
    "none": ([], None),
    "one": ([(A, 0.1)], A),
    "the highest": ([(A, 0.1), (B, 0.3), (C, 0.2)], B),
    "a tie goes to the smallest id": ([(C, 0.3), (B, 0.3), (A, 0.2)], B),
    "a hair is no tie": ([(A, 0.3), (B, math.nextafter(0.3, 1))], B),
    "NaN is never the best": ([(A, NAN), (B, 0.0)], B),
    "NaN alone": ([(A, NAN)], None),
    "zero": ([(B, 0.0), (A, 0.0)], A),
}


@pytest.mark.parametrize(("contenders", "expected"), BEST.values(), ids=BEST)
def test_the_best_of_several(contenders: list[tuple[str, float]], expected: str | None) -> None:
    best = best_of(Contender(*contender) for contender in contenders)
    assert (best.model_id if best else None) == expected


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.floats()), max_size=6), st.randoms())
def test_the_order_does_not_matter(contenders: list[tuple[str, float]], chance: "object") -> None:
    shuffled = list(contenders)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert best_of(Contender(*one) for one in shuffled) == best_of(Contender(*one) for one in contenders)


GAINS: dict[str, tuple[float, float, float, bool]] = {
    "greater": (0.81, 0.8, 0, True),
    "a hair greater": (math.nextafter(0.8, 1), 0.8, 0, True),
    "equal": (0.8, 0.8, 0, False),
    "less": (0.79, 0.8, 0, False),
    "enough": (0.82, 0.8, 0.01, True),
    "not enough": (0.805, 0.8, 0.01, False),
    "exactly enough": (0.75, 0.5, 0.25, True),
    "exactly enough but for rounding": (0.3, 0.2, 0.1, True),
    "short by more than rounding": (0.3 - 1e-9, 0.2, 0.1, False),
    "equal with a tiny gain": (0.8, 0.8, 1e-13, False),
    "NaN candidate": (NAN, 0.8, 0, False),
    "NaN production": (0.8, NAN, 0, False),
    "perfect against nothing": (1, 0, 1, True),
}


@pytest.mark.parametrize(("score", "production", "gain", "expected"), GAINS.values(), ids=GAINS)
def test_how_much_is_enough(score: float, production: float, gain: float, expected: bool) -> None:
    rule = Rule("better", gain, manual=False, hold=False)
    assert beats(Contender(A, score), Contender(B, production), rule) is expected
    promoted = judge(Contender(A, score), Contender(B, production), rule).decision == "promoted"
    assert promoted is expected


WAITS = "better than production; "
VERDICTS: dict[str, tuple[float, float | None, Rule, float | None, DecisionKind, str]] = {
    "first": (0.1, None, BETTER, None, "promoted", "nothing was in production"),
    "first of score 0": (0.0, None, BETTER, None, "promoted", "nothing was in production"),
    "first, manual": (0.9, None, MANUAL, None, "waiting", "nothing was in production; waits for vintner approve"),
    "first, significant": (0.9, None, SIGNIFICANT, None, "promoted", "nothing was in production"),
    "better": (0.9, 0.8, BETTER, None, "promoted", "F1 0.9000 against 0.8000: better than production"),
    "equal": (0.8, 0.8, BETTER, None, "kept", "F1 0.8000 against 0.8000: not better than production"),
    "worse": (0.7, 0.8, BETTER, None, "kept", "F1 0.7000 against 0.8000: not better than production"),
    "worse, manual": (0.7, 0.8, MANUAL, None, "kept", "not better than production"),
    "worse, held": (0.7, 0.8, HOLD, None, "kept", "not better than production"),
    "NaN": (NAN, 0.8, BETTER, None, "kept", "not better than production"),
    "too little": (
        0.81,
        0.8,
        Rule("better", 0.05, manual=False, hold=False),
        None,
        "kept",
        "better, but by less than the minimum gain of 0.05",
    ),
    "manual": (0.9, 0.8, MANUAL, None, "waiting", WAITS + "waits for vintner approve"),
    "held": (0.9, 0.8, HOLD, None, "waiting", WAITS + "promotion is held after a rollback until vintner release"),
    "manual and held": (0.9, 0.8, BOTH, None, "waiting", "until vintner release"),
    "significant": (0.9, 0.8, SIGNIFICANT, 0.049, "promoted", "p = 0.049: better than production"),
    "at the bound": (0.9, 0.8, SIGNIFICANT, 0.05, "kept", "better, but not significantly (p = 0.05)"),
    "not significant": (0.9, 0.8, SIGNIFICANT, 0.3, "kept", "better, but not significantly (p = 0.3)"),
    "no paired test": (
        0.9,
        0.8,
        SIGNIFICANT,
        None,
        "kept",
        "not significantly: the paired test could not be made",
    ),
    "a p-value that is NaN": (0.9, 0.8, SIGNIFICANT, NAN, "kept", "not significantly"),
    "significantly worse": (0.7, 0.8, SIGNIFICANT, 0.001, "kept", "not better than production"),
    "p-value under the other rule": (0.9, 0.8, BETTER, 0.9, "promoted", "better than production"),
}


@pytest.mark.parametrize(
    ("score", "production", "rule", "p_value", "decision", "reason"), VERDICTS.values(), ids=VERDICTS
)
def test_verdicts(  # noqa: PLR0917  (the columns of the table)
    score: float, production: float | None, rule: Rule, p_value: float | None, decision: DecisionKind, reason: str
) -> None:
    verdict = judge(Contender(A, score), None if production is None else Contender(B, production), rule, p_value)
    assert verdict.decision == decision
    assert reason in verdict.reason


def test_a_rule_is_made_of_settings_and_hold() -> None:
    settings = Settings("b", "l", promotion="significant", min_gain=0.1, approval="manual")
    assert Rule.of(settings, hold=True) == Rule("significant", 0.1, manual=True, hold=True)
    assert Rule.of(Settings("b", "l"), hold=False) == BETTER


NOISE: dict[str, tuple[Contender, float, Rule, str, bool]] = {
    "production inside the interval": (Contender(A, 0.82, (0.75, 0.88)), 0.8, BETTER, "promoted", True),
    "on its end": (Contender(A, 0.82, (0.8, 0.88)), 0.8, BETTER, "promoted", True),
    "below it": (Contender(A, 0.82, (0.81, 0.83)), 0.8, BETTER, "promoted", False),
    "no gain": (Contender(A, 0.8, (0.7, 0.9)), 0.8, BETTER, "kept", False),
    "a loss": (Contender(A, 0.79, (0.7, 0.9)), 0.8, BETTER, "kept", False),
    "short of the least gain": (
        Contender(A, 0.82, (0.75, 0.88)),
        0.8,
        Rule("better", 0.1, manual=False, hold=False),
        "kept",
        True,
    ),
    "scored by an earlier version": (Contender(A, 0.82), 0.8, BETTER, "promoted", False),
    "held": (Contender(A, 0.82, (0.75, 0.88)), 0.8, HOLD, "waiting", True),
}


@pytest.mark.parametrize(("candidate", "production", "rule", "decision", "noisy"), NOISE.values(), ids=NOISE)
def test_a_gain_within_the_noise_is_said_and_decides_nothing(
    candidate: Contender, production: float, rule: Rule, decision: str, noisy: bool
) -> None:
    verdict = judge(candidate, Contender(B, production), rule)
    assert (verdict.decision, verdict.within_noise) == (decision, noisy)
    assert ("but within the noise (95 %: 0." in verdict.reason) == (noisy and decision != "kept")


def test_a_paired_test_knows_better_than_two_intervals() -> None:
    verdict = judge(Contender(A, 0.82, (0.75, 0.88)), Contender(B, 0.8), SIGNIFICANT, 0.01)
    assert (verdict.decision, verdict.within_noise) == ("promoted", False)
    assert "noise" not in verdict.reason
