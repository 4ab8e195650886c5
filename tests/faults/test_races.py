"""Writers in processes of their own, all at the same moment, against one simulated S3."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING, Final

import boto3
import pytest

from functions import desk, promote
from local.environment import LOOPBACK, simulated
from local.supervisor.children import Children, importable, listen
from shared.bucket.s3 import READ_CONFIG, WRITE_CONFIG, S3Store
from shared.bucket.store import Store
from shared.errors import Conflict
from shared.registry.pointer import Pointer, commit, generation_of, new_write_id, pointing_to, read_pointer
from shared.settings import Settings
from tests.faults import counting
from tests.faults.forked import at_once
from tests.faults.interleaving import interleave
from tests.faults.invariants import check_decided, check_target
from tests.support.documents import decision_of, score_of
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage, model_id

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import SynchronizedArray
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

PROMOTES: Final = 16
RACERS, ROUNDS = (64, 2_000) if counting.LONG else (10, 300)
PROCESS_RACERS, PROCESS_ROUNDS = (10, 300) if counting.LONG else (10, 30)
WRITERS, COMMITS = 5, 10
ROLLBACK_RACES: Final = 100 if counting.LONG else 5
FORK: Final = multiprocessing.get_context("fork")
BUCKETS: Final = count(1)


@pytest.fixture(scope="module")
def atomic_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The simulated cloud's S3, in a process of its own: one request at a time, as S3 decides each of them."""
    logs: Path = tmp_path_factory.mktemp("races")
    with listen(0, "S3") as socket:
        url = f"http://{LOOPBACK}:{socket.getsockname()[1]}"
        with Children(logs, logs, importable(simulated(os.environ, url))) as children:
            children.start("local.servers.s3", ["--fd", str(socket.fileno())], fd=socket.fileno())
            yield url


@pytest.fixture(scope="module")
def new_clients(atomic_s3: str) -> Callable[[], "tuple[S3Client, S3Client]"]:
    """Makes the two clients of a store."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")

    def make() -> "tuple[S3Client, S3Client]":
        reading, writing = (
            session.client("s3", endpoint_url=atomic_s3, config=config) for config in (READ_CONFIG, WRITE_CONFIG)
        )
        return reading, writing

    return make


@pytest.fixture(scope="module")
def mine(new_clients: Callable[[], "tuple[S3Client, S3Client]"]) -> "tuple[S3Client, S3Client]":
    """The clients of this process."""
    return new_clients()


@pytest.fixture(scope="module")
def theirs(new_clients: Callable[[], "tuple[S3Client, S3Client]"]) -> "tuple[S3Client, S3Client]":
    """The clients of the racers: not used before the fork, so that no two processes share a connection."""
    return new_clients()


@pytest.fixture
def here(mine: "tuple[S3Client, S3Client]") -> S3Store:
    """A fresh bucket."""
    name = f"race-{next(BUCKETS)}"
    mine[0].create_bucket(Bucket=name)
    return S3Store(name, reading=mine[0], writing=mine[1])


@pytest.fixture
def there(here: S3Store, theirs: "tuple[S3Client, S3Client]") -> S3Store:
    """The same bucket, for processes that are forked."""
    return S3Store(here.bucket, reading=theirs[0], writing=theirs[1])


@pytest.fixture
def tested(here: S3Store, settings: Settings) -> Stage:
    """A stage whose test set is read."""
    stage = Stage(here, settings)
    stage.put_samples()
    stage.ingest()
    return stage


def bodies(stage: Stage) -> dict[str, bytes]:
    return {key: stage.store.read(key).body for key in stage.listing()}


def test_many_promotes_at_once(tested: Stage, there: S3Store) -> None:
    candidates = [(model_id(number), (number * 7 % 17) / 20) for number in range(1, PROMOTES + 1)]

    def add_and_promote(name: str, score: float) -> None:
        stage = Stage(there, tested.settings)
        stage.add_model(name, score)
        promote.run(stage.store, stage.settings)

    at_once([partial(add_and_promote, name, score) for name, score in candidates])
    best = max(score for _, score in candidates)
    assert tested.pointer.score == best
    decided = tested.decisions()
    assert {one["model_id"] for one in decided} == {name for name, _ in candidates}
    promoted = {one["write_id"] for one in decided if one["decision"] == "promoted"}
    assert promoted == {step.write_id for step in tested.pointer.history}
    check_target(tested.pointer, bodies(tested))
    counting.show(
        f"{PROMOTES} promotes at once: the best won after {tested.pointer.generation} swaps, "
        f"{len({one['model_id'] for one in decided})} of {PROMOTES} candidates decided"
    )


@pytest.mark.parametrize("race", range(ROLLBACK_RACES))
def test_a_rollback_races_a_promote(tested: Stage, there: S3Store, race: int) -> None:
    for number, score in ((1, 0.5), (2, 0.6)):
        tested.add_model(model_id(number), score)
        tested.promote()
    tested.add_model(model_id(3), 0.7)
    settings = tested.settings
    at_once(
        [
            lambda: desk.rollback(there),
            lambda: promote.run(there, settings),
        ]
    )
    pointer, decisions = tested.pointer, tested.decisions()
    rollback_first = (model_id(1), (model_id(2),), 3)
    promote_first = (model_id(2), (model_id(3),), 4)
    assert (pointer.model_id, pointer.withdrawn, pointer.generation) in {rollback_first, promote_first}
    assert pointer.hold
    made = {(one["model_id"], one["decision"]) for one in decisions if one["generation"] >= 2}
    if pointer.generation == 4:
        assert made == {(model_id(3), "promoted"), (model_id(2), "rolled_back")}
    else:
        assert made == {(model_id(1), "rolled_back"), (model_id(3), "waiting")}
    check_decided(bodies(tested))
    if race == ROLLBACK_RACES - 1:
        counting.show(f"a rollback races a promote: {ROLLBACK_RACES} of {ROLLBACK_RACES} left either order's state")


def race_for_the_pointer(store: Store, number: int, line: Barrier, wins: "SynchronizedArray[int]", rounds: int) -> None:
    """Read, wait for the others, write; and count what was won."""
    for turn in range(rounds):
        before = read_pointer(store)
        line.wait()
        if commits(store, number, before):
            with wins.get_lock():
                wins[turn] += 1
        line.wait()


def commits(store: Store, number: int, before: Pointer | None) -> bool:
    """Whether a racer's own pointer comes in place of the one that it read."""
    try:
        decision = decision_of(model_id(number), write_id=new_write_id())
        commit(store, pointing_to(score_of(model_id(number)), decision, before))
    except Conflict:
        return False
    return True


