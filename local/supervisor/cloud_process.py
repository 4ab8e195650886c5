"""The simulated cloud: a supervisor of three processes, S3 with SQS, the event pump and the HTTP gateway."""

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

from local import runfile
from local.environment import EVENTS_QUEUE, LOOPBACK, aws_dummies, simulated
from local.errors import LocalError
from local.project.project import Project
from local.runfile import Running
from local.servers.disk_format import check_format, forget, objects_in
from local.supervisor.children import Child, Children, importable, listen

BUCKET: Final = "bucket"
RETRY_DELAYS: Final = (1.0, 2.0)
WATCH_SECONDS: Final = 0.1
START_SECONDS: Final = 120.0


class _AskedToEnd(BaseException):
    """A signal asked the supervisor to end: like KeyboardInterrupt, a request and not an error."""


@dataclass(frozen=True)
class _Plan:
    project: Project
    state_dir: Path
    retry_delays: tuple[float, ...]
    chaos: int | None
    packaged: bool
    objects: int
    http: socket.socket
    s3: socket.socket

    @property
    def endpoint_url(self) -> str:
        return _url(self.s3)

    def close(self) -> None:
        self.http.close()
        self.s3.close()


def up(
    project_dir: Path,
    *,
    stage: str,
    port: int,
    s3_port: int,
    state_dir: Path,
    announce: Callable[[Running], None],
    retry_delays: tuple[float, ...] = RETRY_DELAYS,
    chaos: int | None = None,
    packaged: bool = False,
    fresh: bool = False,
    complain: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
) -> int:
    """Run the simulated cloud for the Chalice app in `project_dir` until SIGINT or SIGTERM; return an exit code.

    `announce` is called once uploads and requests are served. Port 0 takes a free one. What cannot be done, now or
    later, is reported to `complain` in one line, and the exit code is 1. With a seed as `chaos`, events come doubled,
    late and out of order. When `packaged`, `project_dir` is an unpacked deployment zip with a configuration, and
    its functions run in isolated interpreters. The buckets are kept in `bucket` under `state_dir`; `fresh` forgets what
    is there. Must be called in the main thread.
    """
    project = Project(project_dir.resolve(), stage)
    state_dir = state_dir.resolve()
    try:
        with (
            _signals(),
            runfile.held(state_dir),
            contextlib.closing(
                _plan(project, state_dir, (port, s3_port), retry_delays, chaos=chaos, packaged=packaged, fresh=fresh)
            ) as plan,
        ):
            _supervise(plan, announce)
    except _AskedToEnd:
        return 0
    except LocalError as error:
        complain(str(error))
        return 1
    return 0


def forget_bucket(state_dir: Path) -> bool:
    """Remove the buckets that are kept in `state_dir`; whether there were any; raise `LocalError` while one is up."""
    with runfile.held(state_dir):
        return forget(state_dir / BUCKET)


def _plan(
    project: Project,
    state_dir: Path,
    ports: tuple[int, int],
    retry_delays: tuple[float, ...],
    *,
    chaos: int | None,
    packaged: bool,
    fresh: bool,
) -> _Plan:
    project.environment()  # a project that cannot be read is known before a port is taken
    if fresh:
        forget(state_dir / BUCKET)
    check_format(state_dir / BUCKET)
    objects = objects_in(state_dir / BUCKET)
    gateway = listen(ports[0], "HTTP")
    try:
        return _Plan(project, state_dir, retry_delays, chaos, packaged, objects, gateway, listen(ports[1], "S3"))
    except LocalError:
        gateway.close()
        raise


def _supervise(plan: _Plan, announce: Callable[[Running], None]) -> None:
    environ = importable(simulated(plan.project.outer, plan.endpoint_url))
    with Children(plan.project.directory, plan.state_dir / "logs", environ) as children:
        cloud = _start(plan, children)
        runfile.write(cloud)
        announce(cloud)
        while True:
            children.check()
            time.sleep(WATCH_SECONDS)


def _start(plan: _Plan, children: Children) -> Running:
    """Start all three at once, and return when each of them answers."""
    app = [str(plan.project.directory), "--stage", plan.project.stage, "--state-dir", str(plan.state_dir)]
    app += ["--packaged"] if plan.packaged else []
    url = _url(plan.http)
    keep = ["--keep-in", str(plan.state_dir / BUCKET), "--invoke-through", EVENTS_QUEUE]
    keep += ["--logs-in", str(plan.state_dir / "logs")]
    s3 = children.start("local.servers.s3", [*keep, "--fd", str(plan.s3.fileno())], fd=plan.s3.fileno())
    gateway = children.start("local.servers.gateway", [*app, "--fd", str(plan.http.fileno())], fd=plan.http.fileno())
    reading, writing = os.pipe()
    options = ["--ready", str(writing)]
    options += ["--retry-delays", *map(str, plan.retry_delays)]
    if plan.chaos is not None:
        options += ["--chaos", str(plan.chaos)]
    pump = children.start("local.events.pump", [*app, *options], fd=writing, prints=True)
    os.close(writing)
    # Ours are closed, so that a connection to a child that died is refused and does not wait for ever.
    plan.close()
    with os.fdopen(reading, "rb") as report:
        ready = _read_report(report.fileno(), (pump, s3))
    _wait_for_answer(url, gateway)
    return Running(
        pid=os.getpid(),
        project_dir=str(plan.project.directory),
        state_dir=str(plan.state_dir),
        stage=plan.project.stage,
        endpoint_url=ready["endpoint_url"],
        url=url,
        buckets=tuple(ready["buckets"]),
        queue_url=ready["queue_url"],
        dead_letter_queue_url=ready["dead_letter_queue_url"],
        app_queue_urls=tuple(ready["app_queue_urls"]),
        environment=plan.project.environment() | aws_dummies(ready["endpoint_url"]),
        not_simulated=tuple(ready["not_simulated"]),
        objects_at_start=plan.objects,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _read_report(fd: int, alive: tuple[Child, ...]) -> Mapping[str, Any]:
    """What the pump reports; raise `LocalError` with its own line when it cannot work."""
    deadline = time.monotonic() + START_SECONDS
    text = b""
    while not text.endswith(b"\n"):
        readable, _, _ = select.select([fd], [], [], WATCH_SECONDS)
        chunk = os.read(fd, 65536) if readable else b""
        text += chunk
        if not chunk:
            for child in alive:
                child.check()
        if time.monotonic() > deadline:
            raise LocalError(f"the app did not load within {START_SECONDS:g} s; its log: {alive[0].log}")
    report: Mapping[str, Any] = json.loads(text)
    if "error" in report:
        raise LocalError(report["error"])
    return report


def _wait_for_answer(url: str, child: Child) -> None:
    """Ask for a path that is never a route, so that the app itself is not called."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=1)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "//")
            connection.getresponse().read()
            return
        child.check()
        if time.monotonic() > deadline:
            raise LocalError(
                f"the {child.name} process did not answer within {START_SECONDS:g} s; its log: {child.log}"
            )


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into an exception; later ones do not disturb the clearing up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise _AskedToEnd

    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _url(listening: socket.socket) -> str:
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}"
