"""moto's objects and messages as documents, and back; a body stays in its file until it is read."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.sqs.models import Message
from moto.utilities.utils import LowercaseDict

from local.servers.bucket_tree import StoredBody, Version

# What moto knows of an object beside its name, body, times, metadata and tags; all are texts, numbers or None.
FIELDS: Final = {
    "etag": "_etag",
    "versioned": "_is_versioned",
    "storage_class": "_storage_class",
    "redirect": "website_redirect_location",
    "checksum_algorithm": "checksum_algorithm",
    "checksum_value": "checksum_value",
    "checksum_type": "checksum_type",
    "checksum_parts": "checksum_parts",
    "encryption": "encryption",
    "kms_key_id": "kms_key_id",
    "bucket_key_enabled": "bucket_key_enabled",
    "lock_mode": "lock_mode",
    "lock_legal_status": "lock_legal_status",
    "lock_until": "lock_until",
}
MESSAGE_FIELDS: Final = (
    "message_attributes",
    "system_attributes",
    "sent_timestamp",
    "delayed_until",
    "deduplication_id",
    "group_id",
    "sequence_number",
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def modified_ns(modified: str) -> int:
    """A time of a record as the kernel counts it; moto's times are UTC without saying so."""
    return (datetime.fromisoformat(modified).replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


def modified_at(nanoseconds: int) -> str:
    """A time of the kernel as records have it."""
    return (_EPOCH + timedelta(microseconds=nanoseconds // 1000)).replace(tzinfo=None).isoformat()


def stored_body_of(key: FakeKey) -> StoredBody | None:
    """An object's body, if it is on disk."""
    body = key._value_buffer  # noqa: SLF001  (there is no public place for this)
    return body if isinstance(body, StoredBody) else None


def keep_in(key: FakeKey, body: StoredBody) -> None:
    """Let moto read an object's body from its file."""
    key._value_buffer.close()  # noqa: SLF001  (there is no public place for this)
    key._value_buffer = body  # noqa: SLF001


def version_of(key: FakeKey | FakeDeleteMarker, backend: S3Backend) -> Version:
    """What is to be kept of one version, all but its body's id and digest."""
    version: Version = {"version_id": key.version_id, "modified": key.last_modified.isoformat()}
    if isinstance(key, FakeDeleteMarker):
        return version
    fields: dict[str, Any] = {name: getattr(key, attribute) for name, attribute in FIELDS.items()}
    fields["etag"] = key.etag.strip('"')
    fields["metadata"] = dict(key.metadata)
    fields["tags"] = backend.tagger.get_tag_dict_for_resource(key.arn)
    kept = {name: _text(value) for name, value in fields.items() if value not in (None, {})}
    return {**version, "size": key.size, "fields": kept}


def key_of(name: str, version: Version, body: StoredBody, bucket: FakeBucket, backend: S3Backend) -> FakeKey:
    """An object of moto's from what was kept of it."""
    key = FakeKey(
        name, b"", bucket.account_id, bucket.region_name, version_id=version["version_id"], bucket_name=bucket.name
    )
    keep_in(key, body)
    fields = version["fields"]
    for field, attribute in FIELDS.items():
        setattr(key, attribute, fields.get(field))
    key.contentsize = version["size"]
    key.last_modified = datetime.fromisoformat(version["modified"])
    key._metadata = LowercaseDict()  # noqa: SLF001
    key.metadata.update(fields.get("metadata", {}))
    if tags := fields.get("tags"):
        backend.tagger.tag_resource(key.arn, backend.tagger.convert_dict_to_tags_input(tags))
    return key


def marker_of(version: Version, before: FakeKey | FakeDeleteMarker) -> FakeDeleteMarker:
    """A delete marker of moto's from what was kept of it; `before` is the version that it hides."""
    marker = FakeDeleteMarker(before)
    marker._version_id = version["version_id"]  # noqa: SLF001
    marker.last_modified = datetime.fromisoformat(version["modified"])
    return marker


def message_document(queue: str, message: Message, write: str) -> dict[str, Any]:
    """A message of moto's as it is kept."""
    fields = {name: _binary(getattr(message, name)) for name in MESSAGE_FIELDS}
    return {"queue": queue, "write": write, "body": message.body, "fields": fields}


def message_of(name: str, document: dict[str, Any]) -> Message:
    """A message of moto's from what was kept of it; it is visible at once."""
    message = Message(name, document["body"])
    for field in MESSAGE_FIELDS:
        setattr(message, field, _from_binary(document["fields"][field]))
    return message


def _text(value: Any) -> Any:  # noqa: ANN401  (whatever moto has)
    return value.decode() if isinstance(value, bytes) else value


def _binary(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _binary(inner) for name, inner in value.items()}
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_binary(value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        return value
    if value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    return {name: _from_binary(inner) for name, inner in value.items()}
