"""Decisions: written once, found by name, and those that moved the pointer never dropped."""

from typing import Any

import pytest

from shared.bucket import keys
from shared.bucket.keys import DecisionName
from shared.documents import DecisionDocument, DecisionKind, decode, encode
from shared.errors import Rejected, Unknown
from shared.registry.decisions import decision_names, name_of, record, settled_models, waiting
from shared.registry.models import read_score
from tests.support.documents import decision_of
from tests.support.fake_store import FakeStore
from tests.support.stage import model_id

A, B, C, D = map(model_id, range(1, 5))
TEST = "t" * 32


def decision(
    model: str = A,
    kind: DecisionKind = "kept",
    generation: int = 3,
    write_id: str = "w1",
    **more: Any,  # noqa: ANN401  (the fields' own types)
) -> DecisionDocument:
    return decision_of(model, kind, generation=generation, write_id=write_id, **more)


NAMES: dict[str, tuple[DecisionDocument, str]] = {
    "kept": (decision(), f"promotions/00000003-{A}.json"),
    "promoted": (decision(kind="promoted"), f"promotions/00000003-{A}.json"),
    "waiting": (decision(kind="waiting"), f"promotions/00000003-{A}.waiting.json"),
    "rolled back": (decision(kind="rolled_back"), f"promotions/00000003-{A}.rolled-back.json"),
    "older": (decision(older=True), f"promotions/00000003-{A}.older-than-tttttttttttt.json"),
}


@pytest.mark.parametrize(("document", "key"), NAMES.values(), ids=NAMES)
def test_a_decision_is_named_by_generation_model_and_remark(document: DecisionDocument, key: str) -> None:
    store = FakeStore()
    assert name_of(document).key == key
    assert record(store, document) == document
    assert decode(store.read(key).body, key) == {"format": 1, **document}


@pytest.mark.parametrize("kind", ["kept", "promoted", "waiting"])
def test_recording_again_gives_nothing_and_changes_nothing(kind: DecisionKind) -> None:
    store = FakeStore()
    record(store, decision(kind=kind))
    before = dict(store.objects)
    assert record(store, decision(kind=kind)) is None
    assert store.objects == before


@pytest.mark.parametrize("kind", ["kept", "waiting"])
def test_the_first_of_two_decisions_stands(kind: DecisionKind) -> None:
    store = FakeStore()
    record(store, decision(kind=kind))
    assert record(store, decision(kind=kind, write_id="w2")) is None
    [entry] = store.list("promotions/")
    assert decode(store.read(entry.key).body, "")["write_id"] == "w1"


def test_a_decision_that_moved_the_pointer_stands_beside_an_earlier_one() -> None:
    store = FakeStore()
    moved = decision(kind="promoted", write_id="2" * 32)
    record(store, decision())
    assert record(store, moved) == moved
    assert record(store, moved) is None
    keys = [entry.key for entry in store.list("promotions/")]
    assert sorted(keys) == sorted([f"promotions/00000003-{A}.json", f"promotions/00000003-{A}.write-222222222222.json"])


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
def test_a_lost_answer_loses_no_decision(after: bool) -> None:
    store = FakeStore()
    store.fail("create", "promotions/", after=after)
    assert record(store, decision()) == decision()
    assert len(store.list("promotions/")) == 1


def test_a_decision_that_cannot_be_written_is_an_error() -> None:
    store = FakeStore()
    store.fail("create", "promotions/", times=9)
    with pytest.raises(Unknown):
        record(store, decision())


def test_which_models_are_settled() -> None:
    found = [
        name_of(decision(A, "kept")),
        name_of(decision(B, "waiting")),
        name_of(decision(C, "rolled_back")),
        name_of(decision(D, older=True)),
        DecisionName(3, model_id(5), "write-222222222222"),
        DecisionName(3, model_id(6), "older-than-another00000"),
    ]
    assert settled_models(found, TEST) == {A, D, model_id(5)}


def test_names_of_a_listing_are_sorted_oldest_first() -> None:
    store = FakeStore()
    for generation in (10, 9, 0):
        record(store, decision(generation=generation))
    store.put("promotions/note.txt", b"x")
    assert [name.generation for name in decision_names(store.list(keys.PROMOTIONS))] == [0, 9, 10]


def test_the_newest_waiting_decision_of_each_model() -> None:
    store = FakeStore()
    for model, generation in [(A, 2), (A, 10), (B, 1), (C, 1)]:
        record(store, decision(model, "waiting", generation))
    record(store, decision(D, "kept"))
    found = waiting(store, {A, B, D})
    assert {model: document["generation"] for model, document in found.items()} == {A: 10, B: 1}


SCORES: dict[str, tuple[str, float | None]] = {
    "there": (A, 0.5),
    "not there": (B, None),
    "no id": ("../secrets", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("model", "f1"), SCORES.values(), ids=SCORES)
def test_the_score_of_a_model(model: str, f1: float | None) -> None:
    store = FakeStore()
    store.put(keys.model_key(A, "score.json"), encode({"f1": 0.5}))
    score = read_score(store, model)
    assert (score and score["f1"]) == f1


def test_a_damaged_score_is_rejected() -> None:
    store = FakeStore()
    store.put(keys.model_key(A, "score.json"), b"{")
    with pytest.raises(Rejected, match=f"models/{A}/score.json"):
        read_score(store, A)
