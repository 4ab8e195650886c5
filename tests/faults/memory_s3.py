"""S3 in memory, behind a real boto3 client: the few calls that the project makes, a bucket at a time, no network.

It is there for speed. The simulated cloud's S3 gives the same bucket after the same cycle: a test compares the two.
"""

import hashlib
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stored(NamedTuple):
    """An object."""

    body: bytes
    etag: str
    modified: datetime


class Raw(io.BytesIO):
    """A body as botocore reads it; it may be cut short."""

    def stream(self, amt: int = 65536, **_: object) -> Iterator[bytes]:
        """Give the body in chunks."""
        while chunk := self.read(amt):
            yield chunk


class MemoryS3:
    """One bucket."""

    def __init__(self, objects: "Mapping[str, bytes] | None" = None) -> None:
        self._lock = threading.Lock()
        self.objects: dict[str, Stored] = {}
        for key, body in (objects or {}).items():
            self.put(key, body)

    def put(self, key: str, body: bytes) -> str:
        """Write, whatever stands there; the ETag."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.objects[key] = Stored(body, etag, datetime.now(UTC))
        return etag

    def bodies(self) -> dict[str, bytes]:
        """What stands in the bucket."""
        with self._lock:
            return {key: stored.body for key, stored in self.objects.items()}

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request."""
        url = urlsplit(request.url)
        key = unquote(url.path).partition("/")[2].partition("/")[2]
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        with self._lock:
            if request.method == "PUT":
                return self._put(request, key, headers)
            if request.method == "DELETE":
                self.objects.pop(key, None)
                return answer(request.url, 204)
            if not key:
                return self._list(request.url, parse_qs(url.query).get("prefix", [""])[0])
            return self._get(request.url, key, headers)

    def _put(self, request: AWSPreparedRequest, key: str, headers: dict[str, str]) -> AWSResponse:
        there = self.objects.get(key)
        if "if-none-match" in headers and there:
            return failure(request.url, 412, "PreconditionFailed")
        if "if-match" in headers:
            if there is None:
                return failure(request.url, 404, "NoSuchKey")
            if headers["if-match"].strip('"') != there.etag:
                return failure(request.url, 412, "PreconditionFailed")
        body = request.body
        content: Any = body if isinstance(body, bytes) else body.read() if body else b""  # type: ignore[union-attr]
        return answer(request.url, 200, etag=self.put(key, content))

    def _get(self, url: str, key: str, headers: dict[str, str]) -> AWSResponse:
        there = self.objects.get(key)
        if there is None:
            return failure(url, 404, "NoSuchKey")
        if headers.get("if-none-match", "").strip('"') == there.etag:
            return answer(url, 304, etag=there.etag)
        if headers.get("if-match", there.etag).strip('"') != there.etag:
            return failure(url, 412, "PreconditionFailed")
        return answer(url, 200, there.body, etag=there.etag)

    def _list(self, url: str, prefix: str) -> AWSResponse:
        found = "".join(
            f"<Contents><Key>{quote(key)}</Key><ETag>&quot;{stored.etag}&quot;</ETag><Size>{len(stored.body)}</Size>"
            f"<LastModified>{stored.modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key, stored in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{found}"
        return answer(url, 200, f"{text}</ListBucketResult>".encode())


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def answer(
    url: str, status: int, body: bytes = b"", *, etag: str | None = None, length: int | None = None
) -> AWSResponse:
    """An answer of S3; `length` may announce more than comes."""
    headers = {"content-length": str(len(body) if length is None else length)}
    if etag:
        headers["etag"] = f'"{etag}"'
    return AWSResponse(url, status, headers, Raw(body))  # type: ignore[arg-type]


def failure(url: str, status: int, code: str) -> AWSResponse:
    """An error answer of S3."""
    return answer(url, status, f"<Error><Code>{code}</Code><Message>injected or real</Message></Error>".encode())
