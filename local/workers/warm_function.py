"""The other end of a worker: start it at the first event, keep it warm, kill it at its timeout."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.errors import LocalError

LOADING_SECONDS: Final = 120.0  # a cold laptop may read a large library from disk for the first time
PEEK_SECONDS: Final = 0.2


class FunctionFailed(Exception):
    """An invocation failed; the message is the error on one line."""


def worker_command(project: Path, stage: str, function: str) -> list[str]:
    """The command of a function that runs from the working tree."""
    return [sys.executable, "-P", "-u", "-m", "local.workers.worker", str(project), function, "--stage", stage]


@dataclass
class WarmFunction:
    """One function's process, started by `command`; at most one invocation runs in it at a time."""

    command: list[str]
    directory: Path
    timeout_seconds: float
    log: Path
    environ: dict[str, str] | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _answers: int = field(default=-1, init=False)
    _unread: bytes = field(default=b"", init=False)

    def call(self, event: object) -> float:
        """Run the function on `event` and return the seconds that it took; raise `FunctionFailed`."""
        started = time.monotonic()
        return float(self.ask(event).get("seconds", time.monotonic() - started))

    def ask(self, event: object) -> dict[str, Any]:
        """Run the function on `event` and return its process's whole answer; raise `FunctionFailed`.

        After a death or a timeout the next call gets a fresh process.
        """
        process = self._process
        if process is None or process.poll() is not None:
            self.end()
            process = self._start()
        self._send(process, event)
        answer = self._answer(process, self.timeout_seconds)
        if answer["error"] is not None:
            raise FunctionFailed(answer["error"])
        return answer

    def end(self) -> None:
        """Kill the process and all that it has started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        os.close(self._answers)
        self._process, self._answers, self._unread = None, -1, b""

    def kill(self) -> None:
        """Kill the process from any thread, whatever it is doing; nothing can be called afterwards."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _start(self) -> subprocess.Popen[bytes]:
        answers, theirs = os.pipe()
        command = [*self.command, "--answers", str(theirs)]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs],
                    cwd=self.directory,
                    env=self.environ,
                    start_new_session=True,
                )
        finally:
            os.close(theirs)
        self._process, self._answers = process, answers
        ready = self._answer(process, LOADING_SECONDS)
        if not ready["ready"]:
            self.end()
            raise FunctionFailed(ready["error"])
        return process

    def _send(self, process: subprocess.Popen[bytes], event: object) -> None:
        if process.stdin is None:
            raise LocalError(f"the process of {self.log.stem} has no standard input")
        try:
            process.stdin.write(json.dumps(event).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            # It died since the last call; reading its answer shows how.
            return

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """Wait for one line; a process that it started may hold the pipe open, so its death is checked for too."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                self.end()
                raise FunctionFailed(f"Task timed out after {seconds:.2f} seconds")
            dead = process.poll() is not None
            readable, _, _ = select.select([self._answers], [], [], 0 if dead else min(remaining, PEEK_SECONDS))
            chunk = os.read(self._answers, 65536) if readable else b""
            self._unread += chunk
            if not chunk and (readable or dead):
                raise FunctionFailed(self._obituary(process))
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _obituary(self, process: subprocess.Popen[bytes]) -> str:
        code = self._wait_for_death(process)
        self.end()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return f"the function's process ended before it answered: {how}"

    @staticmethod
    def _wait_for_death(process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            # It has closed its answers but lives on: no answer will ever come.
            process.kill()
            return process.wait()
