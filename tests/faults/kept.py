"""The simulated S3 with its bucket on disk, in this process: requests to it, what a client can see of it, a history.

A history is a list of steps, each of them one request. Whoever plays it in a process that is killed writes down, after
each answer, all that a client could see then.
"""

import json
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.sqs.models import sqs_backends

from local.environment import REGION
from local.servers import moto_patches
from local.servers.asgi import Answer
from local.servers.bucket_on_disk import BucketOnDisk
from local.servers.s3 import Storage, _dispatcher
from local.servers.wsgi import WsgiApplication, call, environ_of
from tests.faults.forked import kill_myself

BUCKET: Final = "uploads"
QUEUE: Final = "events"
PREFIX: Final = f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:"
EVENTS: Final = f"""<NotificationConfiguration><QueueConfiguration><Queue>{PREFIX}{QUEUE}</Queue>
<Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event></QueueConfiguration></NotificationConfiguration>"""
VERSIONING: Final = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
TAGS: Final = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
TWO: Final = b"<Delete><Object><Key>a</Key></Object><Object><Key>in/copy</Key></Object></Delete>"
# What the file system is asked, by the audit events of the interpreter.
_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime"})

View = dict[str, Any]
Step = Callable[["Kept"], object]


def scope_of(method: str, path: str, body: bytes, query: str, headers: dict[str, str]) -> dict[str, Any]:
    """A request as the server gets it; underscores in the names of headers are dashes."""
    fields = {"host": "127.0.0.1", "content-length": str(len(body))}
    fields |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
    service = "sqs" if "x-amz-target" in fields else "s3"
    fields["authorization"] = f"AWS4-HMAC-SHA256 Credential=testing/20260101/{REGION}/{service}/aws4_request"
    return {
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }


@cache
def application() -> WsgiApplication:
    """moto, ready to answer: what it loads at its first request is shared by all processes that are forked later."""
    moto = _dispatcher()
    target = {"x_amz_target": "AmazonSQS.ListQueues", "content_type": "application/x-amz-json-1.0"}
    for method, body, headers in (("GET", b"", {}), ("POST", b"{}", target)):
        assert call(moto, environ_of(scope_of(method, "/", body, "", headers), body)).status == 200
    return moto


