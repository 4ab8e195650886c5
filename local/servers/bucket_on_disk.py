"""moto's S3 and SQS, kept on disk: all that a request changes is written before the request is answered.

Objects with their versions, the buckets and the messages that wait are kept. Uploads in parts that were not completed,
access lists and the other settings of buckets are not. An event that was sent and not yet handled is still in its queue
at the next start, so what arrived while no function ran is handled then.
"""

import errno
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends

from local.servers.bucket_loading import load, put_versions
from local.servers.bucket_tree import BucketTree, Record, Version
from local.servers.message_files import MessageFiles
from local.servers.moto_changes import Changes, watch
from local.servers.stored_objects import keep_in, message_document, modified_ns, stored_body_of, version_of

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class NotKept(Exception):
    """A request's changes cannot be written and are undone; the text says why and what to do."""


@dataclass(frozen=True)
class _Step:
    """A key's next record, which is prepared, and the one that it replaces."""

    bucket: FakeBucket
    record: Record
    previous: Record | None


class BucketOnDisk:
    """Keeps what moto holds in `directory`; there can be one in a process."""

    def __init__(self, directory: Path) -> None:
        self._tree = BucketTree(directory)
        self._tree.open()
        self._messages = MessageFiles.under(directory)
        self._changes = Changes()
        watch(self._changes)
        load(self._tree, self._messages)
        self._changes.take()

    def save(self, touched: tuple[str, str] | None = None) -> None:
        """Write all that has changed since the last call; `touched` is the bucket and key that a request named.

        Raise `NotKept` when it cannot be written, with nothing changed in moto either.
        """
        changes = self._changes.take()
        if touched:
            changes.keys.setdefault(touched)
        if not changes:
            return
        write = uuid.uuid4().hex
        try:
            self._write(changes, write)
        except OSError as error:
            self._undo(changes, write)
            raise NotKept(_why(error, self._tree.directory)) from error

    def _write(self, changes: Changes, write: str) -> None:
        for name in changes.buckets:
            self._write_bucket(name)
        steps = [step for bucket, key in changes.keys if (step := self._prepare(bucket, key, write))]
        for queue, message in changes.sent:
            self._messages.draft(message.id, message_document(queue.name, message, write))
        for step in steps:
            self._tree.commit(step.bucket.name, step.record["key"])
        for _, message in changes.sent:
            self._messages.commit(message.id)
        for step in steps:
            self._settle(step)
        for message in changes.settled:
            self._messages.drop(message.id)

    def _write_bucket(self, name: str) -> None:
        bucket, _ = _find(name)
        if bucket is None:
            self._tree.remove_bucket(name)
            return
        settings = {"account": bucket.account_id, "region": bucket.region_name, "versioning": bucket.versioning_status}
        self._tree.write_bucket(name, settings)

    def _prepare(self, bucket_name: str, key: str, write: str) -> "_Step | None":
        """Write the key's bodies and its next record; None when it is as it was."""
        bucket, backend = _find(bucket_name)
        if bucket is None or backend is None:
            return None
        previous = self._tree.read_record(bucket_name, key)
        before = previous["versions"] if previous else []
        kept = {version["body"]: version for version in before if "body" in version}
        versions = [self._version(bucket_name, each, backend, kept) for each in bucket.keys.getlist(key, [])]
        if versions == before:
            return None
        owned = self._tree.owns_place(bucket_name, previous)
        has_body = bool(versions) and "body" in versions[-1]
        plain = owned or (has_body and self._tree.is_free(bucket_name, key))
        record = Record(key=key, write=write, plain=plain, versions=versions)
        self._tree.prepare(bucket_name, record)
        return _Step(bucket, record, previous)

    def _version(
        self, bucket: str, key: FakeKey | FakeDeleteMarker, backend: S3Backend, kept: dict[str, Version]
    ) -> Version:
        version = version_of(key, backend)
        if isinstance(key, FakeDeleteMarker):
            return version
        if (body := stored_body_of(key)) and body.name in kept:
            return {**version, "body": body.name, "md5": kept[body.name]["md5"]}
        name, digest = self._tree.write_body(bucket, key._value_buffer, modified_ns(version["modified"]))  # noqa: SLF001
        return {**version, "body": name, "md5": digest}

    def _settle(self, step: "_Step") -> None:
        name, record = step.bucket.name, step.record
        self._tree.settle(name, record)
        for key, version in zip(step.bucket.keys.getlist(record["key"], []), record["versions"], strict=True):
            if "body" in version and stored_body_of(key) is None:
                keep_in(key, self._tree.stored_body(name, record, version))
        self._tree.drop_bodies(name, _bodies(step.previous) - _bodies(record))

    def _undo(self, changes: Changes, write: str) -> None:
        """Have moto hold what is on disk."""
        committed = False
        for name in changes.buckets:
            self._undo_bucket(name)
        for bucket_name, key in changes.keys:
            bucket, backend = _find(bucket_name)
            if bucket is None or backend is None:
                continue
            record = self._tree.read_record(bucket_name, key)
            committed |= record is not None and record["write"] == write
            if record and record["versions"]:
                put_versions(self._tree, bucket, backend, record)
            else:
                dict.pop(bucket.keys, key, None)
        for queue, message in changes.sent:
            if committed:
                self._messages.commit(message.id)
            else:
                queue._messages.remove(message)  # noqa: SLF001  (there is no public place for this)
                self._messages.drop(message.id)
        self._changes.take()

    def _undo_bucket(self, name: str) -> None:
        bucket, backend = _find(name)
        settings = self._tree.bucket_settings(name)
        if bucket is None or backend is None:
            return
        if settings:
            bucket.versioning_status = settings["versioning"]
        else:
            del backend.buckets[name], s3_backends.bucket_accounts[name]


def _bodies(record: Record | None) -> set[str]:
    return {version["body"] for version in record["versions"] if "body" in version} if record else set()


def _find(name: str) -> tuple[FakeBucket | None, S3Backend | None]:
    """A bucket of moto's with the backend that holds it."""
    partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
    if not account:
        return None, None
    backend = s3_backends[account][partition]
    return backend.buckets.get(name), backend


def _why(error: OSError, directory: Path) -> str:
    what = "the disk is full" if error.errno in _FULL else f"writing failed: {error.strerror}"
    return f"{directory}: {what}; nothing was changed. Free some space there, then try again"
