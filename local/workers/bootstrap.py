"""Lambda's side of a packaged function: run by file in an isolated interpreter, it imports nothing but the package.

    python -I -S bootstrap.py --handler module.function --answers FD FOLDER...

The folders alone, and the standard library, are on Python's path. Events come as JSON lines on standard input; an
answer to each goes to the descriptor, as `local.workers.worker` gives it, with the result.
"""

import argparse
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
import uuid
from typing import Any, TextIO


class Context:
    """The context of a call, as Lambda gives it to a function."""

    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, name: str, memory_mb: int, timeout_seconds: float) -> None:
        self.function_name = name
        self.memory_limit_in_mb = memory_mb
        self.aws_request_id = str(uuid.uuid4())
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        self.log_group_name = f"/aws/lambda/{name}"
        self.log_stream_name = "local"
        self._ends = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """How long the call may go on."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


def main() -> None:
    """Import the handler, say so, and serve events until standard input ends."""
    options = _parser().parse_args()
    sys.path[:0] = options.folders
    events: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(events,), name="events", daemon=True).start()
    os.set_inheritable(options.answers, False)
    with os.fdopen(options.answers, "w", encoding="utf-8") as answers:
        module, _, name = options.handler.rpartition(".")
        try:
            handler = getattr(importlib.import_module(module), name)
        except BaseException as error:  # noqa: BLE001  (whatever a package may raise while it is imported)
            traceback.print_exc()
            _answer(answers, {"ready": False, "error": _line(error)})
            return
        _answer(answers, {"ready": True})
        while True:
            context = Context(options.name, options.memory, options.timeout)
            _serve(handler, json.loads(events.get()), context, answers)


def _serve(handler: Any, event: object, context: Context, answers: TextIO) -> None:  # noqa: ANN401  (anything callable)
    started = time.perf_counter()
    try:
        result, error = handler(event, context), None
    except (Exception, SystemExit) as failure:  # noqa: BLE001  (the edge of a function: Lambda reports all of these)
        traceback.print_exc()
        result, error = None, _line(failure)
    _answer(answers, {"error": error, "seconds": time.perf_counter() - started, "result": result})


def _line(error: BaseException) -> str:
    return " ".join(traceback.format_exception_only(error)[-1].split())


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _read(events: "queue.SimpleQueue[str]") -> None:
    """Take events, and notice the parent's end while a function runs."""
    for line in sys.stdin:
        events.put(line)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--handler", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--memory", type=int, required=True, help="MB")
    parser.add_argument("--timeout", type=float, required=True, help="seconds")
    parser.add_argument("--answers", type=int, required=True, help="an inherited descriptor to answer on")
    return parser


if __name__ == "__main__":
    main()
