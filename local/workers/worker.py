"""A warm function: one process that loads the app and answers one event after the other.

Events come as JSON lines on standard input; answers go as JSON lines to a descriptor of their own, so that
whatever the function prints goes to its log and cannot be taken for an answer.
"""

import argparse
import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from local import lifeline
from local.errors import LocalError
from local.project.invoke import context_for, handler, invoke
from local.project.project import FunctionSettings, Project

if TYPE_CHECKING:
    from chalice.app import Chalice


def main(arguments: list[str] | None = None) -> None:
    """Load the app, say so, and serve events until standard input ends."""
    options = _parser().parse_args(arguments)
    events = _take_over_standard_input()
    os.set_inheritable(options.answers, False)
    with os.fdopen(options.answers, "w", encoding="utf-8") as answers:
        project = Project(options.project, options.stage)
        try:
            os.environ.update(project.lambda_variables(options.function))
            app = project.load(options.function)
            handler(app, options.function)
        except LocalError as error:
            print(error, file=sys.stderr)
            _answer(answers, {"ready": False, "error": str(error)})
            return
        _answer(answers, {"ready": True})
        settings = project.function(options.function)
        while True:
            _serve(app, settings, events.get(), answers)


def _serve(app: "Chalice", settings: FunctionSettings, line: str, answers: TextIO) -> None:
    context = context_for(settings)
    print(f"START RequestId: {context.aws_request_id}", flush=True)
    done = invoke(app, settings, json.loads(line), context=context)
    if done.traceback:
        print(done.traceback, file=sys.stderr, flush=True)
    print(f"END RequestId: {context.aws_request_id} Duration: {done.seconds * 1000:.2f} ms", flush=True)
    _answer(answers, {"error": done.error, "seconds": done.seconds, "result": done.result})


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _take_over_standard_input() -> queue.SimpleQueue[str]:
    """Read events from a thread, which also notices the parent's end while a function runs."""
    events: queue.SimpleQueue[str] = queue.SimpleQueue()
    pipe = lifeline.take_standard_input()

    def read() -> None:
        with os.fdopen(pipe, encoding="utf-8") as lines:
            for line in lines:
                events.put(line)
        lifeline.end_group()

    threading.Thread(target=read, name="events", daemon=True).start()
    return events


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("function")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--answers", type=int, required=True, help="an inherited descriptor to answer on")
    return parser


if __name__ == "__main__":
    main()
