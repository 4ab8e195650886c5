"""The run file: how other commands find the simulated cloud that is up.

The supervisor holds a lock while it lives: the kernel drops the lock however the supervisor ended, and unlike a
process id it is never reused.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from local.errors import LocalError

ATTEMPTS: Final = 10  # a command that only looks holds the lock for a moment
RUN_FILE: Final = "run.json"
LOCK_FILE: Final = "run.lock"


@dataclass(frozen=True)
class Running:
    """A simulated cloud that is up."""

    pid: int
    project_dir: str
    state_dir: str
    stage: str
    endpoint_url: str
    url: str
    buckets: tuple[str, ...]
    queue_url: str
    dead_letter_queue_url: str
    app_queue_urls: tuple[str, ...]
    environment: dict[str, str]
    not_simulated: tuple[str, ...]
    objects_at_start: int
    started_at: str


def running(state_dir: Path) -> Running | None:
    """The simulated cloud whose state is in `state_dir`, or None when none is up."""
    if not _is_held(state_dir):
        return None
    try:
        fields = json.loads((state_dir / RUN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None  # it is starting, or ending
    return from_json(fields)


def from_json(fields: dict[str, Any]) -> Running:
    """The `Running` that `dataclasses.asdict` and JSON were made from."""
    lists = {name: tuple(fields[name]) for name in ("buckets", "not_simulated", "app_queue_urls")}
    return Running(**(fields | lists))


@contextlib.contextmanager
def held(state_dir: Path) -> Iterator[None]:
    """Hold the lock of `state_dir`; raise `LocalError` when a running simulated cloud holds it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / LOCK_FILE).open("a") as lock:
        for attempt in range(ATTEMPTS):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if attempt == ATTEMPTS - 1:
                raise LocalError(_already_up(state_dir))
            time.sleep(0.05)
        # A run file that is still here was left by a process that was killed.
        run_file = state_dir / RUN_FILE
        run_file.unlink(missing_ok=True)
        try:
            yield
        finally:
            run_file.unlink(missing_ok=True)


def write(cloud: Running) -> None:
    """Write the run file, as a whole or not at all."""
    path = Path(cloud.state_dir) / RUN_FILE
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(asdict(cloud), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def wait_until_gone(state_dir: Path, *, seconds: float) -> bool:
    """Wait until no simulated cloud holds `state_dir`; return whether that happened in time."""
    deadline = time.monotonic() + seconds
    while _is_held(state_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_held(state_dir: Path) -> bool:
    try:
        lock = os.open(state_dir / LOCK_FILE, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _already_up(state_dir: Path) -> str:
    other = running(state_dir)
    who = f" (process {other.pid}, {other.url})" if other else ""
    return f"a simulated cloud is already up in {state_dir}{who}: stop it first"
