"""What is true of a model now: each transition of the promotion desk, in every view that a person is shown."""

from collections.abc import Callable

import pytest

from functions import desk, status
from shared.documents import decode, encode
from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import TEST, Stage, model_id, sample

A, B, C = map(model_id, (10, 11, 12))
Step = Callable[[Stage], object]


def scored(name: str, f1: float) -> Step:
    def step(stage: Stage) -> None:
        stage.add_model(name, f1)
        stage.promote()

    return step


def rolled_back(stage: Stage) -> None:
    desk.rollback(stage.store)


def rolled_back_to(name: str) -> Step:
    return lambda stage: desk.rollback(stage.store, name)


def released(stage: Stage) -> None:
    desk.release(stage.store, stage.settings)


def approved(stage: Stage) -> None:
    desk.approve(stage.store, stage.settings)


def by_hand(stage: Stage) -> None:
    stage.change(approval="manual")


def tested_anew(stage: Stage) -> None:
    """Another test set; a model that is scored on it."""
    stage.put(TEST, sample(7))
    stage.ingest()
    scored(C, 0.9)(stage)


HELD = "promotion is held: vintner release lets later candidates be judged"

WALKS: dict[str, tuple[list[Step], dict[str, str]]] = {
    "first": ([scored(A, 0.5)], {A: "in production: nothing was in production"}),
    "better": (
        [scored(A, 0.5), scored(B, 0.6)],
        {
            A: f"was in production until {B} took its place; vintner rollback {A} goes back to it",
            B: "in production: F1 0.6000 against 0.5000: better than production",
        },
    ),
    "worse": (
        [scored(A, 0.5), scored(B, 0.4)],
        {
            A: "in production: nothing was in production",
            B: "kept out: F1 0.4000 against 0.5000: not better than production",
        },
    ),
    "rolled back": (
        [scored(A, 0.5), scored(B, 0.6), rolled_back],
        {
            A: f"in production by a rollback; {HELD}",
            B: f"withdrawn by a rollback; vintner rollback {B} brings it back",
        },
    ),
    "scored while held": (
        [scored(A, 0.5), scored(B, 0.6), rolled_back, scored(C, 0.7)],
        {C: "waits: promotion is held after a rollback; vintner release lets it be judged"},
    ),
    "released": (
        [scored(A, 0.5), scored(B, 0.6), rolled_back, scored(C, 0.7), released],
        {
            A: f"was in production until {C} took its place; vintner rollback {A} goes back to it",
            B: f"withdrawn by a rollback; vintner rollback {B} brings it back",
            C: "in production: F1 0.7000 against 0.5000: better than production",
        },
    ),
    "brought back": (
        [scored(A, 0.5), scored(B, 0.6), rolled_back, rolled_back_to(B)],
        {
            A: f"withdrawn by a rollback; vintner rollback {A} brings it back",
            B: f"in production by a rollback; {HELD}",
        },
    ),
    "kept by one that is gone": (
        [scored(A, 0.5), scored(B, 0.6), scored(C, 0.55), rolled_back],
        {C: f"kept out: F1 0.5500 against 0.6000: not better than production; {B} is no longer in production"},
    ),
    "waits for a person": (
        [scored(A, 0.5), by_hand, scored(B, 0.6)],
        {
            B: "waits: F1 0.6000 against 0.5000: better than production; waits for vintner approve: "
            f"vintner approve {B} puts it into production"
        },
    ),
    "approved": (
        [scored(A, 0.5), by_hand, scored(B, 0.6), approved],
        {A: f"was in production until {B} took its place; vintner rollback {A} goes back to it"},
    ),
    "another test set": (
        [scored(A, 0.5), scored(B, 0.4), tested_anew],
        {
            A: "in production: nothing was in production",
            C: "kept out: F1 0.5926 against 0.5926: not better than production (the test set changed: both scored on "
            "30 of 30 test rows, those production was not trained on)",
        },
    ),
    "released without a better one": (
        [scored(A, 0.5), scored(B, 0.6), rolled_back, released],
        {A: "in production by a rollback", B: f"withdrawn by a rollback; vintner rollback {B} brings it back"},
    ),
}


@pytest.mark.parametrize("walk", WALKS)
def test_the_view_says_what_is_true_now(settings: Settings, walk: str) -> None:
    steps, expected = WALKS[walk]
    stage = Stage(FakeStore(), settings)
    stage.put(TEST, sample(1000))
    stage.ingest()
    for step in steps:
        step(stage)
    view = status.status(stage.store)
    found = {decision["model_id"]: decision["standing"] for decision in view["decisions"]}
    assert {name: found[name] for name in expected} == expected


def test_the_candidate_says_what_became_of_it(settings: Settings) -> None:
    stage = Stage(FakeStore(), settings)
    stage.put_samples(1)
    stage.ingest()
    candidate = status.status(stage.store)["candidate"]
    assert candidate["standing"] == "not judged yet: the promote function does it, hourly at the latest"
    stage.promote()
    own = status.status(stage.store)["candidate"]
    assert own["standing"] == "in production: nothing was in production"
    stage.add_model(B, 2.0)
    stage.promote()
    desk.rollback(stage.store)
    desk.rollback(stage.store, B)
    candidate = status.status(stage.store)["candidate"]
    assert candidate["standing"] == f"withdrawn by a rollback; vintner rollback {own['model_id']} brings it back"


def test_a_view_of_an_earlier_version_is_shown(settings: Settings) -> None:
    stage = Stage(FakeStore(), settings)
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    assert isinstance(stage.store, FakeStore)
    view = decode(stage.store.read("status.json").body, "status.json")
    for decision in view["decisions"]:
        del decision["standing"]
    del view["candidate"]["standing"], view["production"]["fresh"]
    stage.store.put("status.json", encode(view))
    stage.put("data/slots/2.csv", sample(2))
    stage.ingest()
    after = status.status(stage.store)
    assert all(decision["standing"] for decision in after["decisions"])
    assert after["production"] is not None
    assert len(after["production"]["fresh"]) == 1
