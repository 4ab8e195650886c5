"""The supervisor's child processes: started together, ended together, none left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.environment import LOOPBACK
from local.errors import LocalError

GRACE_SECONDS: Final = 3.0
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Child:
    """One process and the log that it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise `LocalError` if the process has ended."""
        code = self.process.poll()
        if code is None:
            return
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        raise LocalError(f"the {self.name} process ended unexpectedly ({how}), so all of them end; its log: {self.log}")

    def end(self) -> None:
        """Ask the process to end, and kill it if it has not after `GRACE_SECONDS`."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        # Each child leads a group of its own; what it has started ends with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@dataclass
class Children:
    """A context in which child processes live."""

    directory: Path
    logs: Path
    environ: Mapping[str, str]
    _all: list[Child] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._all):
            child.end()

    def start(self, module: str, arguments: Iterable[str], *, fd: int, prints: bool = False) -> Child:
        """Start `python -m <module>` with the descriptor `fd`; one that `prints` writes to our own standard output.

        Its standard input is its lifeline: a pipe that closes when this process ends, in whatever way.
        """
        name = module.rpartition(".")[2]
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=None if prints else output,
                stderr=output,
                pass_fds=[fd],
                cwd=self.directory,
                env=dict(self.environ),
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor alone
            )
        child = Child(name, process, log)
        self._all.append(child)
        return child

    def check(self) -> None:
        """Raise `LocalError` that names the first child that has ended."""
        for child in self._all:
            child.check()


def importable(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with this package on Python's path, wherever the process starts."""
    paths = [str(ROOT), *filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "PYTHONUNBUFFERED": "1"}


def listen(port: int, purpose: str) -> socket.socket:
    """A socket that listens on loopback; port 0 takes a free one.

    Bound here and inherited, so that a taken port is noticed before anything starts.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise LocalError(
            f"cannot listen on {LOOPBACK}:{port} for {purpose}: {error.strerror}. "
            "Stop what listens there, or choose another port"
        ) from error
    return listening
