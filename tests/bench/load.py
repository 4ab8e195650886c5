"""A load generator: the same request over and over, from so many connections, each sending when it was answered."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import uvloop

CONNECTIONS: Final = 8
HOST: Final = "127.0.0.1"


@dataclass
class Answered:
    """What a server answered: the latencies in seconds, over so many seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds


def request(path: str, body: bytes) -> bytes:
    """A POST of a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, message: bytes, seconds: float) -> Answered:
    """Load a server on loopback; raise RuntimeError when an answer is not 200."""
    return uvloop.run(_drive(port, message, seconds))


async def _drive(port: int, message: bytes, seconds: float) -> Answered:
    loop = asyncio.get_running_loop()
    answered = Answered()
    started = time.perf_counter()
    clients = [_Client(message, started + seconds, answered, loop.create_future()) for _ in range(CONNECTIONS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, HOST, port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    answered.seconds = time.perf_counter() - started
    return answered


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, message: bytes, until: float, answered: Answered, done: "asyncio.Future[None]") -> None:
        self.done = done
        self._message, self._until, self._answered = message, until, answered
        self._received = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        now = time.perf_counter()
        self._answered.latencies.append(now - self._sent)
        if b" 200 " not in head[:16]:
            self._end(RuntimeError(f"expected an answer with status 200, found {self._received[:300]!r}"))
        elif now < self._until:
            self._received = b""
            self._send()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or RuntimeError("the server closed the connection"))

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._message)  # type: ignore[attr-defined]

    def _end(self, problem: Exception | None) -> None:
        if self.done.done():
            return
        if problem:
            self.done.set_exception(problem)
        else:
            self.done.set_result(None)
        self._transport.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])
