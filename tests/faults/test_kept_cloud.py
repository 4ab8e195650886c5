"""Each process of the simulated cloud is killed while uploads arrive; the next start has them all, and all are handled.

upload, upload, upload ... kill -9 of one process -> all processes end -> start on the same directory -> settled
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import botocore.exceptions
import pytest

from local.events.resources import clients, idle
from local.runfile import Running
from local.supervisor.background import cloud
from tests.faults import counting
from tests.support.processes import PROC, Process, alive, family
from tests.support.sample_app import STAGE, write_project

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.skipif(not PROC.exists(), reason="reads the kernel's tables in /proc")

VICTIMS: Final = ("supervisor.background", "servers.s3", "events.pump", "servers.gateway", "workers.worker")
ROUNDS: Final = 20 if counting.LONG else 2
UPLOADS: Final = 40
PATIENCE_SECONDS: Final = 120.0


def wait_until_gone(processes: list[Process]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(alive(process) for process in processes):
        assert time.monotonic() < deadline, "a process lives on"
        time.sleep(0.02)


@contextlib.contextmanager
def clients_of(up: Running) -> Iterator["S3Client"]:
    """A client of a simulated cloud in which nothing is left to do."""
    s3, sqs = clients(up.endpoint_url)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not idle(up, sqs=sqs):
        assert time.monotonic() < deadline, "waited in vain until all events are handled"
        time.sleep(0.02)
    yield s3
    s3.close()
    sqs.close()


def upload_and_kill(project: Path, name: str, after: int) -> dict[str, str]:
    """Upload until a process is killed, after so many uploads; the ETag of each upload that was acknowledged."""
    acknowledged: dict[str, str] = {}
    with cloud(project, stage=STAGE, state_dir=project / "state", retry_delays=(0.05, 0.1)) as up, clients_of(up) as s3:
        processes = family(up.pid)

        def upload(number: int) -> None:
            key = f"in/{name}-{after}-{number}.csv"
            with contextlib.suppress(botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                acknowledged[key] = s3.put_object(Bucket="uploads", Key=key, Body=key.encode())["ETag"]
            if number == after:
                victim = next(p for p in family(up.pid) if name in p.command)
                os.kill(victim.pid, signal.SIGKILL)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(upload, range(UPLOADS)))
        if name == VICTIMS[-1]:  # the death of a function is no end: its event is tried again
            up_again = family(up.pid)
            assert len(up_again) >= 4
        else:
            wait_until_gone(processes)
    return acknowledged


def missing(s3: "S3Client", acknowledged: dict[str, str]) -> list[str]:
    """The acknowledged uploads that are not there as they were, or were not handled."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="uploads")
    there = {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}
    return [key for key, etag in acknowledged.items() if there.get(key) != etag or f"copied/{key}" not in there]


def test_killed_while_uploads_arrive(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    chance = counting.chance("kept cloud")
    kills = [(name, chance.randrange(UPLOADS // 4, UPLOADS)) for _ in range(ROUNDS) for name in VICTIMS]
    acknowledged: dict[str, str] = {}
    for name, after in kills:
        acknowledged |= upload_and_kill(project, name, after)
    with cloud(project, stage=STAGE, state_dir=project / "state") as up, clients_of(up) as s3:
        assert missing(s3, acknowledged) == []
    counting.show(
        f"kill -9 of each process of the simulated cloud: {len(kills)} of {len(kills)} kills survived, "
        f"{len(acknowledged)} of {len(acknowledged)} acknowledged uploads kept and handled"
    )
