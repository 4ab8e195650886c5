"""moto's S3 and SQS as they were kept: objects whose bodies stay in their files, and the messages that waited.

Files that a person put into the plain tree, changed or removed are taken as uploads and removals. The events of such
uploads are sent as soon as an app asks for its bucket's events, which it does at every start.
"""

import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.sqs.models import Message, Queue, SQSBackend

from local.environment import REGION
from local.servers.bucket_tree import BucketTree, Record, Version, md5_of
from local.servers.message_files import MessageFiles
from local.servers.stored_objects import key_of, marker_of, message_of, modified_at, modified_ns

PARTITION: Final = "aws"
MADE_BY_HAND: Final = {"storage_class": "STANDARD", "metadata": {"Content-Type": "binary/octet-stream"}}


def load(tree: BucketTree, messages: MessageFiles) -> None:
    """Read everything that was kept, once what a killed process left half done is either done or undone."""
    # First of all, since a record that is settled may be gone, and with it the sign that its request happened.
    messages.resolve(lambda: {record["write"] for bucket in tree.buckets() for record in tree.records(bucket)})
    loading = _Loading(tree)
    for bucket in tree.buckets():
        loading.load_bucket(bucket)
    waiting: defaultdict[str, list[Message]] = defaultdict(list)
    for name, document in messages.read():
        waiting[document["queue"]].append(message_of(name, document))
    _send_once_asked_for(loading.by_hand)
    _deliver_once_there(waiting, messages)


def put_versions(tree: BucketTree, bucket: FakeBucket, backend: S3Backend, record: Record) -> None:
    """Give a bucket of moto's the versions of a record, in place of those that it has."""
    versions: list[FakeKey | FakeDeleteMarker] = []
    for version in record["versions"]:
        if "body" in version:
            body = tree.stored_body(bucket.name, record, version)
            versions.append(key_of(record["key"], version, body, bucket, backend))
        else:
            versions.append(marker_of(version, versions[-1]))
    dict.__setitem__(bucket.keys, record["key"], versions)


@dataclass
class _Loading:
    tree: BucketTree
    by_hand: list[tuple[FakeBucket, str]] = field(default_factory=list)

    def load_bucket(self, name: str) -> None:
        settings = self.tree.bucket_settings(name)
        if not settings:
            settings = {"account": DEFAULT_ACCOUNT_ID, "region": REGION, "versioning": None}
            self.tree.write_bucket(name, settings)
        backend = s3_backends[settings["account"]][PARTITION]
        bucket = FakeBucket(name, settings["account"], settings["region"])
        bucket.versioning_status = settings["versioning"]
        backend.buckets[name] = bucket
        for record, is_new in self._records(name):
            if record["versions"]:
                put_versions(self.tree, bucket, backend, record)
            if record["versions"] and is_new:
                self.by_hand.append((bucket, record["key"]))

    def _records(self, bucket: str) -> Iterator[tuple[Record, bool]]:
        """Each key's record, and whether a person made its newest version."""
        away = self.tree.bodies(bucket)
        files = {path: (key, status) for path, key, status in self.tree.placed(bucket)}
        needed: set[str] = set()
        for record in self.tree.records(bucket):
            is_new = self._complete(bucket, record, away, files)
            needed |= {version["body"] for version in record["versions"] if "body" in version}
            yield record, is_new
        self.tree.drop_bodies(bucket, away - needed)
        for path, (key, status) in sorted(files.items()):
            if not any(part.startswith(".") for part in key.split("/")):
                record = Record(key=key, write="", plain=True, versions=[])
                yield self._adopt(bucket, record, Path(path), status), True

    def _complete(
        self, bucket: str, record: Record, away: set[str], files: dict[str, tuple[str, os.stat_result]]
    ) -> bool:
        """Finish what was interrupted, and see whether a person changed the file; whether that was so."""
        if not record["plain"]:
            return False
        path = self.tree.place(bucket, record["key"])
        _, status = files.pop(str(path), (None, None))
        *older, newest = [version.get("body") for version in record["versions"]] or [None]
        if not record["versions"] or newest in away or any(body not in away for body in older if body):
            self.tree.settle(bucket, record)
            return False
        if status is not None:
            return self._is_changed(bucket, record, path, status)
        if newest is not None:
            record["versions"].pop()
            self._write(bucket, record)
        return False

    def _is_changed(self, bucket: str, record: Record, path: Path, status: os.stat_result) -> bool:
        """Whether a person changed the file in a key's place; if so it becomes the newest version."""
        version = record["versions"][-1]
        if "body" in version:
            expected = modified_ns(version["modified"])
            if status.st_mtime_ns == expected and status.st_size == version["size"]:
                return False
            if md5_of(path) == version["md5"]:
                os.utime(path, ns=(expected, expected))  # a copy without its times
                return False
            record["versions"].pop()
        self._adopt(bucket, record, path, status)
        return True

    def _adopt(self, bucket: str, record: Record, path: Path, status: os.stat_result) -> Record:
        """Take a file that a person put or changed as the key's newest version."""
        digest = md5_of(path)
        version: Version = {"version_id": "null", "modified": modified_at(status.st_mtime_ns), "body": uuid.uuid4().hex}
        fields: dict[str, Any] = {**MADE_BY_HAND, "etag": digest}
        record["versions"].append({**version, "size": status.st_size, "md5": digest, "fields": fields})
        self._write(bucket, record)
        return record

    def _write(self, bucket: str, record: Record) -> None:
        record["write"] = uuid.uuid4().hex
        self.tree.prepare(bucket, record)
        self.tree.commit(bucket, record["key"])
        self.tree.settle(bucket, record)


def _send_once_asked_for(by_hand: list[tuple[FakeBucket, str]]) -> None:
    """Send the events of a person's uploads when their bucket's events are first asked for."""
    configure = S3Backend.put_bucket_notification_configuration

    def configured(backend: S3Backend, bucket_name: str, *arguments: Any) -> None:  # noqa: ANN401
        configure(backend, bucket_name, *arguments)
        asked = [(bucket, key) for bucket, key in by_hand if bucket.name == bucket_name]
        by_hand[:] = [(bucket, key) for bucket, key in by_hand if bucket.name != bucket_name]
        for bucket, key in asked:
            if found := bucket.keys.get(key):
                created = notifications.S3NotificationEvent.OBJECT_CREATED_PUT_EVENT
                notifications.send_event(backend.account_id, created, bucket, found)

    S3Backend.put_bucket_notification_configuration = configured


def _deliver_once_there(waiting: dict[str, list[Message]], messages: MessageFiles) -> None:
    """Put the messages that waited into their queues when these are made; those that are too old are dropped."""
    create = SQSBackend.create_queue

    def created(backend: SQSBackend, name: str, *arguments: Any, **named: Any) -> Queue:  # noqa: ANN401
        queue = create(backend, name, *arguments, **named)
        for message in sorted(waiting.pop(name, []), key=lambda each: each.sent_timestamp):
            if backend.is_message_valid_based_on_retention_period(name, message):
                queue._messages.append(message)  # noqa: SLF001  (add_message would count it as sent now)
            else:
                messages.drop(message.id)
        return queue

    SQSBackend.create_queue = created
