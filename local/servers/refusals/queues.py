"""SQS: the name of a queue that was deleted is free only a minute later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend

if TYPE_CHECKING:
    from local.servers.refusals.settling import Settling

NAME = "queue name"
_create = SQSBackend.create_queue
_delete = SQSBackend.delete_queue


class QueueDeletedRecently(SQSException):  # type: ignore[misc]  # moto has no types
    """The name is not free yet."""

    def __init__(self) -> None:
        words = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        super().__init__("AWS.SimpleQueueService.QueueDeletedRecently", words)


def apply(settling: Settling) -> None:
    """Refuse what SQS refuses."""

    def create(backend: SQSBackend, name: str, *more: Any, **named: Any) -> Queue:  # noqa: ANN401  (moto has no types)
        if name not in backend.queues and settling.left(NAME, f"{backend.region_name}/{name}"):
            raise QueueDeletedRecently
        return _create(backend, name, *more, **named)

    def delete(backend: SQSBackend, queue_name: str) -> None:
        _delete(backend, queue_name)
        settling.begin(NAME, f"{backend.region_name}/{queue_name}")

    SQSBackend.create_queue = create
    SQSBackend.delete_queue = delete