@dataclass
class Kept:
    """A simulated S3 whose bucket is in `directory`; one in a process."""

    directory: Path
    memory: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for backends, place in ((s3_backends, "aws"), (sqs_backends, REGION)):
            backends[DEFAULT_ACCOUNT_ID][place].reset()
        moto_patches.apply()
        self._storage = Storage(application(), disk=BucketOnDisk(self.directory))
        self.sqs("CreateQueue", QueueName=QUEUE)

    def ask(self, method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> Answer:
        """Send a request."""
        return self._storage._handle(scope_of(method, path, body, query, headers), body)

    def sqs(self, action: str, **fields: object) -> dict[str, Any]:
        """Send a request to SQS."""
        target = {"x_amz_target": f"AmazonSQS.{action}", "content_type": "application/x-amz-json-1.0"}
        answer = self.ask("POST", "/", json.dumps(fields).encode(), **target)
        assert answer.status == 200, answer.body
        return json.loads(answer.body) if answer.body else {}

    def put(self, key: str, body: bytes = b"x", **headers: str) -> Answer:
        return self.ask("PUT", f"/{BUCKET}/{key}", body, **headers)

    def view(self) -> View:
        """All that moto answers from: each version of each key, and what waits in the queue."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        seen: View = {"buckets": sorted(backend.buckets), "queue": sorted(self._messages())}
        for name, bucket in backend.buckets.items():
            for key, versions in bucket.keys.iterlists():
                seen[f"{name}/{key}"] = [_shown(version, backend) for version in versions]
        return seen

    def _messages(self) -> Iterator[str]:
        for message in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[QUEUE]._messages:
            body = json.loads(message.body)
            for record in body.get("Records", [{}]):
                key = record.get("s3", {}).get("object", {}).get("key")
                yield f"{record.get('eventName', body.get('Event'))} {key}"


def _shown(version: FakeKey | FakeDeleteMarker, backend: S3Backend) -> tuple[object, ...]:
    if isinstance(version, FakeDeleteMarker):
        return "marker", version.version_id, str(version.last_modified)
    tags = backend.tagger.get_tag_dict_for_resource(version.arn)
    times = f"at {version.last_modified}"
    return version.version_id, times, version.etag, version.value, version.size, dict(version.metadata), tags


def _start_upload(kept: Kept) -> None:
    body = kept.ask("POST", f"/{BUCKET}/parts", query="uploads", x_amz_meta_who="me").body.decode()
    kept.memory["upload"] = re.findall("<UploadId>(.*?)</UploadId>", body)[0]
    part = kept.ask("PUT", f"/{BUCKET}/parts", b"y" * 5_000, query=f"partNumber=1&uploadId={kept.memory['upload']}")
    kept.memory["etag"] = dict(part.headers)[b"etag"].decode()


def _complete_upload(kept: Kept) -> None:
    part = f"<Part><ETag>{kept.memory['etag']}</ETag><PartNumber>1</PartNumber></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    answer = kept.ask("POST", f"/{BUCKET}/parts", query=f"uploadId={kept.memory['upload']}", body=body)
    assert b"-1" in answer.body, answer.body


def _delete_newest_version(kept: Kept) -> None:
    newest = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["versions"].keys.getlist("v")[-1]
    assert kept.ask("DELETE", "/versions/v", query=f"versionId={newest.version_id}").status == 204


def _take_one(kept: Kept) -> None:
    url = f"http://127.0.0.1/{DEFAULT_ACCOUNT_ID}/{QUEUE}"
    (message,) = kept.sqs("ReceiveMessage", QueueUrl=url)["Messages"]
    kept.sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


HISTORY: Final[tuple[Step, ...]] = (
    lambda kept: kept.ask("PUT", f"/{BUCKET}"),
    lambda kept: kept.ask("PUT", f"/{BUCKET}", EVENTS.encode(), query="notification"),
    lambda kept: kept.put("in/a.csv", b"first", content_type="text/csv", x_amz_meta_who="me"),
    lambda kept: kept.put("in/a.csv", b"second", content_type="text/plain"),
    lambda kept: kept.put("in/a.csv", b"refused", if_none_match="*"),
    lambda kept: kept.put("in/b.csv", b"bb"),
    lambda kept: kept.ask("DELETE", f"/{BUCKET}/in/b.csv"),
    lambda kept: kept.put("a", b"a file"),
    lambda kept: kept.put("a/b", b"below a file"),
    lambda kept: kept.put("in/copy", x_amz_copy_source=f"/{BUCKET}/in/a.csv"),
    lambda kept: kept.ask("PUT", f"/{BUCKET}/in/a.csv", TAGS, query="tagging"),
    _start_upload,
    _complete_upload,
    lambda kept: kept.ask("POST", f"/{BUCKET}", TWO, query="delete"),
    _take_one,
    lambda kept: kept.ask("PUT", "/versions"),
    lambda kept: kept.ask("PUT", "/versions", VERSIONING, query="versioning"),
    lambda kept: kept.ask("PUT", "/versions/v", b"one"),
    lambda kept: kept.ask("PUT", "/versions/v", b"two", x_amz_meta_who="you"),
    lambda kept: kept.ask("DELETE", "/versions/v"),
    _delete_newest_version,  # the marker
    lambda kept: kept.ask("PUT", "/versions/v", b"three"),
    _delete_newest_version,
    lambda kept: kept.ask("PUT", "/passing"),
    lambda kept: kept.ask("DELETE", "/passing"),
)


@dataclass
class Calls:
    """Counts what this process asks of the file system under a directory, and dies at a call.

    At the call `at` it is killed before the call; when `torn`, the call opens a file that then takes a single byte.
    """

    directory: Path
    at: int = -1
    torn: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit event of the interpreter."""
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not (writes or event in _CHANGES) or not str(arguments[0]).startswith(str(self.directory)):
            return
        self.seen.append("write" if writes else event)
        if len(self.seen) - 1 != self.at:
            return
        if not self.torn:
            kill_myself()
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
