"""A function under AWS's own runtime client: what it answers, what it raises, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.workers.packaged import runtime_command
from local.workers.runtime_api import MOST_BYTES
from local.workers.runtime_function import RuntimeFunction
from local.workers.warm_function import FunctionFailed
from tests.support.patience import eventually
from tests.support.processes import alive, family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HANDLERS = """
import json, os, time
CALLS = []

def echo(event, context):
    CALLS.append(event)
    return {"event": event, "calls": len(CALLS), "name": context.function_name, "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id, "pid": os.getpid()}

def fail(event, context):
    raise ValueError(f"no good: {event}")

def sleep(event, context):
    time.sleep(60)

def end(event, context):
    os._exit(3)

def large(event, context):
    return "x" * event

def unspeakable(event, context):
    return {1, 2}
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RuntimeFunction]]:
    """Start a handler of the module above, isolated, with a second for each event."""
    folder, started = tmp_path / "function", []
    folder.mkdir()
    (folder / "own.py").write_text(HANDLERS)
    (folder / "broken.py").write_text("import no_such_package\ndef handler(event, context): pass\n")

    def start(handler: str, timeout_seconds: float = 20.0) -> RuntimeFunction:
        command = runtime_command([str(folder)], handler, isolated=True)
        environ = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "own"}
        log = tmp_path / "own.log"
        started.append(RuntimeFunction(command, folder, timeout_seconds, log, environ, arn="arn:own"))
        return started[-1]

    yield start
    for function in started:
        function.end()


def test_it_answers_and_stays_warm(start: Callable[..., RuntimeFunction]) -> None:
    function = start("own.echo")
    first, second = (function.ask({"number": number})["result"] for number in (1, 2))
    assert (first["event"], first["name"], first["arn"]) == ({"number": 1}, "own", "arn:own")
    assert (first["calls"], second["calls"]) == (1, 2)
    assert 0 < first["left"] <= 20_000
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    ("handler", "event", "error"),
    [
        ("own.fail", 7, r"^ValueError: no good: 7$"),
        ("own.end", None, r"ended before it answered: exit status 3"),
        ("own.large", MOST_BYTES, r"^Function\.ResponseSizeTooLarge: .*6291556 bytes"),
        ("own.unspeakable", None, r"^Runtime\.MarshalError: .*set"),
        ("own.nothing", None, r"^Runtime\.HandlerNotFound: Handler 'nothing' missing"),
        ("broken.handler", None, r"^Runtime\.ImportModuleError: .*no_such_package"),
    ],
    ids=["raises", "ends", "too large", "cannot be spelled", "no handler", "no package"],
)
def test_what_goes_wrong_is_said_as_lambda_says_it(
    start: Callable[..., RuntimeFunction], handler: str, event: object, error: str
) -> None:
    function = start(handler)
    for _ in range(2):  # the second time with a fresh process where the first has ended
        with pytest.raises(FunctionFailed, match=error):
            function.ask(event)


def test_an_answer_of_just_six_megabytes_passes(start: Callable[..., RuntimeFunction]) -> None:
    answer = start("own.large").ask(MOST_BYTES - 2)["result"]
    assert len(answer) == MOST_BYTES - 2


def test_a_call_that_takes_too_long_ends_with_its_process(start: Callable[..., RuntimeFunction]) -> None:
    function = start("own.sleep", 1.0)
    with pytest.raises(FunctionFailed, match=r"^Task timed out after 1\.00 seconds$"):
        function.ask(None)
    assert function._process is None


def test_a_function_ends_with_whoever_started_it(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from local.workers.packaged import runtime_command\n"
        "from local.workers.runtime_function import RuntimeFunction\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "(folder / 'own.py').write_text('import os\\ndef handler(event, context): return os.getpid()\\n')\n"
        "command = runtime_command([str(folder)], 'own.handler', isolated=True)\n"
        "function = RuntimeFunction(command, folder, 20.0, folder / 'log', None)\n"
        "print(function.ask(None)['result'], flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        (child,) = family(int(parent.stdout.readline()))
        parent.kill()
    eventually(lambda: not alive(child), "the function ends")
