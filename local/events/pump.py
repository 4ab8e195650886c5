"""The process that brings events to functions: from the queue, and from the clock through the queue."""

import argparse
import functools
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local import lifeline
from local.errors import LocalError
from local.events import resources, timer
from local.events.chaos import Chaos, calm
from local.events.delivery import DeadLetter
from local.events.dispatcher import Dispatcher
from local.events.invoking import answer_at
from local.events.workshop import Workshop
from local.project.project import Project
from local.project.triggers import triggers_of
from local.workers.packaged import handlers

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST_ERROR: Final = 10_000  # a dead letter must fit into one SQS message


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
            queues = resources.set_up(triggers, s3=s3, sqs=sqs, sns=resources.client_of("sns", endpoint_url))
        except LocalError as error:
            report.write(json.dumps({"error": str(error)}) + "\n")
            return
        ready = {
            "endpoint_url": endpoint_url,
            "buckets": triggers.buckets,
            "queue_url": queues.events,
            "dead_letter_queue_url": queues.dead_letters,
            "app_queue_urls": list(queues.of_app.values()),
            "not_simulated": triggers.not_simulated,
        }
        report.write(json.dumps(ready) + "\n")
    workshop = _workshop(project, sqs, queues, options, handlers(app) if options.packaged else None)
    _end_with(workshop)
    _start_timer(bells, sqs, queues)
    plan = calm if options.chaos is None else Chaos(options.chaos)
    dispatcher = Dispatcher(
        triggers,
        workshop.open_lane,
        sqs=sqs,
        queue_url=queues.events,
        bury=workshop.bury,
        answer=functools.partial(answer_at, endpoint_url),
        names={project.deployed_name(name): name for name in triggers.functions},
        plan=plan,
    )
    for trigger in triggers.queues:
        poll = functools.partial(dispatcher.poll_queue, trigger, queues.of_app[trigger.queue])
        threading.Thread(target=poll, name=trigger.queue, daemon=True).start()
    dispatcher.run()


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
