"""The pointer: compare-and-swap, and what a writer knows when the answer to its write is lost."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.documents import Document, encode
from shared.errors import Conflict, NotFound, Rejected, Unavailable, Unknown
from shared.registry.pointer import (
    COMMIT_ATTEMPTS,
    HISTORY,
    Pointer,
    commit,
    generation_of,
    new_write_id,
    pointing_to,
    read_pointer,
    released,
)
from tests.support.documents import decision_of, score_of
from tests.support.fake_store import FakeStore
from tests.support.stage import model_id

KEY = "production.json"


def next_pointer(before: Pointer | None, number: int = 1, write_id: str | None = None) -> Pointer:
    score = score_of(model_id(number), sha256={"scorer.json": f"sha{number}"})
    return pointing_to(score, decision_of(model_id(number), write_id=write_id or new_write_id()), before)


def present(store: FakeStore) -> Pointer:
    pointer = read_pointer(store)
    assert pointer is not None
    return pointer


def advance(store: FakeStore, number: int = 9) -> Pointer:
    """Another writer commits."""
    commit(store, next_pointer(read_pointer(store), number))
    return present(store)


@pytest.fixture
def memory() -> FakeStore:
    """A store in memory with generation 1 in production."""
    found = FakeStore()
    advance(found, 1)
    found.calls.clear()
    return found


def test_nothing_is_in_production_at_first() -> None:
    assert read_pointer(FakeStore()) is None
    assert generation_of(None) == 0


def test_a_pointer_is_read_back() -> None:
    store = FakeStore()
    pointer = next_pointer(None)
    commit(store, pointer)
    assert present(store) == replace(pointer, etag=store.list(KEY)[0].etag)


def test_the_first_pointer() -> None:
    pointer = next_pointer(None, 3, "w")
    assert (pointer.generation, pointer.model_id, pointer.scorer_sha256) == (1, model_id(3), "sha3")
    assert [vars(step) for step in pointer.history] == [{"generation": 1, "model_id": model_id(3), "write_id": "w"}]
    assert (pointer.withdrawn, pointer.hold, pointer.etag) == ((), False, None)


def test_the_generation_rises_by_one_and_history_grows(memory: FakeStore) -> None:
    before = present(memory)
    after = next_pointer(before, 2, "w2")
    assert after.generation == before.generation + 1
    assert [step.write_id for step in after.history] == [before.write_id, "w2"]
    assert after.etag == before.etag


def test_history_holds_the_last_32(memory: FakeStore) -> None:
    for number in range(2, 41):
        advance(memory, number)
    pointer = present(memory)
    assert pointer.generation == 40
    assert [step.generation for step in pointer.history] == list(range(9, 41))
    assert len(pointer.history) == HISTORY == 32


def test_hold_and_withdrawn_models_are_carried_on(memory: FakeStore) -> None:
    before = replace(present(memory), hold=True, withdrawn=("x", "y"))
    after = next_pointer(before, 2)
    assert (after.hold, after.withdrawn) == (True, ("x", "y"))


def test_releasing_is_a_write_of_its_own(memory: FakeStore) -> None:
    held = replace(present(memory), hold=True)
    free = released(held)
    assert (free.hold, free.generation, free.model_id) == (False, 2, held.model_id)
    assert free.write_id != held.write_id
    assert free.wrote(held.write_id)
    assert free.wrote(free.write_id)
    assert not free.wrote("another")


def test_each_state_has_other_bytes(memory: FakeStore) -> None:
    etags = {advance(memory, number).etag for number in (2, 1, 2, 1)}
    assert len(etags) == 4


# A swap whose answer is lost: it landed or it did not, and another writer may have followed.

LOST: dict[str, tuple[Exception, bool, list[str]]] = {
    "not landed": (Unknown("lost"), False, ["swap", "read", "swap"]),
    "landed": (Unknown("lost"), True, ["swap", "read"]),
    "409 and nothing changed": (Conflict("409"), False, ["swap", "read", "swap"]),
    "412 of one's own repetition": (Conflict("412"), True, ["swap", "read"]),
}


@pytest.mark.parametrize(("error", "landed", "calls"), LOST.values(), ids=LOST)
def test_a_lost_answer_is_settled_by_reading_back(
    memory: FakeStore, error: Exception, landed: bool, calls: list[str]
) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.calls.clear()
    memory.fail("swap", KEY, error=error, after=landed)
    commit(memory, pointer)
    assert [call.verb for call in memory.calls] == calls
    assert present(memory).write_id == pointer.write_id
    assert present(memory).generation == 2


@pytest.mark.parametrize("landed", [False, True], ids=["not landed", "landed"])
@pytest.mark.parametrize("error", [Unknown("lost"), Conflict("409")], ids=["unknown", "conflict"])
def test_a_first_write_whose_answer_is_lost(error: Exception, landed: bool) -> None:
    store = FakeStore()
    pointer = next_pointer(None)
    store.fail("create", KEY, error=error, after=landed)
    commit(store, pointer)
    assert present(store).write_id == pointer.write_id


def test_it_landed_and_others_followed(memory: FakeStore) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.fail("swap", KEY, after=True)
    memory.disturb("read", KEY, lambda: [advance(memory) for _ in range(5)])
    commit(memory, pointer)
    assert present(memory).generation == 7
    assert present(memory).wrote(pointer.write_id)


def test_it_did_not_land_and_another_came_first(memory: FakeStore) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.fail("swap", KEY)
    memory.disturb("read", KEY, lambda: advance(memory))
    with pytest.raises(Conflict, match="generation 2 was written by another"):
        commit(memory, pointer)
    assert not present(memory).wrote(pointer.write_id)


OTHERS: dict[str, Callable[[FakeStore], object]] = {
    "another model": lambda store: advance(store, 9),
    "the same model": lambda store: advance(store, 1),
    "there and back": lambda store: [advance(store, number) for number in (9, 1)],
    "deleted": lambda store: store.delete(KEY),
}


@pytest.mark.parametrize("disturb", OTHERS.values(), ids=OTHERS)
def test_another_write_in_between_is_a_conflict(memory: FakeStore, disturb: Callable[[FakeStore], object]) -> None:
    pointer = next_pointer(present(memory), 2)
    disturb(memory)
    with pytest.raises(Conflict):
        commit(memory, pointer)
    found = read_pointer(memory)
    assert found is None or not found.wrote(pointer.write_id)


def test_only_one_of_two_first_writers_wins() -> None:
    store = FakeStore()
    first, second = next_pointer(None, 1), next_pointer(None, 2)
    commit(store, first)
    with pytest.raises(Conflict):
        commit(store, second)
    assert present(store).model_id == model_id(1)


@pytest.mark.parametrize("error", [Unknown("lost"), Conflict("409")], ids=["unknown", "conflict"])
def test_gives_up_when_it_cannot_tell(memory: FakeStore, error: Exception) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.fail("swap", KEY, error=error, times=99)
    with pytest.raises(Unknown, match="could not be written in 4 attempts"):
        commit(memory, pointer)
    assert [call.verb for call in memory.calls].count("swap") == COMMIT_ATTEMPTS
    assert present(memory).generation == 1


@pytest.mark.parametrize("error", [Unavailable("down"), NotFound("gone")])
def test_other_errors_pass(memory: FakeStore, error: Exception) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.fail("swap", KEY, error=error)
    with pytest.raises(type(error)):
        commit(memory, pointer)


def test_a_read_back_that_fails_says_so(memory: FakeStore) -> None:
    pointer = next_pointer(present(memory), 2)
    memory.fail("swap", KEY)
    memory.fail("read", KEY, error=Unavailable("down"))
    with pytest.raises(Unavailable):
        commit(memory, pointer)


GOOD = next_pointer(None).as_document()


def without(name: str) -> Document:
    return {key: value for key, value in GOOD.items() if key != name}


STEP = {"generation": 1, "model_id": "m"}
DAMAGED: dict[str, Any] = {
    "not JSON": b"{",
    "a list": b"[]",
    "another format": b'{"format":2}',
    "nothing in it": encode({}),
    **{f"no {name}": encode(without(name)) for name in GOOD if name not in {"withdrawn", "hold"}},
    "an unknown field": encode({**GOOD, "more": 1}),
    "history of numbers": encode({**GOOD, "history": [1]}),
    "no history": encode({**GOOD, "history": None}),
    "an incomplete step": encode({**GOOD, "history": [STEP]}),
    "a step with more": encode({**GOOD, "history": [{**STEP, "write_id": "w", "more": 1}]}),
    "withdrawn is a number": encode({**GOOD, "withdrawn": 1}),
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_pointer_is_rejected(body: bytes) -> None:
    store = FakeStore()
    store.put(KEY, body)
    with pytest.raises(Rejected, match=r"production\.json"):
        read_pointer(store)
