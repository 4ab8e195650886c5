"""The wire between boto3 clients and their bucket: it names each call, looks after each call, and fails on demand."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError

from shared.bucket.store import Blob, Entry, Reader
from shared.errors import Unavailable
from tests.faults.memory_s3 import answer, failure

Found = TypeVar("Found")
Send = Callable[[AWSPreparedRequest], AWSResponse]


class Call(NamedTuple):
    """One call of a run: what it does, to which key or prefix, and the how manieth of its kind it is."""

    verb: str
    key: str
    number: int

    @property
    def writes(self) -> bool:
        """Whether the call changes the bucket."""
        return self.verb in {"create", "swap", "put"}


def raises(error: type[HTTPClientError]) -> Send:
    def fail(request: AWSPreparedRequest) -> AWSResponse:
        raise error(endpoint_url=request.url)

    return fail


def refuses(status: int, code: str) -> Send:
    return lambda request: failure(request.url, status, code)


def _cut(request: AWSPreparedRequest) -> AWSResponse:
    return answer(request.url, 200, b'{"format":1,', etag="cut", length=1000)


class Fault(NamedTuple):
    """How a call fails: with what answer or error, before its effect or after it, on every attempt of the client?"""

    name: str
    fail: Send
    after: bool = False
    lasting: bool = True


LOST: Final = raises(ConnectionClosedError)
ANY: Final = (
    Fault("error before the effect", LOST),
    Fault("error after the effect", LOST, after=True),
    Fault("timeout", raises(ReadTimeoutError), after=True),
    Fault("503 SlowDown", refuses(503, "SlowDown")),
)
READ: Final = (
    Fault("503 once", refuses(503, "SlowDown"), lasting=False),
    Fault("lost once", LOST, after=True, lasting=False),
)
GET: Final = (Fault("body cut short", _cut),)
CONDITIONAL: Final = (
    Fault("409", refuses(409, "ConditionalRequestConflict")),
    Fault("409 but applied", refuses(409, "ConditionalRequestConflict"), after=True),
    Fault("412 but applied", refuses(412, "PreconditionFailed"), after=True),
    Fault("500 but applied", refuses(500, "InternalError"), after=True),
    Fault("403", refuses(403, "AccessDenied")),
)
SWAP: Final = (Fault("404", refuses(404, "NoSuchKey")),)


def faults_of(call: Call) -> tuple[Fault, ...]:
    """The faults that a call can meet."""
    if call.verb.startswith("api "):
        return ANY[:2]
    if call.verb == "put":
        return ANY
    if call.writes:
        return ANY + CONDITIONAL + (SWAP if call.verb == "swap" else ())
    return ANY + READ + (GET if call.verb == "read" else ())


class Wire:
    """Carries requests to `send`; `look` is called after each one that was carried."""

    def __init__(self, send: Send, look: Callable[[Call], None] = lambda _: None) -> None:
        self._send, self._look = send, look
        self._here = threading.local()
        self._lock = threading.RLock()
        self._numbers: Counter[tuple[str, str]] = Counter()
        self.calls: list[Call] = []
        self.failing: tuple[Call, Fault] | None = None
        self.before: Callable[[Call], None] = lambda _: None
        self.after: Callable[[Call], None] = lambda _: None
        self.failed = False

    def call(self, verb: str, key: str) -> Call:
        """Give a call its number."""
        with self._lock:
            call = Call(verb, key, self._numbers[verb, key])
            self._numbers[verb, key] += 1
            self.calls.append(call)
        return call

    def fault_of(self, call: Call) -> Fault | None:
        """The fault that this call meets, if it is the one to fail."""
        if self.failing is None or self.failing[0] != call:
            return None
        fault = self.failing[1]
        if self.failed and not fault.lasting:
            return None
        self.failed = True
        return fault

    def begin(self, model: Any, params: dict[str, Any], **_: object) -> None:  # noqa: ANN401  (botocore's own)
        key = params["url_path"].lstrip("/")
        verb = {"GetObject": "read", "ListObjectsV2": "list", "PutObject": "put", "DeleteObject": "delete"}[model.name]
        if verb == "list":
            key = params["query_string"]["prefix"]
        if "If-None-Match" in params["headers"]:
            verb = "create" if verb == "put" else verb
        elif "If-Match" in params["headers"] and verb == "put":
            verb = "swap"
        self._here.call = self.call(verb, key)

    def carry(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        call: Call = self._here.call
        fault = self.fault_of(call)
        self.before(call)
        if fault and not fault.after:
            return fault.fail(request)
        found = self._send(request)
        with self._lock:
            self._look(call)
        self.after(call)
        return fault.fail(request) if fault else found


class WatchedReader:
    """What the API function reads with, on the wire: its calls are named ``api ...`` and can fail."""

    def __init__(self, reader: Reader, wire: Wire) -> None:
        self._reader, self._wire = reader, wire

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object."""
        return self._ask("api read", key, lambda: self._reader.read(key, etag=etag))

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag."""
        return self._ask("api read changed", key, lambda: self._reader.read_changed(key, etag))

    def list(self, prefix: str) -> list[Entry]:
        """All objects under a prefix."""
        return self._ask("api list", prefix, lambda: self._reader.list(prefix))

    def _ask(self, verb: str, key: str, read: Callable[[], Found]) -> Found:
        call = self._wire.call(verb, key)
        fault = self._wire.fault_of(call)
        if fault and not fault.after:
            raise Unavailable(f"{key}: {fault.name}")
        found = read()
        if fault:
            raise Unavailable(f"{key}: {fault.name}")
        return found
