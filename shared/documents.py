"""JSON documents: one spelling for the bytes, the digests and the times that stand in the bucket."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.errors import Rejected

FORMAT: Final = 1

Document = dict[str, Any]


def encode(fields: Mapping[str, Any]) -> bytes:
    """The bytes of a document: sorted keys, no spaces, ``format`` added; the same fields give the same bytes."""
    document = {"format": FORMAT, **fields}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def decode(body: bytes, key: str) -> Document:
    """The fields of a document; raise Rejected when it is damaged or of an unknown format."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{key}: expected a JSON document, found {body[:40]!r} ({error})") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise Rejected(
            f"{key}: expected a document of format {FORMAT}, found {found!r}; "
            "it was written by another version: update the software that reads it"
        )
    return document


def digest(value: object) -> str:
    """SHA-256 of a JSON value in the spelling of `encode`, as 64 hexadecimal digits."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())


def sha256(body: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def timestamp(moment: datetime | None = None) -> str:
    """A moment (now) in UTC, ISO 8601 with milliseconds."""
    return (moment or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
