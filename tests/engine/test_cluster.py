"""A cluster of processes on loopback: one set of bytes, whatever the cluster is, and an end when a worker dies."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from engine.cluster import WorkerLost, local_cluster
from engine.training import train
from engine.workers import Workers
from shared.bucket.obstore_reader import ObstoreReader
from shared.bucket.s3 import S3Store
from tests.engine import tables
from tests.support.processes import alive, family, listening, look
from tests.support.stage import Stage

UPLOADS: Mapping[str, Mapping[str, str]] = {"numbers": tables.numbers(), "kinds": tables.kinds()}
SIZES = [(1, 1), (2, 2), (3, 1)]


@pytest.fixture(scope="module")
def expected() -> dict[str, Mapping[str, str]]:
    """The hashes of what one process makes of each table."""
    return {name: tables.train_here(tables.untrained(uploads))["sha256"] for name, uploads in UPLOADS.items()}


@pytest.fixture
def stages(store: S3Store, cloud: Mapping[str, str]) -> dict[str, Stage]:
    """The tables as stages in memory, whose rows are on the simulated S3 too, where workers find them."""
    found = {name: tables.untrained(uploads) for name, uploads in UPLOADS.items()}
    for stage in found.values():
        for key in stage.listing("slots/"):
            store.create(key, stage.store.read(key).body)
    return found


@pytest.fixture
def no_orphans() -> Iterator[None]:
    """Every process that the test starts has ended with it."""
    before = {process.pid for process in family(os.getpid())}
    yield
    assert [
        one.command for one in family(os.getpid()) if one.pid not in before and "resource_tracker" not in one.command
    ] == []


def hashes(stage: Stage, store: S3Store, workers: Workers) -> Mapping[str, str]:
    """Train on workers; what was written."""
    for key in stage.listing("models/"):
        stage.store.delete(key)
    reader = partial(ObstoreReader, store.bucket)
    score = train(stage.store, tables.candidate(stage), stage.settings, workers, reader, scale=tables.SMALL)
    return score["sha256"]


@pytest.mark.usefixtures("no_orphans")
@pytest.mark.parametrize(("workers", "threads"), SIZES, ids=[f"{one} x {other}" for one, other in SIZES])
def test_the_cluster_does_not_show_in_the_bytes(
    workers: int, threads: int, expected: object, stages: Mapping[str, Stage], store: S3Store
) -> None:
    with local_cluster(workers, threads) as cluster:
        assert (cluster.count, cluster.threads) == (workers, threads)
        for _ in range(2):
            assert {name: hashes(stage, store, cluster) for name, stage in stages.items()} == expected


def test_every_server_of_a_cluster_is_on_loopback() -> None:
    with local_cluster(2, 1):
        found = {address for process in family(os.getpid()) for address, _ in listening(process.pid)}
    assert found <= {"127.0.0.1"}
    assert found


def train_until_killed(stage: Stage, store: S3Store, workers: Workers) -> None:
    """Train again and again."""
    while True:
        hashes(stage, store, workers)


@pytest.mark.usefixtures("no_orphans")
def test_a_dead_worker_ends_the_training(stages: Mapping[str, Stage], store: S3Store) -> None:
    with local_cluster(2, 1) as cluster:
        (victim,) = cluster.fetch([cluster.submit(1, os.getpid)])
        process = look(victim)
        assert process
        timer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
        timer.start()
        with pytest.raises(WorkerLost, match="1 of them gone"):
            train_until_killed(stages["numbers"], store, cluster)
        assert not alive(process)
    assert not stages["numbers"].listing("models/")