def generation(store: Store) -> int:
    return generation_of(read_pointer(store))


def test_processes_race_for_the_pointer(here: S3Store, there: S3Store) -> None:
    racers, rounds = PROCESS_RACERS, PROCESS_ROUNDS
    line, wins = FORK.Barrier(racers), FORK.Array("i", rounds)
    at_once([partial(race_for_the_pointer, there, number, line, wins, rounds) for number in range(racers)])
    won = wins[:]
    assert won == [1] * rounds
    assert generation(here) == rounds
    counting.show(f"races for the pointer: {racers} processes x {rounds} rounds, {sum(won)} winners")


def race_once(number: int, before: Pointer | None, won: list[bool], store: Store) -> None:
    won.append(commits(store, number, before))


def test_racers_take_turns_in_any_order() -> None:
    chance, store = counting.chance("races"), FakeStore()
    for turn in range(ROUNDS):
        won: list[bool] = []
        interleave(
            [partial(race_once, number, read_pointer(store), won) for number in range(RACERS)],
            store,
            chance.choices(range(RACERS), k=3 * RACERS),
        )
        assert (sum(won), len(won)) == (1, RACERS)
        assert generation(store) == turn + 1
    counting.show(f"races for the pointer: {RACERS} racers x {ROUNDS} rounds, any order of calls, {ROUNDS} winners")


def commit_until_done(store: Store, number: int) -> None:
    for _ in range(COMMITS):
        while not commits(store, number, read_pointer(store)):
            pass


def test_no_commit_is_lost(here: S3Store, there: S3Store) -> None:
    at_once([partial(commit_until_done, there, number) for number in range(WRITERS)])
    assert generation(here) == WRITERS * COMMITS
    counting.show(f"{WRITERS} writers x {COMMITS} commits: generation {generation(here)}")
