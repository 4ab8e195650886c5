"""A function under AWS's own runtime client: a warm process that asks a Runtime API for its events."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from local.workers.runtime_api import TOO_LARGE, RuntimeApi
from local.workers.warm_function import LOADING_SECONDS, PEEK_SECONDS, FunctionFailed, WarmFunction


@dataclass
class RuntimeFunction(WarmFunction):
    """One function's process, which speaks Lambda's protocol; `arn` is its name there."""

    arn: str = ""
    _api: RuntimeApi | None = field(default=None, init=False)

    def end(self) -> None:
        """Kill the process and all that it has started, and stop answering it."""
        super().end()
        if self._api is not None:
            self._api.close()
            self._api = None

    def _start(self) -> subprocess.Popen[bytes]:
        self._api = RuntimeApi(arn=self.arn, timeout_seconds=self.timeout_seconds)
        environ = {
            **(os.environ if self.environ is None else self.environ),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
        }
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=environ,
                start_new_session=True,
            )
        self._process, self._answers = process, os.open(os.devnull, os.O_RDONLY)
        ready = self._answer(process, LOADING_SECONDS)
        if not ready["ready"]:
            self.end()
            raise FunctionFailed(ready["error"])
        return process

    def _send(self, process: subprocess.Popen[bytes], event: object) -> None:
        del process
        if self._api is not None:
            self._api.send(json.dumps(event).encode())

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """Wait for what the process says; its death is asked for too."""
        deadline, api = time.monotonic() + seconds, self._api
        while api is not None:
            dead = process.poll() is not None
            with contextlib.suppress(queue.Empty):
                message = api.messages.get(timeout=PEEK_SECONDS)
                if (message["error"] or "").startswith(TOO_LARGE):
                    self.end()  # the client's native part gives up when an answer is not taken
                return message
            if dead:
                break
            if time.monotonic() > deadline:
                self.end()
                raise FunctionFailed(f"Task timed out after {seconds:.2f} seconds")
        raise FunctionFailed(self._obituary(process))
