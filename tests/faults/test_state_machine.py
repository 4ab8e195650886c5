"""What users and events do, in any order, interleaved and interrupted; and what must hold whatever that was."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import hypothesis
import pytest
from hypothesis import HealthCheck, Verbosity
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto.s3.models import s3_backends
from sklearn.pipeline import Pipeline

from functions import desk, ingest_and_retrain, promote
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.s3 import S3Store
from shared.bucket.store import Store
from shared.documents import ScoreDocument, decode
from shared.errors import VintnerError
from shared.registry.pointer import read_pointer
from shared.settings import Settings
from shared.tables.encoding import Encoding
from shared.training import pipelines, train
from shared.training.candidate import Candidate, candidate_of
from tests.faults import counting
from tests.faults.forked import WORKERS, spread
from tests.faults.interleaving import Actor, interleave, run_until
from tests.faults.invariants import Watch, check_decided, check_one_receipt_each
from tests.faults.remembered import fitting_once
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, csv_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLOUD_STEPS: Final = 5_000 if counting.LONG else 50
STEPS: Final = 500_000 if counting.LONG else 10_000
STEPS_OF_ONE: Final = 50

Points = list[tuple[float, float]]


def labelled(points: Points, threshold: float) -> bytes:
    return csv_of([(a, b, "yes" if a + b / 10 > threshold else "no") for a, b in points]).encode()


LEFT: Final[Points] = [(-3, 0), (-2, 1), (-1, 0), (1, 1)]
RIGHT: Final[Points] = [(-1, 1), (1, 0), (2, 1), (3, 0)]
WIDE: Final[Points] = [(-4, 0), (-1.5, 1), (1.5, 0), (4, 1)]
SLOTS: Final = (
    *(labelled(points, threshold) for points in (LEFT, RIGHT, WIDE) for threshold in (-1.2, 0.0, 1.2)),
    labelled(LEFT, 9),  # one class only
    b"a,b,label\n1,x,yes\n",  # rejected
    b"a,c,label\n1,2,yes\n2,3,no\n",  # does not fit the test set
)
TESTS: Final = (
    labelled([*LEFT, (0.5, 0), (-0.5, 1), (-1.4, 0), (1.6, 1), (0.3, 0), (-0.7, 1)], 0.0),  # rows of slots among it
    labelled([*WIDE, (-2.5, 0), (-1.1, 1), (0.1, 0), (0.6, 1), (1.3, 0), (2.2, 1)], 1.2),
    labelled([*RIGHT[:2], (-2.6, 0), (-1.3, 1), (0.2, 0), (0.7, 1), (1.4, 0), (2.1, 1)], -1.2),
    labelled([(-2.6, 1), (-1.3, 0), (0.2, 1), (0.7, 0), (1.4, 1), (2.1, 0)], 0.0),
    b"\x00",  # rejected
)
KEYS: Final = [f"{SLOT}{name}.csv" for name in "abc"]
TEST_KEYS: Final = [TEST, "data/test/more.csv"]


def one_stump(encoding: Encoding) -> Pipeline:
    """The default pipeline with a single stump."""
    return pipelines.build_pipeline(encoding).set_params(classifier__n_estimators=1)


cheap_train = partial(train.train, prepare=fitting_once(partial(pipelines.fit, build=one_stump)))


class _TrainingWouldStart(BaseException):
    """Carries the candidate that a bucket calls for."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(candidate.model_id)
        self.model_id = candidate.model_id


def _stop(_store: Store, candidate: Candidate, _settings: Settings) -> ScoreDocument:
    raise _TrainingWouldStart(candidate)


class WatchedStore(FakeStore):
    """Checks after each write of a function what must hold at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.watch = Watch()

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet."""
        etag = super().create(key, body)
        self.watch.look(self.bodies())
        return etag

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag."""
        new = super().swap(key, body, etag)
        self.watch.look(self.bodies())
        return new

    def bodies(self) -> dict[str, bytes]:
        """What stands in the bucket."""
        return {key: blob.body for key, (blob, _) in self.objects.items()}


class CloudStore(S3Store):
    """The same on the simulated S3, which runs in this process: its objects are looked at without a request."""

    def __init__(self, bucket: str, clients: "tuple[S3Client, S3Client]") -> None:
        super().__init__(bucket, reading=clients[0], writing=clients[1])
        self.watch = Watch()

    @property
    def objects(self) -> Mapping[str, Any]:
        """The keys, and moto's own objects."""
        (account,) = s3_backends
        keys: Mapping[str, Any] = s3_backends[account]["aws"].buckets[self.bucket].keys
        return keys

    def put(self, key: str, body: bytes) -> None:
        """Write as a user does."""
        self._writing.put_object(Bucket=self.bucket, Key=key, Body=body)

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet."""
        etag = super().create(key, body)
        self.watch.look(self.bodies())
        return etag

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag."""
        new = super().swap(key, body, etag)
        self.watch.look(self.bodies())
        return new

    def bodies(self) -> dict[str, bytes]:
        """What stands in the bucket."""
        return {key: found.value for key, found in self.objects.items()}


