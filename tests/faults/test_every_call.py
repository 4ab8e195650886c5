"""Every storage call of a full cycle fails in every way, one at a time; the bucket ends as it does without faults."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import pytest

from shared.bucket import keys
from shared.bucket.obstore_reader import ObstoreReader
from shared.bucket.s3 import S3Store
from shared.bucket.store import Blob, Entry
from shared.errors import NotFound
from tests.faults import counting
from tests.faults.cycle import UPLOADS, Clients, Cycle, uploader
from tests.faults.forked import spread
from tests.faults.invariants import Watch, check_decided, check_one_receipt_each, differences, settled
from tests.faults.memory_s3 import MemoryS3
from tests.faults.wire import ANY, Call, Fault, WatchedReader, Wire, faults_of
from tests.support.stage import SLOT, Stage

Chapter = Callable[[Cycle], None]
READER_FAULTS: Final = ANY[:2]
EMPTY: Final[Mapping[str, bytes]] = MappingProxyType({})


class MemoryReader:
    """Reads a bucket in memory."""

    def __init__(self, bucket: MemoryS3) -> None:
        self._bucket = bucket

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object."""
        if key not in self._bucket.objects:
            raise NotFound(key)
        stored = self._bucket.objects[key]
        assert etag in {None, stored.etag}
        return Blob(stored.body, stored.etag)

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag."""
        found = self.read(key)
        return None if found.etag == etag else found

    def list(self, prefix: str) -> list[Entry]:
        """Never called while predicting."""
        raise NotImplementedError(prefix)


class Run:
    """One chapter of the cycle, on a bucket in memory that starts with these objects."""

    def __init__(self, clients: Clients, objects: Mapping[str, bytes] = EMPTY) -> None:
        self.bucket, self.watch = MemoryS3(objects), Watch(objects)
        self.wire = Wire(self.bucket.send, self._look)
        store = clients.store(self.wire)
        self.cycle = Cycle(store, WatchedReader(MemoryReader(self.bucket), self.wire), uploader(store))

    def _look(self, call: Call) -> None:
        bodies = self.bucket.bodies()
        if call.verb == "put":
            self.watch.user_changes(bodies)
        self.watch.look(bodies)

    def play(self, chapter: Chapter, failing: tuple[Call, Fault] | None = None) -> dict[str, Any]:
        """Play a chapter, ring both bells once more, and return what the bucket holds."""
        self.wire.failing = failing
        chapter(self.cycle)
        assert failing is None or self.wire.failed, "the call to fail was never made"
        before = self.bucket.bodies()
        self.cycle.ring()
        found = self.bucket.bodies()
        assert differences(found, before) == [], "an event that came again changed something"
        check_decided(found)
        check_one_receipt_each(found)
        return settled(found)


def pairs(calls: list[Call]) -> Iterator[tuple[Call, Fault]]:
    """Every call with every fault that it can meet."""
    return ((call, fault) for call in calls for fault in faults_of(call))


@pytest.mark.usefixtures("reads_once")
@pytest.mark.parametrize("chapter", [Cycle.first, Cycle.next], ids=["first", "next"])
def test_every_call_with_every_fault(memory_clients: Clients, chapter: Chapter) -> None:
    start = bucket_before(memory_clients, chapter)
    reference = Run(memory_clients, start)
    chapter(reference.cycle)
    calls = list(reference.wire.calls)
    expected = settled(reference.bucket.bodies())
    served = {*reference.cycle.served, None}

    def fail(failing: tuple[Call, Fault]) -> None:
        run = Run(memory_clients, start)
        found = run.play(chapter, failing)
        assert differences(found, expected) == [], failing
        assert served.issuperset(run.cycle.served), failing

    tried = list(pairs(calls))
    done = spread(tried, fail)
    counting.show(
        f"every call x fault, {chapter.__name__} upload: {done} of {len(tried)} pairs tried ({len(calls)} calls)"
    )


def bucket_before(clients: Clients, chapter: Chapter) -> Mapping[str, bytes]:
    """What the bucket holds when a chapter starts."""
    if chapter is Cycle.first:
        return EMPTY
    prelude = Run(clients)
    prelude.play(Cycle.first)
    return prelude.bucket.bodies()


def test_the_simulated_cloud_ends_with_the_same_bucket(
    memory_clients: Clients, cloud_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(memory_clients)
    run.play(Cycle.first)
    run.play(Cycle.next)
    simulated = Cycle(cloud_stage.store, cloud_stage.store, uploader(cloud_stage.store))
    simulated.first()
    simulated.next()
    found = {key: cloud_stage.store.read(key).body for key in cloud_stage.listing()}
    assert differences(settled(found), settled(run.bucket.bodies())) == []


# The API function's own reader, over HTTP: whatever fails, the model that was read last goes on serving.


@pytest.mark.parametrize("call", range(2), ids=["pointer", "scorer"])
@pytest.mark.parametrize("fault", READER_FAULTS, ids=lambda fault: fault.name)
def test_every_call_of_the_api_functions_reader(
    cloud: dict[str, str], cloud_stage: Stage, call: int, fault: Fault
) -> None:
    assert isinstance(cloud_stage.store, S3Store)
    wire = Wire(MemoryS3().send)
    reader = WatchedReader(ObstoreReader(cloud_stage.store.bucket), wire)
    cycle = Cycle(cloud_stage.store, reader, uploader(cloud_stage.store))
    cycle.first()
    cycle.upload(f"{SLOT}2.csv", UPLOADS[f"{SLOT}2.csv"])
    cycle.ring()
    read = ["production.json", keys.model_key(cloud_stage.pointer.model_id, "scorer.json")]
    wire.failing = Call("api read changed" if call == 0 else "api read", read[call], 0), fault
    cycle.predict()
    cycle.predict()
    [first, second, third] = cycle.served
    assert wire.failed
    assert first == second != third == cloud_stage.pointer.model_id
