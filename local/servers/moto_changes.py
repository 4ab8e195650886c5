"""What requests change in moto's S3 and SQS, noted as it happens: keys, buckets, and the messages of queues."""

from dataclasses import dataclass, field
from typing import Any

from moto.s3.models import FakeBucket, S3Backend
from moto.s3.utils import _VersionedKeyStore
from moto.sqs.models import Message, Queue, SQSBackend


@dataclass
class Changes:
    """What has changed since the last `take`; keys by bucket and name, messages with their queue."""

    keys: dict[tuple[str, str], None] = field(default_factory=dict)
    buckets: dict[str, None] = field(default_factory=dict)
    sent: list[tuple[Queue, Message]] = field(default_factory=list)
    settled: list[Message] = field(default_factory=list)

    def take(self) -> "Changes":
        """All changes; from here on there are none."""
        taken = Changes(self.keys, self.buckets, self.sent, self.settled)
        self.keys, self.buckets, self.sent, self.settled = {}, {}, [], []
        return taken

    def __bool__(self) -> bool:
        return bool(self.keys or self.buckets or self.sent or self.settled)


class _WatchedKeys(_VersionedKeyStore):  # type: ignore[misc]
    """A bucket's keys that note which of them change."""

    def __init__(self, bucket: str, changes: Changes) -> None:
        super().__init__()
        self._bucket, self._changes = bucket, changes

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401  (moto has no types)
        super().__setitem__(key, value)
        self._changes.keys[self._bucket, key] = None

    def setlist(self, key: str, list_: Any) -> None:  # noqa: ANN401
        """Replace all versions of a key."""
        super().setlist(key, list_)
        self._changes.keys[self._bucket, key] = None

    def pop(self, key: str) -> None:
        """Remove all versions of a key."""
        super().pop(key)
        self._changes.keys[self._bucket, key] = None


def watch(changes: Changes) -> None:
    """Have moto note in `changes` what requests change, in this process and from now on."""
    _watch_buckets(changes)
    _watch_queues(changes)


def _watch_buckets(changes: Changes) -> None:
    make, delete, version = FakeBucket.__init__, S3Backend.delete_bucket, S3Backend.put_bucket_versioning

    def made(bucket: FakeBucket, name: str, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        make(bucket, name, *arguments, **named)
        bucket.keys = _WatchedKeys(name, changes)
        changes.buckets[name] = None

    def deleted(backend: S3Backend, bucket_name: str) -> Any:  # noqa: ANN401
        changes.buckets[bucket_name] = None
        return delete(backend, bucket_name)

    def versioned(backend: S3Backend, bucket_name: str, status: str) -> None:
        changes.buckets[bucket_name] = None
        version(backend, bucket_name, status)

    FakeBucket.__init__, S3Backend.delete_bucket, S3Backend.put_bucket_versioning = made, deleted, versioned


def _watch_queues(changes: Changes) -> None:
    add, delete = Queue.add_message, Queue.delete_message
    purge, remove = SQSBackend.purge_queue, SQSBackend.delete_queue

    def added(queue: Queue, message: Message) -> None:
        changes.sent.append((queue, message))
        add(queue, message)

    def deleted(queue: Queue, receipt_handle: str) -> None:
        changes.settled += [m for m in queue._messages if m.had_receipt_handle(receipt_handle)]  # noqa: SLF001
        delete(queue, receipt_handle)

    def purged(backend: SQSBackend, queue_name: str) -> None:
        changes.settled += backend.get_queue(queue_name)._messages  # noqa: SLF001
        purge(backend, queue_name)

    def removed(backend: SQSBackend, queue_name: str) -> None:
        changes.settled += backend.get_queue(queue_name)._messages  # noqa: SLF001
        remove(backend, queue_name)

    Queue.add_message, Queue.delete_message = added, deleted
    SQSBackend.purge_queue, SQSBackend.delete_queue = purged, removed
