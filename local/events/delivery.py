"""Hand events to functions: one at a time for each function, with retries, then to the dead letters.

    event -> attempt 1 -- fails -> delay -> attempt 2 -- fails -> delay -> attempt 3 -- fails -> dead letter
                 |                              |                              |
                 ok                             ok                             ok  -> settled

A message is settled when each function that it is for has returned or has been given up. Until then it stays in the
queue, in flight, so the queue alone shows whether anything is still to be done.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from local.project.message_events import source_of
from local.workers.warm_function import FunctionFailed

Call = Callable[[Any], Mapping[str, Any]]  # of an event to the answer: seconds, and what the function returned
Later = Callable[[float, Callable[[], None]], None]


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one function; `settle` is called once it is done with.

    With `reply`, somebody waits for what the function returns or raises: there is one attempt.
    """

    function: str
    event: Any
    settle: Callable[[], None]
    attempt: int = 1
    reply: Callable[[Mapping[str, Any]], None] | None = None


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to; `again_seconds` is the delay before the next one, None when there is none."""

    delivery: Delivery
    seconds: float
    error: str | None = None
    again_seconds: float | None = None


@dataclass(frozen=True)
class DeadLetter:
    """An event that a function did not handle in any of its attempts."""

    function: str | None
    event: object
    error: str
    attempts: int
    at: str


def dead_letter(function: str | None, event: object, error: str, attempts: int) -> DeadLetter:
    """A dead letter with the current time."""
    return DeadLetter(function, event, error, attempts, datetime.now(UTC).isoformat(timespec="milliseconds"))


def run_later(seconds: float, action: Callable[[], None]) -> None:
    """Run `action` in `seconds` from now, in a thread that keeps no process alive."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


class Lane:
    """The waiting line of one function."""

    def __init__(
        self,
        call: Call,
        *,
        retry_delays: tuple[float, ...],
        report: Callable[[Outcome], None],
        bury: Callable[[DeadLetter], None],
        later: Later = run_later,
    ) -> None:
        self._call = call
        self._retry_delays = retry_delays
        self._report = report
        self._bury = bury
        self._later = later
        self._waiting: queue.SimpleQueue[Delivery] = queue.SimpleQueue()

    def offer(self, delivery: Delivery) -> None:
        """Put a delivery at the end of the line."""
        self._waiting.put(delivery)

    def serve_forever(self) -> None:
        """Take one delivery after the other."""
        while True:
            self.serve_one()

    def serve_one(self) -> None:
        """Wait for the next delivery and make one attempt at it."""
        self.attempt(self._waiting.get())

    def attempt(self, delivery: Delivery) -> None:
        """Call the function once, and settle the delivery, try it again later, or bury it."""
        started = time.monotonic()
        try:
            answer = self._call(delivery.event)
        except FunctionFailed as error:
            self._failed(delivery, str(error), time.monotonic() - started)
            return
        self._report(Outcome(delivery, float(answer.get("seconds", time.monotonic() - started))))
        if delivery.reply:
            delivery.reply({"result": answer.get("result")})
        delivery.settle()

    def _failed(self, delivery: Delivery, error: str, seconds: float) -> None:
        if delivery.reply:
            self._report(Outcome(delivery, seconds, error))
            delivery.reply({"error": error})
            delivery.settle()
            return
        if delivery.attempt <= len(self._retry_delays):
            delay = self._retry_delays[delivery.attempt - 1]
            self._report(Outcome(delivery, seconds, error, delay))
            again = replace(delivery, attempt=delivery.attempt + 1)
            # Other events do not wait behind one that is waiting for its next attempt.
            self._later(delay, lambda: self.offer(again))
            return
        self._report(Outcome(delivery, seconds, error))
        self._bury(dead_letter(delivery.function, delivery.event, error, delivery.attempt))
        delivery.settle()


def settle_after(count: int, done: Callable[[], None]) -> Callable[[], None]:
    """A function that calls `done` when it has been called `count` times, from any threads."""
    left = count
    lock = threading.Lock()

    def settle() -> None:
        nonlocal left
        with lock:
            left -= 1
            last = left == 0
        if last:
            done()

    return settle


def describe(event: object) -> str:
    """An event's name and subject, short enough for a line of a log."""
    if not isinstance(event, Mapping):
        return "event"
    records = event.get("Records") or []
    if source := source_of(event):
        return f"{source[0].upper()} {source[1]}" + (f" ({len(records)} messages)" if len(records) > 1 else "")
    try:
        names = [f"{r['eventName']} {unquote_plus(r['s3']['object']['key'])}" for r in records]
    except (KeyError, TypeError):
        names = []
    if names:
        return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    return str(event.get("detail-type") or event.get("Event") or "event")


def line(outcome: Outcome, *, log: str, now: datetime | None = None) -> str:
    """The line for one attempt; for a failure with the error and its log."""
    at = (now or datetime.now().astimezone()).strftime("%H:%M:%S")
    delivery = outcome.delivery
    state = "ok" if outcome.error is None else "failed"
    text = f"{at} {delivery.function} {describe(delivery.event)} {state} {outcome.seconds:.2f} s"
    if outcome.error is None:
        return text
    again = outcome.again_seconds
    then = f"again in {again:g} s" if again is not None else "given up, now a dead letter"
    if delivery.reply:
        then = "its caller has the error"
    return f"{text} (attempt {delivery.attempt}, {then}): {outcome.error}; log: {log}"
