"""The instances of one job: the first one leads, with the scheduler and workers of its own, the others bring workers.

A training service starts the same command on each instance and says in a file which instances there are. All servers
listen on the instances' own network alone, and end with the job.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cluster import OnDask, processes_at
from engine.workers import Workers
from shared.errors import VintnerError

PORT: Final = 8786
PATIENCE_SECONDS: Final = 600


@dataclass(frozen=True)
class Instances:
    """Their names on their own network, and which one this is."""

    own: str
    names: tuple[str, ...]

    @classmethod
    def of_service(cls, environment: Mapping[str, str] = os.environ) -> "Instances | None":
        """What the service says; None where there is one instance, or no service."""
        folder = environment.get("SM_INPUT_CONFIG_DIR", "/opt/ml/input/config")
        try:
            said = json.loads(Path(folder, "resourceconfig.json").read_text(encoding="utf-8"))
        except OSError:
            return None
        found = cls(said["current_host"], tuple(sorted(said["hosts"])))
        return found if len(found.names) > 1 else None

    @property
    def leader(self) -> str:
        """The one that trains; the others work for it."""
        return self.names[0]


@contextmanager
def lead(instances: Instances, processes: int, threads: int, *, port: int = PORT) -> Iterator[Workers]:
    """The workers of all instances; raise VintnerError when some do not come."""
    wanted = processes * len(instances.names)
    with processes_at(instances.own, processes, threads, port=port) as client:
        try:
            client.wait_for_workers(wanted, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            found = len(client.scheduler_info(n_workers=-1)["workers"])
            raise VintnerError(
                f"expected {wanted} workers on {len(instances.names)} instances, found {found}"
            ) from None
        yield OnDask(client)


def follow(instances: Instances, processes: int, threads: int, *, port: int = PORT) -> None:
    """Work for the leader until it ends."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", f"tcp://{instances.leader}:{port}"]
    command += ["--host", instances.own, "--nthreads", str(threads), "--memory-limit", "0"]
    command += ["--death-timeout", str(PATIENCE_SECONDS), "--no-dashboard"]
    command += ["--no-nanny"]  # it would start a worker again when the leader has ended
    for worker in [subprocess.Popen(command) for _ in range(processes)]:
        worker.wait()
