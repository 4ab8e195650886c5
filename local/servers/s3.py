"""The process that is S3, SQS and whatever else an app is deployed to: moto behind one thread.

moto checks the condition of a conditional PUT and writes in two steps, so two threads can both win; real S3 is
atomic. Here an event loop reads bodies and writes answers, for all clients at once, and moto itself runs in that
one thread: each request is handled as a whole before the next starts, and a slow uploader blocks no other client.
"""

import asyncio
import contextlib
import functools
import json
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends

from local.environment import REGION, WAITING
from local.errors import LocalError
from local.servers import moto_patches, refusals
from local.servers.asgi import (
    Answer,
    Disconnected,
    Message,
    Receive,
    Send,
    read_body,
    respond,
    serve,
    server_arguments,
)
from local.servers.bucket_on_disk import BucketOnDisk, NotKept
from local.servers.deployed_functions import DeployedFunctions
from local.servers.invocations import Invocations
from local.servers.training_jobs import TrainingJobs
from local.servers.wsgi import WsgiApplication, call, environ_of

NO_STORAGE: Final = "InsufficientStorage"
RECEIVE: Final = b"AmazonSQS.ReceiveMessage"
LONGEST_NAP_SECONDS: Final = 1.0  # a message whose visibility timeout ends makes no request that would wake us


class Storage:
    """An ASGI application that hands one whole request at a time to moto."""

    def __init__(
        self,
        moto: WsgiApplication | None = None,
        *,
        disk: BucketOnDisk | None = None,
        invoke_through: str | None = None,
    ) -> None:
        self._moto = moto or _dispatcher()
        self._disk = disk
        self._invoke_through = invoke_through
        self._invocations = Invocations(self._send_message)
        self._deployed = DeployedFunctions()
        self._changed = asyncio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await read_body(receive)
        except Disconnected:
            return
        if _header(scope, b"x-amz-target") == RECEIVE:
            gone = asyncio.ensure_future(receive())
            answer = await self._receive_message(scope, body, gone)
            gone.cancel()
        elif self._invoke_through and (name := self._invocations.called(scope)):
            gone = asyncio.ensure_future(receive())
            kind = _header(scope, b"x-amz-invocation-type").decode("latin-1")
            answer = await self._invocations.call(name, body, kind, gone)
            gone.cancel()
        elif function := self._deployed.function_of(scope):
            answer = await self._deployed.answer(function, body)
        else:
            answer = self._invocations.take_answer(scope, body) or _waiting(scope) or self._handle(scope, body)
        if answer is not None:
            await respond(send, answer)

    def _handle(self, scope: Mapping[str, Any], body: bytes) -> Answer:
        answer = call(self._moto, environ_of(scope, moto_patches.request(scope, body)))
        if scope["method"] not in {"GET", "HEAD"}:
            if self._disk:
                answer = self._keep(self._disk, scope, answer)
            self._changed.set()
            self._changed = asyncio.Event()
        return answer

    def _send_message(self, body: str) -> None:
        """Put a message of our own into the queue of the pump."""
        sqs_backends[DEFAULT_ACCOUNT_ID][REGION].send_message(self._invoke_through, body)
        if self._disk:
            self._disk.save()
        self._changed.set()
        self._changed = asyncio.Event()

    @staticmethod
    def _keep(disk: BucketOnDisk, scope: Mapping[str, Any], answer: Answer) -> Answer:
        """Write what the request changed; its answer, or that it failed as a whole."""
        _, _, path = unquote(scope["raw_path"].decode("latin-1")).partition("/")
        bucket, _, key = path.partition("/")
        try:
            disk.save((bucket, key) if key else None)
        except NotKept as error:
            with contextlib.suppress(OSError):  # the log may be on the same disk
                print(f"{scope['method']} /{path}: {error}", file=sys.stderr, flush=True)
            return _insufficient_storage(str(error), json_protocol=bool(_header(scope, b"x-amz-target")))
        return answer

    async def _receive_message(
        self, scope: Mapping[str, Any], body: bytes, gone: asyncio.Future[Message]
    ) -> Answer | None:
        """Long-poll here: moto would sleep inside its handler, and every other client with it.

        None when the client is `gone`: a message that it was given would be in flight for hours.
        """
        request = json.loads(body)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + int(request.get("WaitTimeSeconds") or 0)
        at_once = json.dumps(request | {"WaitTimeSeconds": 0}).encode()
        while not gone.done():
            changed = self._changed
            remaining = deadline - loop.time()
            if remaining <= 0 or _messages_wait():
                answer = self._handle(scope, at_once)
                if remaining <= 0 or b'"Messages"' in answer.body or answer.status != 200:
                    return answer
                changed = self._changed
            await _nap(changed, gone, min(remaining, LONGEST_NAP_SECONDS))
        return None


