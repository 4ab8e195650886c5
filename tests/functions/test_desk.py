"""The promotion desk: approve, roll back, release."""

from collections.abc import Callable

import pytest

from functions import desk
from functions.desk import rollback_targets
from shared.bucket import keys
from shared.errors import Conflict, Unknown, VintnerError
from tests.functions.test_promote import outcome
from tests.support.fake_store import FakeStore
from tests.support.stage import TEST, Stage, model_id, sample

A, B, C, D = map(model_id, range(1, 5))


def fake(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


def promote_each(stage: Stage, **scores: float) -> None:
    names = {"a": A, "b": B, "c": C, "d": D}
    for name, f1 in scores.items():
        stage.add_model(names[name], f1)
        stage.promote()


@pytest.fixture
def tested(stage: Stage) -> Stage:
    """A stage whose test set is read."""
    stage.put_samples()
    stage.ingest()
    return stage


@pytest.fixture
def served(tested: Stage) -> Stage:
    """A stage where A, B and C were in production one after the other."""
    promote_each(tested, a=0.5, b=0.6, c=0.7)
    return tested


@pytest.fixture
def manual(tested: Stage) -> Stage:
    """A stage where a person has to approve; A, B and C wait."""
    tested.change(approval="manual")
    promote_each(tested, a=0.5, b=0.7, c=0.6)
    return tested


def test_winners_wait_for_approval(manual: Stage) -> None:
    assert outcome(manual.decisions()) == [(A, "waiting"), (B, "waiting"), (C, "waiting")]
    assert keys.PRODUCTION not in manual.listing()
    assert set(desk.waiting_models(manual.store, manual.settings)) == {A, B, C}


def test_ringing_again_while_they_wait_writes_nothing(manual: Stage) -> None:
    before = manual.etags()
    assert manual.promote().decisions == []
    assert manual.etags() == before


def test_the_best_is_approved_and_the_others_are_judged(manual: Stage) -> None:
    report = desk.approve(manual.store, manual.settings)
    assert outcome(report.decisions) == [(A, "kept"), (B, "promoted"), (C, "kept")]
    assert report.production == manual.pointer
    assert manual.pointer.model_id == B
    assert report.decisions[0]["reason"].endswith("waits for vintner approve; approved")


def test_a_named_model_is_approved_and_a_better_one_waits_on(manual: Stage) -> None:
    report = desk.approve(manual.store, manual.settings, A)
    assert manual.pointer.model_id == A
    assert outcome(report.decisions) == [(A, "promoted"), (B, "waiting"), (C, "waiting")]
    desk.approve(manual.store, manual.settings)
    assert (manual.pointer.model_id, manual.pointer.generation) == (B, 2)


UNKNOWN = ["f" * 16, "nonsense", ""]


@pytest.mark.parametrize("name", UNKNOWN[:2])
def test_only_what_waits_can_be_approved(manual: Stage, name: str) -> None:
    with pytest.raises(VintnerError, match=f"found {name}; waiting: {A}, {B}, {C}"):
        desk.approve(manual.store, manual.settings, name)


def test_nothing_waits(tested: Stage) -> None:
    with pytest.raises(VintnerError, match="found no model that waits; waiting: none"):
        desk.approve(tested.store, tested.settings)


def test_what_is_in_production_waits_no_longer(manual: Stage) -> None:
    desk.approve(manual.store, manual.settings)
    with pytest.raises(VintnerError, match=f"found {B}; waiting: none"):
        desk.approve(manual.store, manual.settings, B)


def test_an_approval_survives_a_lost_answer(manual: Stage) -> None:
    fake(manual).fail("create", keys.PRODUCTION, error=Unknown("lost"), after=True)
    desk.approve(manual.store, manual.settings)
    assert (manual.pointer.model_id, manual.pointer.generation) == (B, 1)


def test_an_approval_lets_a_model_through_that_cannot_be_compared(tested: Stage) -> None:
    promote_each(tested, a=0.5)
    tested.put(TEST, sample(2000))
    tested.ingest()
    tested.store.delete(keys.model_key(A, "score.json"))
    tested.add_model(B, 0.4)
    assert outcome(tested.promote().decisions) == [(B, "waiting")]
    desk.approve(tested.store, tested.settings)
    assert tested.pointer.model_id == B


def test_rolls_back_to_the_model_before(served: Stage) -> None:
    [decision] = desk.rollback(served.store).decisions
    assert (decision["model_id"], decision["decision"], decision["production_model_id"]) == (B, "rolled_back", C)
    pointer = served.pointer
    assert (pointer.model_id, pointer.generation, pointer.hold, pointer.withdrawn) == (B, 4, True, (C,))
    assert (pointer.score, pointer.write_id) == (0.6, decision["write_id"])
    assert {"format": 1, **decision} in served.decisions()


def test_rolls_back_again_and_never_to_a_withdrawn_model(served: Stage) -> None:
    for expected in (B, A):
        desk.rollback(served.store)
        assert served.pointer.model_id == expected
    assert served.pointer.withdrawn == (C, B)
    with pytest.raises(VintnerError, match="expected an earlier model in the pointer's history, found none"):
        desk.rollback(served.store)


def test_rolls_back_to_a_named_model_and_takes_it_back_in(served: Stage) -> None:
    desk.rollback(served.store)
    desk.rollback(served.store, C)
    assert (served.pointer.model_id, served.pointer.withdrawn) == (C, (B,))
    assert rollback_targets(served.pointer) == [A]


def test_rolls_back_to_a_model_that_was_never_in_production(served: Stage) -> None:
    promote_each(served, d=0.1)
    desk.rollback(served.store, D)
    assert (served.pointer.model_id, served.pointer.score) == (D, 0.1)


REFUSED: dict[str, tuple[str, str]] = {
    "itself": (C, f"{C} is in production already"),
    "unknown": ("f" * 16, f"expected the id of a scored model, found 'ffffffffffffffff'; in the history: {B}, {A}"),
    "no id": ("../x", "expected the id of a scored model, found '../x'"),
}


@pytest.mark.parametrize(("name", "problem"), REFUSED.values(), ids=REFUSED)
def test_refuses_to_roll_back(served: Stage, name: str, problem: str) -> None:
    before = served.etags()
    with pytest.raises(VintnerError) as raised:
        desk.rollback(served.store, name)
    assert problem in str(raised.value)
    assert served.etags() == before


def test_refuses_to_roll_back_to_a_model_that_cannot_be_served(served: Stage) -> None:
    fake(served).put(keys.model_key(B, "scorer.json"), b"tampered")
    before = served.etags()
    with pytest.raises(VintnerError, match=f"models/{B}/scorer.json: expected the bytes that were scored"):
        desk.rollback(served.store)
    assert served.etags() == before


EMPTY: dict[str, tuple[Callable[[Stage], object], str]] = {
    "rollback": (lambda stage: desk.rollback(stage.store), "nothing is in production"),
    "release": (lambda stage: desk.release(stage.store, stage.settings), "there is nothing to release"),
}


@pytest.mark.parametrize(("act", "problem"), EMPTY.values(), ids=EMPTY)
def test_nothing_is_in_production(tested: Stage, act: Callable[[Stage], object], problem: str) -> None:
    with pytest.raises(VintnerError, match=problem):
        act(tested)


def test_only_a_hold_can_be_released(served: Stage) -> None:
    with pytest.raises(VintnerError, match="promotion is not held"):
        desk.release(served.store, served.settings)


def test_candidates_wait_after_a_rollback_and_are_judged_at_the_release(served: Stage) -> None:
    desk.rollback(served.store)
    promote_each(served, d=0.8)
    assert (D, "waiting") in outcome(served.decisions())
    assert served.pointer.model_id == B
    report = desk.release(served.store, served.settings)
    assert outcome(report.decisions) == [(D, "promoted")]
    assert (served.pointer.model_id, served.pointer.generation, served.pointer.hold) == (D, 6, False)


def test_a_withdrawn_model_does_not_come_back_by_itself(served: Stage) -> None:
    desk.rollback(served.store)
    desk.release(served.store, served.settings)
    served.promote()
    assert (served.pointer.model_id, served.pointer.withdrawn) == (B, (C,))
    assert rollback_targets(served.pointer) == [A]


def test_a_worse_candidate_is_kept_under_a_hold(served: Stage) -> None:
    desk.rollback(served.store)
    promote_each(served, d=0.1)
    assert (D, "kept") in outcome(served.decisions())


def test_nothing_is_approved_under_a_hold(manual: Stage) -> None:
    desk.approve(manual.store, manual.settings, A)
    desk.approve(manual.store, manual.settings, B)
    desk.rollback(manual.store)
    with pytest.raises(VintnerError, match="promotion is held after a rollback: run vintner release first"):
        desk.approve(manual.store, manual.settings)


def test_a_rollback_that_loses_the_race_starts_again(served: Stage) -> None:
    served.add_model(D, 0.9)
    fake(served).disturb("swap", keys.PRODUCTION, served.promote)
    [decision] = desk.rollback(served.store).decisions
    assert decision["production_model_id"] == D
    assert (served.pointer.model_id, served.pointer.withdrawn, served.pointer.generation) == (C, (D,), 5)


@pytest.mark.parametrize("error", [Unknown("lost"), Conflict("412")], ids=["unknown", "412"])
def test_a_rollback_whose_answer_is_lost_happens_once(served: Stage, error: Exception) -> None:
    fake(served).fail("swap", keys.PRODUCTION, error=error, after=True)
    desk.rollback(served.store)
    assert (served.pointer.model_id, served.pointer.generation) == (B, 4)


def test_a_rollback_that_was_stopped_is_recorded_by_the_next_run(served: Stage) -> None:
    fake(served).fail("create", "rolled-back", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        desk.rollback(served.store)
    assert served.pointer.model_id == B
    served.add_model(D, 0.9)
    served.promote()
    desk.release(served.store, served.settings)
    assert (B, "rolled_back") in outcome(served.decisions())


def test_the_decision_of_the_model_that_is_left_is_recorded(tested: Stage) -> None:
    promote_each(tested, a=0.5)
    tested.add_model(B, 0.6)
    fake(tested).fail("create", f"promotions/00000001-{B}", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tested.promote()
    desk.rollback(tested.store)
    assert outcome(tested.decisions()) == [(A, "promoted"), (A, "rolled_back"), (B, "promoted")]


def test_a_rollback_shows_in_the_view(served: Stage) -> None:
    desk.rollback(served.store)
    production = served.json(keys.STATUS)["production"]
    assert (production["model_id"], production["hold"], production["withdrawn"]) == (B, True, [C])


def test_a_hold_survives_another_candidate(served: Stage) -> None:
    desk.rollback(served.store)
    promote_each(served, d=0.9)
    assert served.pointer.hold
    assert served.promote().decisions == []
