"""Promote: the best scored candidate wins, whoever rings, in whatever order and however many at once."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count, permutations
from typing import Any

import pytest

from functions import promote
from functions.promote import ROUNDS
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.s3 import S3Store
from shared.documents import DecisionDocument, Document, encode
from shared.errors import Conflict, Unavailable, Unknown
from shared.promotion.round import open_round
from shared.registry.pointer import commit, new_write_id, pointing_to, read_pointer
from shared.settings import Settings
from tests.support.documents import decision_of, score_of
from tests.support.fake_store import Call, FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, model_id, sample, stump

A, B, C, D = map(model_id, range(1, 5))
GRID = [(a, b) for a in range(-5, 5) for b in range(-3, 3)]


def fake(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


@pytest.fixture
def tested(stage: Stage) -> Stage:
    """A stage whose test set is read."""
    stage.put_samples()
    stage.ingest()
    return stage


def outcome(decisions: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return sorted((one["model_id"], one["decision"]) for one in decisions)


def test_nothing_to_judge(stage: Stage) -> None:
    report = stage.promote()
    assert (report.decisions, report.production) == ([], None)
    assert report.summary() == {"decisions": [], "production": None}


def test_a_trained_candidate_is_promoted_first(stage: Stage) -> None:
    stage.put_samples(1)
    [score] = stage.ingest().trained
    [decision] = stage.promote().decisions
    assert (decision["decision"], decision["reason"]) == ("promoted", "nothing was in production")
    assert (stage.pointer.model_id, stage.pointer.score) == (score["model_id"], score["f1"])
    assert stage.pointer.scorer_sha256 == score["sha256"]["scorer.json"]
    assert (stage.pointer.generation, stage.pointer.write_id) == (1, decision["write_id"])


def test_a_decision_is_recorded_as_it_is_reported(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    [decision] = tested.promote().decisions
    assert tested.decisions() == [{"format": 1, **decision}]
    assert (
        decision
        | {
            "model_id": A,
            "candidate_score": 0.5,
            "production_score": None,
            "production_model_id": None,
            "test_fingerprint": tested.fingerprint,
            "rule": "better",
            "generation": 0,
        }
        == decision
    )
    assert tested.pointer.decision == decision


SECOND: dict[str, tuple[float, str, str]] = {
    "better": (0.8, "promoted", B),
    "equal": (0.7, "kept", A),
    "worse": (0.6, "kept", A),
}


@pytest.mark.parametrize(("f1", "decision", "production"), SECOND.values(), ids=SECOND)
def test_a_second_candidate(tested: Stage, f1: float, decision: str, production: str) -> None:
    tested.add_model(A, 0.7)
    tested.promote()
    tested.add_model(B, f1)
    [found] = tested.promote().decisions
    assert (found["decision"], found["production_model_id"], found["production_score"]) == (decision, A, 0.7)
    assert found["generation"] == 1
    assert tested.pointer.model_id == production
    assert tested.pointer.generation == (2 if production == B else 1)


JUDGED: dict[str, tuple[list[float], str, int]] = {
    "the best of three": ([0.5, 0.9, 0.7], B, 1),
    "ties go to the smallest id": ([0.5, 0.9, 0.9], B, 1),
    "all the same": ([0.5, 0.5, 0.5], A, 1),
    "zero": ([0.0, 0.0, 0.0], A, 1),
}


@pytest.mark.parametrize(("scores", "winner", "generation"), JUDGED.values(), ids=JUDGED)
def test_undecided_candidates_are_judged_together(
    tested: Stage, scores: list[float], winner: str, generation: int
) -> None:
    for name, score in zip((A, B, C), scores, strict=True):
        tested.add_model(name, score)
    decisions = tested.promote().decisions
    assert outcome(decisions) == [(name, "promoted" if name == winner else "kept") for name in (A, B, C)]
    assert (tested.pointer.model_id, tested.pointer.generation) == (winner, generation)
    assert len(tested.decisions()) == 3


@pytest.mark.parametrize("order", list(permutations([0.5, 0.6, 0.7])))
def test_the_best_wins_in_any_order(tested: Stage, order: tuple[float, ...]) -> None:
    for number, score in enumerate(order, 1):
        tested.add_model(model_id(number), score)
        tested.promote()
    assert tested.pointer.score == 0.7
    assert len(tested.decisions()) == 3


def test_ringing_again_writes_nothing(tested: Stage) -> None:
    for name, score in ((A, 0.5), (B, 0.6)):
        tested.add_model(name, score)
    tested.promote()
    writes = fake(tested).writes
    assert tested.promote().decisions == []
    assert fake(tested).writes == writes


def test_a_model_without_a_score_is_not_looked_at(tested: Stage) -> None:
    tested.store.create(keys.model_key(A, "scorer.json"), stump())
    assert tested.promote().decisions == []


def test_no_judgement_while_part_of_the_test_set_is_unread(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    tested.put("data/test/more.csv", sample(2000))
    assert tested.promote().decisions == []
    tested.store.delete("data/test/more.csv")
    assert outcome(tested.promote().decisions) == [(A, "promoted")]


def test_no_judgement_without_a_test_set(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    tested.store.delete(TEST)
    assert tested.promote().decisions == []


GAINS: dict[str, tuple[float, float, str]] = {
    "enough": (0.05, 0.75, "promoted"),
    "exactly": (0.05, 0.7 + 0.05, "promoted"),
    "too little": (0.05, 0.74, "kept"),
}


@pytest.mark.parametrize(("gain", "f1", "decision"), GAINS.values(), ids=GAINS)
def test_the_minimum_gain(tested: Stage, gain: float, f1: float, decision: str) -> None:
    tested.change(min_gain=gain)
    tested.add_model(A, 0.7)
    tested.promote()
    tested.add_model(B, f1)
    assert outcome(tested.promote().decisions) == [(B, decision)]


# A promote that is stopped after the swap leaves a pointer whose decision no one recorded.


def test_a_crash_after_the_swap_is_repaired_by_the_next_run(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    fake(tested).fail("create", "promotions/", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tested.promote()
    assert (tested.pointer.model_id, tested.decisions()) == (A, [])
    assert tested.promote().decisions == [tested.pointer.decision]
    assert tested.decisions() == [{"format": 1, **tested.pointer.decision}]
    assert tested.pointer.generation == 1


def test_a_lost_decision_is_recorded_before_the_next_swap(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    fake(tested).fail("create", "promotions/", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tested.promote()
    tested.add_model(B, 0.6)
    assert outcome(tested.promote().decisions) == [(A, "promoted"), (B, "promoted")]


def test_the_losers_of_a_round_that_was_stopped_are_judged_later(tested: Stage) -> None:
    for name, score in ((A, 0.5), (B, 0.6), (C, 0.4)):
        tested.add_model(name, score)
    fake(tested).fail("create", f"promotions/00000000-{A}", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tested.promote()
    assert outcome(tested.promote().decisions) == [(A, "kept"), (C, "kept")]
    assert outcome(tested.decisions()) == [(A, "kept"), (B, "promoted"), (C, "kept")]


@pytest.mark.parametrize("verb", ["create", "read", "list", "swap"])
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(stage: Stage, verb: str) -> None:
    for number in count():
        one = Stage(FakeStore(), stage.settings)
        one.put_samples()
        one.ingest()
        one.add_model(A, 0.5)
        one.promote()
        for name, score in ((B, 0.7), (C, 0.6)):
            one.add_model(name, score)
        stopped = _stop_at(one, verb, number)
        one.promote()
        assert outcome(one.decisions()) == [(A, "promoted"), (B, "promoted"), (C, "kept")]
        assert (one.pointer.model_id, one.pointer.generation) == (B, 2)
        if not stopped:
            break


def _stop_at(stage: Stage, verb: str, number: int) -> bool:
    """Run, and be stopped at the n-th such call; whether there was one."""
    seen = count()

    def stop() -> None:
        if next(seen) == number:
            raise KeyboardInterrupt
        fake(stage).disturb(verb, "", stop)

    fake(stage).disturb(verb, "", stop)
    try:
        stage.promote()
    except KeyboardInterrupt:
        return True
    fake(stage).disturbances.clear()
    return False


LOST: dict[str, tuple[Exception, bool]] = {
    "not landed": (Unknown("lost"), False),
    "landed": (Unknown("lost"), True),
    "409": (Conflict("409"), False),
    "412 of one's own": (Conflict("412"), True),
}


@pytest.mark.parametrize(("error", "after"), LOST.values(), ids=LOST)
@pytest.mark.parametrize("verb", ["create", "swap"])
def test_a_lost_answer_of_the_swap(tested: Stage, verb: str, error: Exception, after: bool) -> None:
    tested.add_model(A, 0.5)
    if verb == "swap":
        tested.promote()
        tested.add_model(B, 0.6)
    fake(tested).fail(verb, keys.PRODUCTION, error=error, after=after)
    [decision] = tested.promote().decisions
    assert decision["decision"] == "promoted"
    assert tested.pointer.write_id == decision["write_id"]
    assert len(tested.decisions()) == tested.pointer.generation


def test_losing_the_race_means_judging_again(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    tested.promote()
    tested.add_model(B, 0.6)

    def overtake() -> None:
        tested.add_model(C, 0.9)
        tested.promote()

    fake(tested).disturb("swap", keys.PRODUCTION, overtake)
    tested.promote()
    assert (tested.pointer.model_id, tested.pointer.generation) == (C, 2)
    assert outcome(tested.decisions()) == [(A, "promoted"), (B, "kept"), (C, "promoted")]


def test_a_race_without_end_is_given_up(tested: Stage) -> None:
    tested.add_model(A, 0.1)
    tested.promote()
    tested.add_model(B, 0.9)

    def overtake() -> None:
        pointer = tested.pointer
        decision: DecisionDocument = {**pointer.decision, "write_id": new_write_id()}
        commit(tested.store, pointing_to(tested.score(A), decision, pointer))
        fake(tested).disturb("swap", keys.PRODUCTION, lambda: None)

    def again() -> None:
        overtake()
        fake(tested).disturb("list", keys.MODELS, lambda: fake(tested).disturb("swap", keys.PRODUCTION, again))

    fake(tested).disturb("swap", keys.PRODUCTION, again)
    with pytest.raises(Conflict, match=f"the pointer changed {ROUNDS} times"):
        tested.promote()


def _race(stages: Sequence[Stage], run: Callable[[Stage, int], object]) -> None:
    barrier, failures = threading.Barrier(len(stages)), list[BaseException]()

    def racer(number: int) -> None:
        barrier.wait()
        try:
            run(stages[number], number)
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            failures.append(error)

    threads = [threading.Thread(target=racer, args=(number,)) for number in range(len(stages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_racers_on_the_pointer_have_one_winner_each(store: S3Store) -> None:
    rounds, racers = 30, 10
    score = score_of(A)
    wins: list[tuple[int, str]] = []

    def swap(before: Any, generation: int, write_id: str) -> None:  # noqa: ANN401  (a pointer or None)
        try:
            commit(store, pointing_to(score, decision_of(A, write_id=write_id), before))
        except Conflict:
            return
        wins.append((generation, write_id))

    for generation in range(1, rounds + 1):
        before = read_pointer(store)
        stages = [Stage(store, Settings(store.bucket, "label"))] * racers
        _race(stages, lambda _, number, b=before, g=generation: swap(b, g, f"{g}-{number}"))  # type: ignore[misc]
    assert [generation for generation, _ in wins] == list(range(1, rounds + 1))
    pointer = read_pointer(store)
    assert pointer is not None
    assert [step.write_id for step in pointer.history] == [write_id for _, write_id in wins][-32:]


def test_racing_promotes_end_with_the_best(cloud_stage: Stage) -> None:
    cloud_stage.put_samples()
    cloud_stage.ingest()

    def promote_one(stage: Stage, number: int) -> None:
        stage.add_model(model_id(number + 1), 0.5 + ((number * 7) % 10) / 100)
        stage.promote()

    _race([cloud_stage] * 10, promote_one)
    pointer = cloud_stage.pointer
    decisions = cloud_stage.decisions()
    promoted = [one for one in decisions if one["decision"] == "promoted"]
    assert pointer.score == 0.59
    assert {one["model_id"] for one in decisions} == {model_id(number) for number in range(1, 11)}
    assert len(promoted) == pointer.generation == len(pointer.history)
    assert {one["write_id"] for one in promoted} == {step.write_id for step in pointer.history}
    assert [step.generation for step in pointer.history] == list(range(1, pointer.generation + 1))


# Another test set: production is scored again on the rows that it was not trained on.


def grid(threshold: float, rows: Sequence[tuple[int, int]] = GRID, shift: float = 0.0) -> str:
    return csv_of([(a + shift, b, "yes" if a + shift > threshold else "no") for a, b in rows])


@pytest.fixture
def changed(stage: Stage) -> Stage:
    """A stage whose production model (threshold 0, F1 0.9) was scored on another test set than the present one."""
    stage.put(TEST, grid(0, shift=0.5))
    stage.put(f"{SLOT}1.csv", grid(0))
    stage.ingest()
    for name in stage.listing("models/"):
        stage.store.delete(name)
    stage.add_model(A, 0.9, scorer=stump(0.0), lineage=stage.lineage())
    stage.promote()
    stage.put(TEST, grid(2, shift=0.25))
    stage.ingest()
    for name in stage.listing("models/"):
        if A not in name:
            stage.store.delete(name)
    return stage


def test_both_are_scored_on_a_changed_test_set(changed: Stage) -> None:
    changed.add_model(B, 0.2, scorer=stump(2.0))
    [decision] = changed.promote().decisions
    assert decision["decision"] == "promoted"
    assert decision["candidate_score"] == 1.0
    assert decision["production_score"] == pytest.approx(2 * 18 / (18 + 30))
    assert decision["test_rows"] == {"counted": 60, "of": 60}
    assert "the test set changed: both scored on 60 of 60 test rows" in decision["reason"]
    recorded = (0.2, changed.fingerprint)  # what its score.json says of the whole test set
    assert (changed.pointer.score, changed.pointer.test_fingerprint) == recorded


def test_production_stays_when_it_is_better_on_the_changed_test_set(changed: Stage) -> None:
    changed.add_model(B, 1.0, scorer=stump(-2.0))
    [decision] = changed.promote().decisions
    assert decision["decision"] == "kept"
    assert decision["candidate_score"] < (decision["production_score"] or 0)
    assert changed.pointer.model_id == A


def test_the_new_score_of_production_is_kept_beside_it(changed: Stage) -> None:
    changed.add_model(B, 0.2, scorer=stump(2.0))
    changed.promote()
    rescore = changed.json(f"models/{A}/rescores/{changed.fingerprint}.json")
    assert rescore["f1"] == pytest.approx(0.75)
    assert rescore["test_rows"] == {"counted": 60, "of": 60}


@pytest.mark.parametrize(("seen", "counted"), [(12, 48), (30, 30)])
def test_rows_that_production_was_trained_on_do_not_count(changed: Stage, seen: int, counted: int) -> None:
    known = grid(0, GRID[:seen]).partition("\n")[2]
    changed.put(TEST, grid(2, GRID[seen:], shift=0.25) + known)
    changed.ingest()
    changed.add_model(B, 0.2, scorer=stump(2.0))
    [decision] = [one for one in changed.promote().decisions if one["model_id"] == B]
    assert decision["test_rows"] == {"counted": counted, "of": 60}
    assert decision["decision"] == "promoted"


def test_fewer_than_half_of_the_rows_are_too_few(changed: Stage) -> None:
    known = grid(0, GRID[:31]).partition("\n")[2]
    changed.put(TEST, grid(2, GRID[31:], shift=0.25) + known)
    changed.ingest()
    changed.add_model(B, 0.2, scorer=stump(2.0))
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert decisions[B]["decision"] == "waiting"
    assert "production was trained on 31 of the 60 test rows: fewer than half" in decisions[B]["reason"]
    assert changed.pointer.model_id == A


def test_production_that_cannot_be_scored_waits(changed: Stage) -> None:
    changed.put(TEST, csv_of([(a + 0.25, "yes" if a > 1 else "no") for a, _ in GRID], ("a", "label")))
    changed.ingest()
    changed.add_model(B, 0.2, scorer=stump(1.0, features=("a",)))
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert decisions[B]["decision"] == "waiting"
    assert "the test set has no feature b, which the model needs; waits for vintner approve" in decisions[B]["reason"]


def test_production_that_does_not_know_a_class_waits(changed: Stage) -> None:
    changed.put(TEST, grid(2, shift=0.25) + "9,9,perhaps\n")
    changed.ingest()
    changed.add_model(B, 0.2, scorer=stump(2.0))
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert "production does not know the class 'perhaps'" in decisions[B]["reason"]


def test_production_of_another_label_waits(changed: Stage) -> None:
    changed.change(label="b")
    changed.put(TEST, csv_of([(a, b, b % 2) for a, b in GRID], ("a", "label", "b")))
    changed.ingest()
    changed.add_model(B, 0.2)
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert "production was trained with label 'label', the present test set has another" in decisions[B]["reason"]


def test_a_candidate_that_answers_a_class_more_is_judged_all_the_same(changed: Stage) -> None:
    classes = ("no", "yes", "perhaps")
    changed.add_model(B, 0.2, scorer=stump(2.0, leaves=(0, 2), classes=classes), classes=classes)
    [decision] = changed.promote().decisions
    assert (decision["decision"], decision["candidate_score"]) == ("kept", 0.0)


def test_rows_of_production_that_are_gone_make_it_wait(changed: Stage) -> None:
    changed.store.delete(f"{SLOT}1.csv")
    changed.store.delete(f"slots/{changed.json(f'models/{A}/score.json')['lineage'][0]['slot']}.npz")
    changed.add_model(B, 0.2, scorer=stump(2.0))
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert decisions[B]["decision"] == "waiting"
    assert "rows that production was trained on are gone" in decisions[B]["reason"]


def test_a_score_of_production_that_is_gone_makes_it_wait(changed: Stage) -> None:
    changed.store.delete(f"models/{A}/score.json")
    changed.add_model(B, 0.2, scorer=stump(2.0))
    decisions = {one["model_id"]: one for one in changed.promote().decisions}
    assert f"models/{A}/score.json is gone" in decisions[B]["reason"]


def test_candidates_of_an_older_test_set_are_kept_until_it_returns(tested: Stage) -> None:
    old = tested.fingerprint
    tested.add_model(A, 0.5)
    tested.promote()
    tested.put(TEST, sample(2000))
    tested.ingest()
    tested.add_model(B, 0.9, fingerprint=old)
    [decision] = tested.promote().decisions
    assert (decision["model_id"], decision["decision"], decision["older"]) == (B, "kept", True)
    assert "scored on another test set" in decision["reason"]
    assert tested.promote().decisions == []
    tested.put(TEST, sample(1000, noise=0.0))
    assert outcome(tested.promote().decisions) == [(B, "promoted")]


# The rule "significant".


def _significant(stage: Stage, rows: int, champion: float, challenger: float) -> Document:
    """Two models with these thresholds on a line of points, judged by the paired test."""
    stage.change(promotion="significant")
    points = [(number / rows, 0) for number in range(rows)]
    stage.put(TEST, csv_of([(a, b, "yes" if a > 0.5 else "no") for a, b in points]))
    stage.ingest()
    for name, threshold, f1 in ((A, champion, 0.5), (B, challenger, 0.9)):
        stage.add_model(name, f1, scorer=stump(threshold))
        stage.promote()
    return next(one for one in stage.decisions() if one["model_id"] == B)


def test_a_large_gain_on_many_rows_is_significant(stage: Stage) -> None:
    decision = _significant(stage, 200, champion=0.8, challenger=0.5)
    assert (decision["decision"], decision["rule"]) == ("promoted", "significant")
    assert decision["p_value"] < 0.001
    assert stage.pointer.model_id == B


def test_a_small_gain_is_not_significant(stage: Stage) -> None:
    decision = _significant(stage, 200, champion=0.51, challenger=0.5)
    assert decision["decision"] == "kept"
    assert 0.05 <= decision["p_value"] <= 1
    assert "better, but not significantly" in decision["reason"]


def test_the_same_predictions_are_not_significant(stage: Stage) -> None:
    assert _significant(stage, 30, champion=0.5, challenger=0.501)["p_value"] == 1.0


def test_a_paired_test_gives_the_same_p_value_again(stage: Stage) -> None:
    other = Stage(FakeStore(), stage.settings)
    decisions = [_significant(one, 120, champion=0.53, challenger=0.5) for one in (stage, other)]
    assert decisions[0]["p_value"] == decisions[1]["p_value"]


def test_no_paired_test_where_the_score_is_not_better(tested: Stage) -> None:
    tested.change(promotion="significant")
    for name, f1 in ((A, 0.5), (B, 0.4)):
        tested.add_model(name, f1)
        tested.promote()
    assert all("p_value" not in decision for decision in tested.decisions())


def test_a_challenger_that_answers_a_class_more_has_a_p_value(stage: Stage) -> None:
    stage.change(promotion="significant")
    stage.put(TEST, grid(0))
    stage.ingest()
    classes = ("no", "yes", "perhaps")
    stage.add_model(A, 0.5)
    stage.promote()
    stage.add_model(B, 0.9, scorer=stump(2.0, leaves=(0, 2), classes=classes), classes=classes)
    assert outcome(stage.promote().decisions) == [(B, "kept")]


def test_a_tampered_challenger_is_kept(stage: Stage) -> None:
    stage.change(promotion="significant")
    stage.put(TEST, grid(0))
    stage.ingest()
    stage.add_model(A, 0.5)
    stage.promote()
    stage.add_model(B, 0.9)
    fake(stage).put(keys.model_key(B, "scorer.json"), stump(1.0))
    [decision] = stage.promote().decisions
    assert (decision["decision"], "p_value" in decision) == ("kept", False)


DAMAGE: dict[str, tuple[Callable[[Stage], object], str]] = {
    "tampered": (lambda stage: fake(stage).put(keys.model_key(B, "scorer.json"), stump(1.0)), "found others"),
    "gone": (lambda stage: stage.store.delete(keys.model_key(B, "scorer.json")), "scorer.json"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGE.values(), ids=DAMAGE)
def test_a_model_that_cannot_be_served_is_kept_and_the_next_best_wins(
    tested: Stage, damage: Callable[[Stage], object], reason: str
) -> None:
    for name, f1 in ((A, 0.5), (B, 0.9), (C, 0.7)):
        tested.add_model(name, f1)
    damage(tested)
    decisions = {one["model_id"]: one for one in tested.promote().decisions}
    assert outcome(list(decisions.values())) == [(A, "kept"), (B, "kept"), (C, "promoted")]
    assert "cannot be served" in decisions[B]["reason"]
    assert reason in decisions[B]["reason"]


@pytest.mark.parametrize("damage", [damage for damage, _ in DAMAGE.values()], ids=DAMAGE)
def test_a_damaged_candidate_does_not_block_the_others_on_a_changed_test_set(
    changed: Stage, damage: Callable[[Stage], object]
) -> None:
    changed.add_model(B, 0.2, scorer=stump(1.5))
    changed.add_model(C, 0.2, scorer=stump(2.0))
    damage(changed)
    changed.promote()
    assert changed.pointer.model_id == C


@pytest.mark.parametrize("damage", ["tampered", "gone"])
def test_production_whose_scorer_is_damaged_makes_others_wait(changed: Stage, damage: str) -> None:
    key = keys.model_key(A, "scorer.json")
    changed.store.delete(key)
    if damage == "tampered":
        fake(changed).put(key, stump(7.0))
    changed.add_model(B, 0.2, scorer=stump(2.0))
    [decision] = changed.promote().decisions
    assert (decision["decision"], "production cannot be scored" in decision["reason"]) == ("waiting", True)


# What a round costs, and what is in the view.


def test_rows_of_a_changed_test_set_are_read_once_for_score_and_paired_test(changed: Stage) -> None:
    changed.change(promotion="significant")
    changed.add_model(B, 0.2, scorer=stump(2.0))
    before = len(fake(changed).calls)
    [decision] = changed.promote().decisions
    reads = [call.key for call in fake(changed).calls[before:] if call.key.startswith(keys.SLOTS)]
    assert "p_value" in decision
    assert len(reads) == len(set(reads)) > 1


def test_opening_a_round_on_an_unchanged_test_set_touches_no_store(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    tested.promote()
    pointer, fingerprint = tested.pointer, tested.fingerprint
    inventory = Inventory.take(tested.store, tested.settings)
    fake(tested).calls.clear()
    judging = open_round(
        tested.store,
        tested.settings,
        pointer=pointer,
        scores={B: score_of(B, 0.9)},
        inventory=inventory,
        fingerprint=fingerprint,
    )
    assert judging.verdict(judging.contenders[0]).decision == "promoted"
    assert fake(tested).calls == []


def test_a_quiet_round_costs_no_read_of_any_model(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    tested.promote()
    before = len(fake(tested).calls)
    tested.promote()
    calls = fake(tested).calls[before:]
    [receipt] = [call.key for call in calls if call.key.startswith("receipts/")]
    assert calls == [
        Call("list", "data/schema.json"),
        Call("list", "data/test/"),
        Call("list", receipt),
        Call("read", "production.json"),
        Call("list", "promotions/"),
        Call("list", "models/"),
        Call("read", "production.json"),
        Call("list", "data/slots/"),
        Call("list", "promotions/"),
        Call("read", "status.json"),
        Call("list", f"models/{A}/fresh/"),
    ]


def test_the_view_shows_production_and_decisions(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    view = stage.json(keys.STATUS)
    assert view["production"]["model_id"] == stage.pointer.model_id
    assert (view["production"]["stale"], view["production"]["hold"]) == (False, False)
    assert [{"format": 1, **stage.pointer.decision}] == [
        {name: value for name, value in one.items() if name not in {"key", "standing"}} for one in view["decisions"]
    ]


STALE: dict[str, Callable[[Stage], object]] = {
    "deleted": lambda stage: stage.store.delete(f"{SLOT}1.csv"),
    "replaced": lambda stage: stage.put(f"{SLOT}1.csv", sample(5)),
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE)
@pytest.mark.parametrize("ring", [Stage.ingest, Stage.promote], ids=["ingest", "promote"])
def test_the_lineage_of_production_grows_stale(
    stage: Stage, change: Callable[[Stage], object], ring: Callable[[Stage], object]
) -> None:
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    change(stage)
    ring(stage)
    production = stage.json(keys.STATUS)["production"]
    assert (production["stale"], production["gone"]) == (True, [f"{SLOT}1.csv"])


def test_a_store_that_is_down_is_an_error(tested: Stage) -> None:
    tested.add_model(A, 0.5)
    fake(tested).fail("create", keys.PRODUCTION, error=Unavailable("down"))
    with pytest.raises(Unavailable):
        tested.promote()
    assert outcome(tested.promote().decisions) == [(A, "promoted")]


def test_a_damaged_score_of_a_candidate_is_an_error_that_names_it(tested: Stage) -> None:
    fake(tested).put(keys.model_key(A, "score.json"), encode({})[:-1])
    with pytest.raises(Exception, match=f"models/{A}/score.json"):
        promote.run(tested.store, replace(tested.settings))


def test_scores_of_different_averages_are_not_compared(stage: Stage) -> None:
    rare = [(a + 0.1, b, "yes" if (7 * a + 3 * b) % 11 == 0 else "no") for a, b in GRID]
    stage.put(TEST, csv_of(rare))
    stage.put(f"{SLOT}1.csv", csv_of([(b + 0.2, a, label) for a, b, label in rare]))
    stage.ingest()
    stage.promote()
    stage.put(f"{SLOT}2.csv", csv_of([(90 + number, 0, "maybe") for number in range(5)]))
    stage.ingest()
    stage.promote()
    models = [step.model_id for step in stage.pointer.history]
    averages = {str(stage.json(keys.model_key(name, "score.json"))["f1_of"]) for name in models}
    assert len(averages) == 1
