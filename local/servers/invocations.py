"""Lambda's Invoke: a call becomes a message for the pump, and its client waits here for the pump's answer."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from local.events.invoking import ANSWERS, LONGEST_WAIT_SECONDS, Invocation
from local.servers.asgi import Answer, Message

_CALL: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_JSON: Final = (b"content-type", b"application/json")


class Invocations:
    """The calls whose clients wait; `send` puts a message into the queue of the pump."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    @staticmethod
    def called(scope: Mapping[str, Any]) -> str | None:
        """The name of the function that a request calls, as the client spells it; None for any other request."""
        match = _CALL.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        return unquote(match[1]) if match else None

    async def call(self, name: str, body: bytes, kind: str, gone: asyncio.Future[Message]) -> Answer | None:
        """Call a function; None when the client goes away before the answer comes. `kind` is the invocation's type."""
        try:
            payload = json.loads(body) if body else {}
        except ValueError as error:
            return _refusal(400, "InvalidRequestContentException", f"expected JSON as the payload, found none: {error}")
        invocation = Invocation(name, payload, waits=kind != "Event")
        answer = asyncio.get_running_loop().create_future()
        self._waiting[invocation.id] = answer
        try:
            self._send(invocation.message())
            if not invocation.waits:
                return Answer(202, [(b"content-length", b"0")], b"")
            either: set[asyncio.Future[Any]] = {answer, gone}
            await asyncio.wait(either, timeout=LONGEST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return _answer(name, answer.result()) if answer.done() else None
        finally:
            del self._waiting[invocation.id]

    def take_answer(self, scope: Mapping[str, Any], body: bytes) -> Answer | None:
        """Take the pump's answer to a call; None when the request is anything else."""
        if scope["method"] != "POST" or not scope["path"].startswith(ANSWERS):
            return None
        waiting = self._waiting.get(scope["path"].removeprefix(ANSWERS))
        if waiting and not waiting.done():
            waiting.set_result(json.loads(body))
        return Answer(204, [], b"")


def _answer(name: str, answer: Mapping[str, Any]) -> Answer:
    """Lambda's answer to a call from the pump's."""
    if "unknown" in answer:
        known = ", ".join(answer["unknown"]) or "none"
        return _refusal(404, "ResourceNotFoundException", f"Function not found: {name}; the app has: {known}")
    if "error" not in answer:
        return _document(200, answer["result"])
    kind, _, message = str(answer["error"]).partition(": ")
    return _document(200, {"errorType": kind, "errorMessage": message}, (b"x-amz-function-error", b"Unhandled"))


def _refusal(status: int, kind: str, message: str) -> Answer:
    return _document(status, {"Type": "User", "Message": message}, (b"x-amzn-errortype", kind.encode()))


def _document(status: int, document: object, *headers: tuple[bytes, bytes]) -> Answer:
    body = json.dumps(document).encode()
    return Answer(status, [_JSON, (b"content-length", str(len(body)).encode()), *headers], body)
