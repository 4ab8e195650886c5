"""Messages on their way from the queues to the lanes of the functions that they are for."""

import functools
import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from local.errors import LocalError
from local.events.chaos import calm
from local.events.delivery import DeadLetter, Delivery, Lane, Later, dead_letter, run_later, settle_after
from local.events.invoking import Invocation, invocation_in
from local.project.message_events import is_notification, sns_event, sqs_event
from local.project.triggers import QueueTrigger, Triggers, functions_for

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

POLL_SECONDS: Final = 20
BATCH: Final = 10  # the most that SQS hands out at once


class Dispatcher:
    """Takes messages from the queue and offers each to the lanes of the functions that it is for."""

    def __init__(
        self,
        triggers: Triggers,
        open_lane: Callable[[str], Lane],
        *,
        sqs: "SQSClient",
        queue_url: str,
        bury: Callable[[DeadLetter], None],
        answer: Callable[[Invocation, Mapping[str, Any]], None] = lambda _invocation, _answer: None,
        names: Mapping[str, str] | None = None,
        plan: Callable[[], tuple[float, ...]] = calm,
        later: Later = run_later,
    ) -> None:
        self._triggers = triggers
        self._open_lane = open_lane
        self._lanes: dict[str, Lane] = {}
        self._sqs = sqs
        self._queue_url = queue_url
        self._bury = bury
        self._answer = answer
        self._names = {**(names or {}), **{name: name for name in triggers.functions}}
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
            if invocation := invocation_in(event):
                self._invoke(invocation, delete)
                return
            event = sns_event(event) if is_notification(event) else event
            functions = functions_for(self._triggers, event).functions
        except (ValueError, AttributeError, LocalError) as error:
            self._bury(dead_letter(None, body, str(error), 0))
            functions = ()
        if not functions:
            delete()
            return
        self._send(functions, event, delete)

    def _send(self, functions: tuple[str, ...], event: Mapping[str, Any], settle: Callable[[], None]) -> None:
        delays = self._plan()
        settle_one = settle_after(len(functions) * len(delays), settle)
        for function in functions:
            for delay in delays:
                self._deliver(Delivery(function, event, settle_one), delay)

    def _invoke(self, invocation: Invocation, settle: Callable[[], None]) -> None:
        """Call the function that somebody asked for by name; who waits for its result gets one answer, unrepeated."""
        function = self._names.get(invocation.name)
        if function is None:
            self._answer(invocation, {"unknown": sorted(self._triggers.functions)})
            settle()
        elif not invocation.waits:
            self._send((function,), invocation.payload, settle)
        elif not invocation.is_stale:
            reply = functools.partial(self._answer, invocation)
            self._deliver(Delivery(function, invocation.payload, settle, reply=reply), 0.0)
        else:
            settle()

    def poll_queue(self, trigger: QueueTrigger, queue_url: str) -> None:
        """Take batches of one of the app's own queues, without end."""
        while True:
            self.take_batch(trigger, queue_url, POLL_SECONDS)

    def take_batch(self, trigger: QueueTrigger, queue_url: str, wait_seconds: int) -> None:
        """Wait for messages of one of the app's own queues, and send them to its function as one event."""
        every: Any = ["All"]
        messages = self._sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(trigger.batch_size, BATCH),
            WaitTimeSeconds=wait_seconds,
            AttributeNames=every,
            MessageAttributeNames=every,
        ).get("Messages", [])

        def delete() -> None:
            for message in messages:
                self._sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])

        if messages:
            self._send((trigger.function,), sqs_event(trigger.queue, messages), delete)

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