class Line(RuleBasedStateMachine):
    """A bucket, its users, and the events that are on their way."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.store = self.new_store()
        self.settings = Settings(bucket="vintner", label="label")
        self.events: list[str] = []
        self.plain = True

    def new_store(self) -> "WatchedStore | CloudStore":
        """An empty bucket."""
        return WatchedStore()

    # Users

    @initialize(wild=st.booleans(), content=st.sampled_from(TESTS))
    def begin(self, wild: bool, content: bytes) -> None:
        """Half of the histories know neither rollback nor other rules: the best model must win in these."""
        self.wild = wild
        self._user_puts(TEST, content)

    @rule(key=st.sampled_from(KEYS), content=st.sampled_from(SLOTS))
    def upload_slot(self, key: str, content: bytes) -> None:
        self._user_puts(key, content)

    @rule(key=st.sampled_from(KEYS), content=st.sampled_from(SLOTS))
    def upload_slot_and_deliver(self, key: str, content: bytes) -> None:
        self._user_puts(key, content)
        self._ring()

    @rule(key=st.sampled_from(TEST_KEYS), content=st.sampled_from(TESTS))
    def upload_test(self, key: str, content: bytes) -> None:
        self._user_puts(key, content)

    @rule(content=st.sampled_from(TESTS))
    def replace_test_and_deliver(self, content: bytes) -> None:
        self._user_puts(TEST, content)
        self._ring()

    @rule(key=st.sampled_from([*KEYS, *TEST_KEYS[1:]]))
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self._user_was_here()

    def _user_puts(self, key: str, content: bytes) -> None:
        self.store.put(key, content)
        self._user_was_here()

    def _user_was_here(self) -> None:
        self.store.watch.user_changes(self.store.bodies())
        self.events.append("ingest")

    @precondition(lambda self: self.wild)
    @rule(
        changes=st.sampled_from(
            [
                {"min_gain": 0.1},
                {"min_gain": 0.0},
                {"promotion": "significant"},
                {"promotion": "better"},
                {"approval": "manual"},
                {"approval": "auto"},
                {"ignore": ("b",)},
                {"ignore": ()},
            ]
        )
    )
    def change_settings(self, changes: Mapping[str, Any]) -> None:
        self.settings = replace(self.settings, **changes)
        self.plain = False

    # The desk

    @precondition(lambda self: self.wild and self.store.watch.pointers)
    @rule(what=st.sampled_from(["rollback", "release", "approve"]), data=st.data())
    def ask_the_desk(self, what: str, data: st.DataObject) -> None:
        self.plain = False
        self._attempt(self._work(what, data))

    # Events

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._attempt(self._work(self._event(data)))

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver_and_keep(self, data: st.DataObject) -> None:
        """A duplicate: it comes once more later."""
        self._attempt(self._work(data.draw(st.sampled_from(self.events))))

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        self._event(data)

    @precondition(lambda self: self.events and not self._in_danger())
    @rule(data=st.data(), calls=st.integers(0, 40))
    def crash(self, data: st.DataObject, calls: int) -> None:
        """The function is killed after so many storage calls; the event stays."""
        event = data.draw(st.sampled_from(self.events))
        self._check(run_until(self._work(event), self.store, calls))

    @precondition(lambda self: not self._in_danger())
    @rule(
        whats=st.lists(st.sampled_from(["ingest", "promote", "rollback"]), min_size=2, max_size=2),
        turns=st.lists(st.integers(0, 1), max_size=80),
        data=st.data(),
    )
    def at_once(self, whats: list[str], turns: list[int], data: st.DataObject) -> None:
        """Two functions take turns at every storage call."""
        if "rollback" in whats and not (self.wild and self.store.watch.pointers):
            return
        self.plain &= "rollback" not in whats
        for actor in interleave([self._work(what, data) for what in whats], self.store, turns):
            self._check(actor)

    def _event(self, data: st.DataObject) -> str:
        return self.events.pop(data.draw(st.integers(0, len(self.events) - 1)))

    def _in_danger(self) -> bool:
        """A third crash on the same upload would reject it, after a wait."""
        return any(key.endswith("-2.json") for key in self.store.objects if key.startswith("attempts/"))

    def _work(self, what: str, data: st.DataObject | None = None) -> Callable[[Store], object]:
        settings = self.settings
        if what == "ingest":
            self.events.append("promote")  # a score may be written
            return lambda store: ingest_and_retrain.run(store, settings, pause=lambda _: None, train=cheap_train)
        if what == "promote":
            return lambda store: promote.run(store, settings)
        if what == "release":
            return lambda store: desk.release(store, settings)
        assert data is not None
        name = data.draw(st.sampled_from([None, *self._scored()]))
        if what == "rollback":
            return lambda store: desk.rollback(store, name)
        return lambda store: desk.approve(store, settings, name)

    def _scored(self) -> list[str]:
        return keys.scored_models(self.store.list(keys.MODELS))

    def _attempt(self, work: Callable[[Store], object]) -> None:
        try:
            work(self.store)
        except VintnerError as error:
            if type(error) is not VintnerError:  # else a person asked for what cannot be
                raise

    def _check(self, actor: Actor) -> None:
        if actor.error and type(actor.error) is not VintnerError:
            raise actor.error

    @invariant()
    def count(self) -> None:
        type(self).steps += 1

    # At rest

    @rule()
    def rest(self) -> None:
        """All events are delivered, or the hourly sweeps ring."""
        self.events.clear()
        self._ring()
        before = self.store.bodies()
        self._ring()
        after = self.store.bodies()
        assert before == after, {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        check_one_receipt_each(after)
        inventory = Inventory.take(self.store, self.settings)
        assert not inventory.pending
        self._candidate_is_that_of_a_fresh_bucket(inventory)
        if inventory.test_fingerprint:
            check_decided(after)
            self._the_best_is_in_production(inventory.test_fingerprint, after)

    def teardown(self) -> None:
        """Every history ends at rest."""
        self.rest()

    def _ring(self) -> None:
        ingest_and_retrain.run(self.store, self.settings, pause=lambda _: None, train=cheap_train)
        promote.run(self.store, self.settings)

    def _candidate_is_that_of_a_fresh_bucket(self, inventory: Inventory) -> None:
        fresh = FakeStore()
        for upload in inventory.uploads:
            fresh.put(upload.key, self.store.read(upload.key).body)
        found = candidate_of(inventory, self.settings)
        called_for: str | None
        try:
            called_for = ingest_and_retrain.run(
                fresh, self.settings, pause=lambda _: None, train=_stop
            ).candidate.reason
        except _TrainingWouldStart as candidate:
            called_for = candidate.model_id
        assert called_for == (found if isinstance(found, str) else found.model_id)
        if not isinstance(found, str):
            assert self.store.list(keys.model_key(found.model_id, "")), "the candidate was not trained"
        again = Inventory.take(fresh, self.settings)
        assert [one.slot for one in again.sources("slot")] == [one.slot for one in inventory.sources("slot")]
        assert set(again.receipts) <= set(inventory.receipts)

    def _the_best_is_in_production(self, fingerprint: str, objects: Mapping[str, bytes]) -> None:
        scores = [decode(objects[keys.model_key(name, "score.json")], name) for name in self._scored()]
        present = {score["model_id"]: score["f1"] for score in scores if score["test_fingerprint"] == fingerprint}
        pointer = read_pointer(self.store)
        if not present or not self.plain:
            return
        assert pointer is not None
        if pointer.test_fingerprint == fingerprint:
            assert present[pointer.model_id] == max(present.values()), (pointer.model_id, present)


def play(machine: type[Line], seed: int, steps: int) -> int:
    """Play histories until so many steps were made; how many there were."""
    machine.steps = 0
    settings = hypothesis.settings(
        max_examples=max(1, steps // STEPS_OF_ONE),
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        derandomize=False,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
    )
    while machine.steps < steps:
        run_state_machine_as_test(hypothesis.seed(seed + machine.steps)(machine), settings=settings)
    return machine.steps


@pytest.mark.usefixtures("reads_once")
def test_any_history_in_memory() -> None:
    seeds = [counting.SEED + number for number in range(WORKERS)]
    spread(seeds, lambda seed: play(Line, seed, STEPS // WORKERS))
    counting.show(f"state machine, in memory: {STEPS} of {STEPS} steps, {WORKERS} processes, seeds {seeds}")


def test_any_history_on_the_simulated_cloud(clients: "tuple[S3Client, S3Client]") -> None:
    names = count(1)

    class CloudLine(Line):
        def new_store(self) -> CloudStore:
            store = CloudStore(f"histories-{next(names)}", clients)
            clients[1].create_bucket(Bucket=store.bucket)
            return store

    steps = play(CloudLine, counting.SEED, CLOUD_STEPS)
    counting.show(f"state machine, on the simulated cloud: {steps} of {CLOUD_STEPS} steps")