def _insufficient_storage(text: str, *, json_protocol: bool) -> Answer:
    """An error in the form of S3 or of SQS that clients do not repeat: trying again at once would not help."""
    if json_protocol:
        body = json.dumps({"__type": NO_STORAGE, "message": text}).encode()
        headers = [(b"content-type", b"application/x-amz-json-1.0")]
    else:
        body = f"<Error><Code>{NO_STORAGE}</Code><Message>{escape(text)}</Message></Error>".encode()
        headers = [(b"content-type", b"application/xml")]
    return Answer(507, [*headers, (b"content-length", str(len(body)).encode())], body)


def _dispatcher() -> WsgiApplication:
    """Moto's own dispatcher with a memory: without one it lists its package's directory for each request."""
    dispatcher = DomainDispatcherApplication(create_backend_app)
    dispatcher.get_backend_for_host = functools.cache(dispatcher.get_backend_for_host)
    application: WsgiApplication = dispatcher
    return application


def _waiting(scope: Mapping[str, Any]) -> Answer | None:
    """How many messages the queues have that a request names, in flight or not; None for any other request."""
    if scope["path"] != WAITING:
        return None
    names = parse_qs(scope["query_string"].decode("latin-1")).get("queue", [])
    queues = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues
    body = str(sum(len(queues[name]._messages) for name in names if name in queues)).encode()  # noqa: SLF001
    return Answer(200, [(b"content-length", str(len(body)).encode())], body)


def _messages_wait() -> bool:
    """Whether any queue has a visible message; far cheaper than a request for each."""
    return any(
        queue.messages
        for regions in sqs_backends.values()
        for backend in regions.values()
        for queue in backend.queues.values()
    )


async def _nap(changed: asyncio.Event, gone: asyncio.Future[Message], seconds: float) -> None:
    waiting = asyncio.ensure_future(changed.wait())
    either: set[asyncio.Future[Any]] = {waiting, gone}
    await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _header(scope: Mapping[str, Any], name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def main(arguments: list[str] | None = None) -> None:
    """Serve S3 and SQS on an inherited socket."""
    parser = server_arguments(__doc__.partition("\n")[0])
    parser.add_argument("--keep-in", type=Path, help="a directory for all objects; without one they are not kept")
    parser.add_argument("--invoke-through", metavar="QUEUE", help="where calls of functions by name are sent")
    parser.add_argument("--settling", type=int, default=0, help="how many requests of what is new are refused")
    parser.add_argument("--logs-in", type=Path, help="a directory for the logs of training jobs")
    options = parser.parse_args(arguments)
    moto_patches.apply()
    TrainingJobs(options.logs_in or Path(tempfile.gettempdir())).apply()
    refusals.apply(options.settling)
    try:
        disk = BucketOnDisk(options.keep_in) if options.keep_in else None
    except LocalError as error:
        sys.exit(str(error))
    serve(Storage(disk=disk, invoke_through=options.invoke_through), fd=options.fd)


if __name__ == "__main__":
    main()
