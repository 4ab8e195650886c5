"""A Dask cluster as workers: processes on this machine, or any scheduler that the user has.

A worker that dies is not replaced: what it held is gone and XGBoost's own round cannot go on, so that the training ends
with WorkerLost and the job is tried again from the bucket. Dask's dashboard is off.
"""

import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import dask
from distributed import Client, LocalCluster, wait

from engine.workers import LOOPBACK, Kept, Task, Workers
from shared.errors import VintnerError

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0  # after which a lost worker is noticed
CONFIG: Final[Mapping[str, object]] = {
    "distributed.worker.multiprocessing-method": "spawn",
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.daemon": True,
    "distributed.comm.retry.count": 1,
    "distributed.comm.timeouts.connect": "20s",
    "distributed.worker.memory.spill": False,  # the disk of a job is small, and uint8 bins are not large
    "distributed.worker.memory.target": False,
}


class WorkerLost(VintnerError):
    """A worker is gone: the training cannot go on and is to be started again."""


class OnDask:
    """The workers of a Dask cluster."""

    def __init__(self, client: Client) -> None:
        found = client.scheduler_info(n_workers=-1)["workers"]
        if not found:
            raise VintnerError(f"expected workers at {client.scheduler.address}, found none: start some and try again")
        self._client = client
        self._addresses = sorted(found)
        self.count = len(found)
        self.threads = min(int(worker["nthreads"]) for worker in found.values())
        self.host = _own_address(client.scheduler.address)

    def submit(self, place: int, task: Task, *arguments: Any) -> Kept:  # noqa: ANN401
        """Run a task on the worker of its place."""
        worker = self._addresses[place % self.count]
        return self._client.submit(task, *arguments, pure=False, retries=0, workers=[worker], allow_other_workers=False)

    def fetch(self, kept: Sequence[Kept]) -> list[Any]:
        """The results, in order, once all are there."""
        self.wait(kept, "")
        return list(self._client.gather(list(kept)))

    def wait(self, kept: Sequence[Kept], doing: str) -> None:
        """Wait until all results are there; raise what a task raised, and WorkerLost as soon as a worker is gone."""
        waiting = list(kept)
        while waiting:
            with suppress(TimeoutError):
                wait(waiting, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
            for one in waiting:
                if one.status in {"error", "cancelled", "lost"}:
                    self._check_alive()
                    one.result()
            before, waiting = len(waiting), [one for one in waiting if not one.done()]
            self._check_alive()
            if doing and len(waiting) < before:
                log.info("%s: %d of %d", doing, len(kept) - len(waiting), len(kept))

    def _check_alive(self) -> None:
        there = self._client.scheduler_info(n_workers=-1)["workers"]
        if gone := [address for address in self._addresses if address not in there]:
            raise WorkerLost(f"expected {self.count} workers, found {len(gone)} of them gone ({', '.join(gone)})")


@contextmanager
def processes_at(host: str, workers: int, threads: int, *, port: int = 0) -> Iterator[Client]:
    """A scheduler and workers on this machine, which listen at one address of it alone and end with the block."""
    with (
        dask.config.set(CONFIG),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=True,
            host=host,
            scheduler_port=port,
            scheduler_kwargs={"dashboard": False, "dashboard_address": f"{host}:0"},  # any port for its health alone
            memory_limit=0,
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def local_cluster(workers: int, threads: int) -> Iterator[Workers]:
    """Processes on this machine, on loopback."""
    with processes_at(LOOPBACK, workers, threads) as client:
        yield OnDask(client)


@contextmanager
def cluster_at(address: str) -> Iterator[Workers]:
    """The workers of a scheduler that runs already (``tcp://`` or ``tls://``)."""
    with dask.config.set(CONFIG):
        try:
            client = Client(address, timeout=20)
        except (OSError, ValueError) as error:
            raise VintnerError(f"expected a Dask scheduler at {address}, found none ({error})") from None
        with client:
            yield OnDask(client)


def _own_address(scheduler: str) -> str:
    """The address by which this machine is seen from where the scheduler is."""
    place = urlsplit(scheduler)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # nothing is sent
        probe.connect((place.hostname or LOOPBACK, place.port or 1))
        return str(probe.getsockname()[0])
