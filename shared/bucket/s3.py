"""The object store over boto3: what writes, and what reads beside it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError
from botocore.session import get_session
from botocore.utils import parse_timestamp

from shared.bucket.store import Blob, Entry
from shared.errors import Conflict, NotFound, Unavailable, Unknown, VintnerError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READ_CONFIG: Final = Config(
    retries={"total_max_attempts": 4, "mode": "standard"},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,  # as many as there are loaders
)
# botocore repeats a conditional write whose answer was lost and then reports the 412 of its own repetition.
WRITE_CONFIG: Final = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)

PART_BYTES: Final = 8_000_000

_NEVER_SENT: Final = (EndpointConnectionError, ConnectTimeoutError)


class S3Store:
    """A bucket. Reads are repeated by the client, writes never are."""

    def __init__(
        self,
        bucket: str,
        *,
        reading: "S3Client | None" = None,
        writing: "S3Client | None" = None,
    ) -> None:
        self.bucket = bucket
        self._reading = reading or _session().client("s3", config=READ_CONFIG)
        self._writing = writing or _session().client("s3", config=WRITE_CONFIG)

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object; raise NotFound, and Conflict when it no longer has the given ETag."""
        condition: Any = {} if etag is None else {"IfMatch": f'"{etag}"'}
        with _errors_of_reading(f"{self.bucket}/{key}"):
            answer = self._reading.get_object(Bucket=self.bucket, Key=key, **condition)
            return Blob(answer["Body"].read(), _bare(answer["ETag"]))

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag (None); raise NotFound."""
        try:
            with _errors_of_reading(f"{self.bucket}/{key}"):
                answer = self._reading.get_object(Bucket=self.bucket, Key=key, IfNoneMatch=f'"{etag}"')
                return Blob(answer["Body"].read(), _bare(answer["ETag"]))
        except _NotModified:
            return None

    def list(self, prefix: str) -> list[Entry]:
        """All objects under a prefix, sorted by key."""
        entries = []
        with _errors_of_reading(f"{self.bucket}/{prefix}*"):
            for page in self._reading.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                entries += [
                    Entry(item["Key"], _bare(item["ETag"]), item["Size"], item["LastModified"])
                    for item in page.get("Contents", [])
                ]
        return entries

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet; its ETag. Raise Conflict when the key is taken."""
        with _errors_of_writing(f"{self.bucket}/{key}"):
            return _bare(self._writing.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")["ETag"])

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag; its new ETag. Raise Conflict when it has another one."""
        with _errors_of_writing(f"{self.bucket}/{key}"):
            answer = self._writing.put_object(Bucket=self.bucket, Key=key, Body=body, IfMatch=f'"{etag}"')
            return _bare(answer["ETag"])

    def upload(self, key: str, path: Path, progress: Callable[[int], None] | None = None) -> None:
        """Write a file as a user does, whatever is there; `progress` gets the bytes sent since its last call."""
        with _errors_of_reading(f"{self.bucket}/{key}"):
            try:
                self._reading.upload_file(str(path), self.bucket, key, Callback=progress)
            except S3UploadFailedError as error:  # hides the client's own error
                raise error.__context__ or error from None

    def read_part(self, key: str, etag: str, start: int, size: int) -> bytes:
        """So many bytes of an object from a place on; raise NotFound, and Conflict when it has another ETag."""
        span = f"bytes={start}-{start + size - 1}"
        with _errors_of_reading(f"{self.bucket}/{key}"):
            answer = self._reading.get_object(Bucket=self.bucket, Key=key, IfMatch=f'"{etag}"', Range=span)
            return answer["Body"].read()

    def write_parts(self, key: str, parts: Iterable[bytes]) -> str:
        """Write an object, whatever is there, that appears only as a whole; its ETag.

        What `parts` raises ends it, and nothing is written. A lost answer of a part is harmless: it is sent again.
        """
        at: Any = {"Bucket": self.bucket, "Key": key}
        with _errors_of_writing(f"{self.bucket}/{key}"):
            at["UploadId"] = self._writing.create_multipart_upload(**at)["UploadId"]
        try:
            sent: list[Any] = []
            for number, part in enumerate(_of_size(parts), 1):
                with _errors_of_writing(f"{self.bucket}/{key}"):
                    answer = self._reading.upload_part(**at, PartNumber=number, Body=part)
                sent.append({"PartNumber": number, "ETag": answer["ETag"]})
            with _errors_of_writing(f"{self.bucket}/{key}"):
                whole = self._writing.complete_multipart_upload(**at, MultipartUpload={"Parts": sent})
                return _bare(whole["ETag"])
        except BaseException:
            with suppress(BotoCoreError, ClientError, OSError):
                self._writing.abort_multipart_upload(**at)
            raise

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        with _errors_of_writing(f"{self.bucket}/{key}"):
            self._writing.delete_object(Bucket=self.bucket, Key=key)


def _of_size(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Parts as S3 takes them: of at least 5 MB but for the last one, and few enough of them for 80 GB."""
    held = bytearray()
    for part in parts:
        held += part
        if len(held) >= PART_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


@cache  # as the client's own default session is: S3's description is read once
def _session() -> boto3.Session:
    """A session that reads the times of a listing quickly: with the client's own parser they take half of its time."""
    inner = get_session()
    inner.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    return boto3.Session(botocore_session=inner)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # that of a header
        return parse_timestamp(text)


class _NotModified(VintnerError):
    """The object still has the ETag."""


def _bare(etag: str) -> str:
    return etag.strip('"')


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _denied(error: ClientError, place: str) -> VintnerError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "NoSuchBucket":
        return VintnerError(f"{place}: there is no such bucket: create it or correct VINTNER_BUCKET")
    return VintnerError(f"{place}: the store refused the call: {error}; check credentials and policy")


@contextmanager
def _errors_of_reading(place: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = _status(error)
        if status == 304:
            raise _NotModified(place) from None
        if status == 412:
            raise Conflict(f"{place}: the object changed since it was listed") from None
        if status == 404 and error.response.get("Error", {}).get("Code") != "NoSuchBucket":
            raise NotFound(f"{place}: there is no such object") from None
        if status >= 500 or status in {408, 429}:
            raise Unavailable(f"{place}: the store answered {status}; try again later") from error
        raise _denied(error, place) from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable(f"{place}: the store cannot be reached ({error})") from error


@contextmanager
def _errors_of_writing(place: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = _status(error)
        code = error.response.get("Error", {}).get("Code")
        # 412: the condition failed. 409: a concurrent write. 404: the object to be swapped is gone.
        if status in {409, 412} or (status == 404 and code != "NoSuchBucket"):
            raise Conflict(f"{place}: somebody else wrote first ({status})") from None
        if status >= 500 or status in {408, 429}:
            raise Unknown(f"{place}: the store answered {status}, the write may have happened") from error
        raise _denied(error, place) from error
    except _NEVER_SENT as error:
        raise Unavailable(f"{place}: the store cannot be reached ({error})") from error
    except (BotoCoreError, OSError) as error:
        raise Unknown(f"{place}: the answer was lost, the write may have happened ({error})") from error
