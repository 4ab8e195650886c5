"""Lambda's Runtime API for one function: what AWS's own runtime client asks for its events and gives its answers to.

    GET  /2018-06-01/runtime/invocation/next             waits for an event
    POST /2018-06-01/runtime/invocation/ID/response      what the handler returned
    POST /2018-06-01/runtime/invocation/ID/error         what it raised
    POST /2018-06-01/runtime/init/error                  what its import raised

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.environment import LOOPBACK

MOST_BYTES = 6_291_556  # what Lambda takes as an answer
TOO_LARGE = "Function.ResponseSizeTooLarge"
_POLL_SECONDS = 0.02  # how long closing takes at the most
_ROOT = "/2018-06-01/runtime"

Message = dict[str, Any]


class RuntimeApi:
    """The API on a free port of loopback, in a thread of its own; `messages` is what the client said, in order.

    A message is ``{"ready": True}`` at the first request for an event, ``{"ready": False, "error"}`` when the function
    did not load, and ``{"error", "result", "seconds"}`` for each event.
    """

    def __init__(self, *, arn: str, timeout_seconds: float) -> None:
        self.arn, self.timeout_seconds = arn, timeout_seconds
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[_POLL_SECONDS], name="runtime API", daemon=True
        )
        self._thread.start()
        self._is_ready = False
        self.started = 0.0

    @property
    def address(self) -> str:
        """What the runtime client is told in ``AWS_LAMBDA_RUNTIME_API``."""
        return f"{LOOPBACK}:{self._server.server_port}"

    def send(self, event: bytes) -> None:
        """Give the client an event; it is told to end by the end of its process alone."""
        self._events.put(event)

    def close(self) -> None:
        """Stop answering."""
        self._events.put(None)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self) -> bytes | None:
        """Wait for an event on behalf of the client; None when there will be none."""
        if not self._is_ready:
            self._is_ready = True
            self.messages.put({"ready": True, "error": None})
        event = self._events.get()
        self.started = time.perf_counter()
        return event

    def report(self, path: str, body: bytes) -> int:
        """Pass on what the client says of an event or of its start; the status that it is answered with."""
        if path == f"{_ROOT}/init/error":
            self.messages.put({"ready": False, "error": _line(body)})
            return 202
        seconds = time.perf_counter() - self.started
        if path.endswith("/error"):
            self.messages.put({"error": _line(body), "result": None, "seconds": seconds})
            return 202
        if len(body) > MOST_BYTES:
            words = f"Response payload size exceeded maximum allowed payload size ({MOST_BYTES} bytes)."
            too_large = f"{TOO_LARGE}: {words}"
            self.messages.put({"error": too_large, "result": None, "seconds": seconds})
            return 413
        self.messages.put({"error": None, "result": json.loads(body or b"null"), "seconds": seconds})
        return 202


def _line(body: bytes) -> str:
    error = json.loads(body)
    return " ".join(f"{error.get('errorType')}: {error.get('errorMessage')}".split())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  (the base class's)
        """Say nothing of a client whose process was ended."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a body sent after its headers would wait 40 ms for their receipt
    server: _Server

    def do_GET(self) -> None:
        event = self.server.api.take()
        if event is None:
            self.close_connection = True
            return
        deadline = time.time() + self.server.api.timeout_seconds
        # All of them: the client's native part ends the process when the trace's is not there.
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.api.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        body = self._body()
        status = self.server.api.report(self.path, body)
        self._answer(status, b'{"status":"OK"}' if status == 202 else b"{}", {"Content-Type": "application/json"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing: the function's log is its own."""
