"""The process that brings events to functions: from the queue, and from the clock through the queue."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local import lifeline
from local.errors import LocalError
from local.events import resources, timer
from local.events.chaos import Chaos, calm
from local.events.delivery import DeadLetter, Delivery, Lane, Later, Outcome, dead_letter, line, run_later, settle_after
from local.project.project import Project
from local.project.triggers import Triggers, functions_for, triggers_of
from local.workers.packaged import handlers, packaged_function
from local.workers.warm_function import WarmFunction, worker_command

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

POLL_SECONDS: Final = 20
BATCH: Final = 10  # the most that SQS hands out at once
LONGEST_ERROR: Final = 10_000  # a dead letter must fit into one SQS message


class Pump:
    """Takes messages from the queue and offers each to the lanes of the functions that it is for."""

    def __init__(
        self,
        triggers: Triggers,
        open_lane: Callable[[str], Lane],
        *,
        sqs: "SQSClient",
        queue_url: str,
        bury: Callable[[DeadLetter], None],
        plan: Callable[[], tuple[float, ...]] = calm,
        later: Later = run_later,
    ) -> None:
        self._triggers = triggers
        self._open_lane = open_lane
        self._lanes: dict[str, Lane] = {}
        self._sqs = sqs
        self._queue_url = queue_url
        self._bury = bury
        self._plan = plan
        self._later = later

    def run(self) -> None:
        """Take batches without end."""
        while True:
            self.take(POLL_SECONDS)

    def take(self, wait_seconds: int) -> None:
        """Wait for messages, and offer those that come."""
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=wait_seconds
        )
        for message in answer.get("Messages", []):
            self._offer(message["Body"], message["ReceiptHandle"])

    def _offer(self, body: str, receipt: str) -> None:
        def delete() -> None:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)

        try:
            event = json.loads(body)
            functions = functions_for(self._triggers, event).functions
        except (ValueError, AttributeError, LocalError) as error:
            self._bury(dead_letter(None, body, str(error), 0))
            functions = ()
        if not functions:
            delete()
            return
        delays = self._plan()
        settle = settle_after(len(functions) * len(delays), delete)
        for function in functions:
            for delay in delays:
                self._deliver(Delivery(function, event, settle), delay)

    def _deliver(self, delivery: Delivery, delay: float) -> None:
        lane = self._lane(delivery.function)
        if delay:
            self._later(delay, lambda: lane.offer(delivery))
        else:
            lane.offer(delivery)

    def _lane(self, function: str) -> Lane:
        if function not in self._lanes:
            lane = self._open_lane(function)
            threading.Thread(target=lane.serve_forever, name=function, daemon=True).start()
            self._lanes[function] = lane
        return self._lanes[function]


class Workshop:
    """The warm functions of a project, with the lanes that lead to them.

    With `handlers`, the project's directory is an unpacked package, and these are its functions.
    """

    def __init__(
        self,
        project: Project,
        state_dir: Path,
        *,
        retry_delays: tuple[float, ...],
        bury: Callable[[DeadLetter], None],
        print_line: Callable[[str], None],
        handlers: Mapping[str, str] | None = None,
    ) -> None:
        self._handlers = handlers
        self._project = project
        self._state_dir = state_dir
        self._retry_delays = retry_delays
        self.bury = bury
        self._print_line = print_line
        self._functions: list[WarmFunction] = []

    def open_lane(self, function: str) -> Lane:
        """A lane to `function`; its process starts at the first event."""
        log = self._state_dir / "logs" / f"{function}.log"
        warm = self._function(function, log)
        self._functions.append(warm)

        def report(outcome: Outcome) -> None:
            self._print_line(line(outcome, log=str(log)))

        return Lane(warm.call, retry_delays=self._retry_delays, report=report, bury=self.bury)

    def _function(self, function: str, log: Path) -> WarmFunction:
        project = self._project
        if self._handlers is not None:
            return packaged_function(project, function, self._handlers[function], log)
        command = worker_command(project.directory, project.stage, function)
        return WarmFunction(
            command, project.directory, project.function(function).timeout_seconds, log, dict(project.outer)
        )

    def close(self) -> None:
        """Kill every function's process."""
        for function in self._functions:
            function.kill()


def main(arguments: list[str] | None = None) -> None:
    """Load the app, set up what its triggers need, report that, and pump until a signal or the parent's end."""
    options = _parser().parse_args(arguments)
    project = Project(options.project, options.stage)
    with os.fdopen(options.ready, "w", encoding="utf-8") as report:
        try:
            app = project.load()
            triggers = triggers_of(app)
            bells = timer.bells(triggers.schedules, datetime.now(UTC))
            endpoint_url = os.environ["AWS_ENDPOINT_URL"]
            s3, sqs = resources.clients(endpoint_url)
            queues = resources.set_up(triggers, s3=s3, sqs=sqs)
        except LocalError as error:
            report.write(json.dumps({"error": str(error)}) + "\n")
            return
        ready = {
            "endpoint_url": endpoint_url,
            "buckets": triggers.buckets,
            "queue_url": queues.events,
            "dead_letter_queue_url": queues.dead_letters,
            "not_simulated": triggers.not_simulated,
        }
        report.write(json.dumps(ready) + "\n")
    workshop = _workshop(project, sqs, queues, options, handlers(app) if options.packaged else None)
    _end_with(workshop)
    _start_timer(bells, sqs, queues)
    plan = calm if options.chaos is None else Chaos(options.chaos)
    Pump(triggers, workshop.open_lane, sqs=sqs, queue_url=queues.events, bury=workshop.bury, plan=plan).run()


def _workshop(
    project: Project,
    sqs: "SQSClient",
    queues: resources.Queues,
    options: argparse.Namespace,
    packaged: Mapping[str, str] | None,
) -> Workshop:
    def bury(letter: DeadLetter) -> None:
        short = asdict(letter) | {"error": letter.error[:LONGEST_ERROR]}
        sqs.send_message(QueueUrl=queues.dead_letters, MessageBody=json.dumps(short))

    delays = tuple(options.retry_delays)
    return Workshop(
        project, options.state_dir, retry_delays=delays, bury=bury, print_line=_print_line, handlers=packaged
    )


def _start_timer(bells: tuple[timer.Bell, ...], sqs: "SQSClient", queues: resources.Queues) -> None:
    # A ring goes through the queue, so that an empty queue means that nothing is left to do.
    def send(event: dict[str, Any]) -> None:
        sqs.send_message(QueueUrl=queues.events, MessageBody=json.dumps(event))

    threading.Thread(target=timer.keep_ringing, args=(bells, send), name="timer", daemon=True).start()


def _end_with(workshop: Workshop) -> None:
    """Leave no function's process behind, however this process is asked to end."""

    def end() -> None:
        workshop.close()
        lifeline.end_group()

    def fail(failure: threading.ExceptHookArgs) -> None:
        # A thread that died alone would leave its function without events, and nothing would say so.
        sys.__excepthook__(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback)
        sys.stderr.flush()
        workshop.close()
        os._exit(1)

    threading.excepthook = fail
    signal.signal(signal.SIGTERM, lambda _number, _frame: end())
    lifeline.follow_parent(end)


def _print_line(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--retry-delays", type=float, nargs="*", default=[])
    parser.add_argument("--chaos", type=int, help="a seed: double, delay and reorder events")
    parser.add_argument("--packaged", action="store_true", help="the project is an unpacked package")
    parser.add_argument("--ready", type=int, required=True, help="an inherited descriptor to report on")
    return parser


if __name__ == "__main__":
    main()
