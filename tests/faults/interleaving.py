"""Functions that take turns at every storage call, in an order that is chosen: each race can be played again.

actor 1   list ....... read ............. swap
actor 2   .... list ....... read  swap .......      (the order of turns: 1 2 1 2 2 1)
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, cycle
from typing import TypeVar

from shared.bucket.store import Blob, Entry, Store

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0


class Killed(BaseException):
    """The process that ran a function is gone; nothing in it may catch that."""


class Actor(threading.Thread):
    """Runs a function on a store whose every call waits for its turn."""

    def __init__(self, work: Callable[[Store], object], store: Store) -> None:
        super().__init__(daemon=True)
        self._work, self._store = work, store
        self._go, self._arrived, self._one = threading.Semaphore(0), threading.Semaphore(0), threading.Lock()
        self.done = self._dead = False
        self.error: BaseException | None = None

    def run(self) -> None:
        """Run to the end, whatever it is."""
        try:
            self._work(Stepped(self._store, self.wait_for_turn))
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  (handed over to who asked for the run)
            self.error = error
        self.done = True
        self._arrived.release()

    def begin(self) -> None:
        """Run up to the first call."""
        self.start()
        self._arrive()

    def turn(self) -> None:
        """Let one call happen, and run up to the next one."""
        self._go.release()
        self._arrive()

    def kill(self) -> None:
        """No further call happens."""
        self._dead = True
        while not self.done:
            self._go.release()
            self._arrive()

    def wait_for_turn(self, call: Callable[[], Found]) -> Found:
        """Make a call when it is this actor's turn."""
        with self._one:
            if not self._dead:
                self._arrived.release()
                self._go.acquire()
            if self._dead:
                raise Killed
            return call()

    def _arrive(self) -> None:
        assert self._arrived.acquire(timeout=PATIENCE_SECONDS), "an actor neither came to a call nor to its end"


class Stepped:
    """A store whose every call waits for a turn."""

    def __init__(self, store: Store, turn: Callable[[Callable[[], object]], object]) -> None:
        self._store, self._turn = store, turn

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object."""
        return self._turn(lambda: self._store.read(key, etag=etag))  # type: ignore[return-value]

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag."""
        return self._turn(lambda: self._store.read_changed(key, etag))  # type: ignore[return-value]

    def list(self, prefix: str) -> list[Entry]:
        """All objects under a prefix."""
        return self._turn(lambda: self._store.list(prefix))  # type: ignore[return-value]

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet."""
        return self._turn(lambda: self._store.create(key, body))  # type: ignore[return-value]

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag."""
        return self._turn(lambda: self._store.swap(key, body, etag))  # type: ignore[return-value]

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._turn(lambda: self._store.delete(key))


def interleave(works: Iterable[Callable[[Store], object]], store: Store, turns: Iterable[int]) -> list[Actor]:
    """Run functions against each other; `turns` says whose call is next, and then each in its turn."""
    actors = [Actor(work, store) for work in works]
    for actor in actors:
        actor.begin()
    order: Iterator[int] = chain(turns, cycle(range(len(actors))))
    while any(not actor.done for actor in actors):
        actor = actors[next(order) % len(actors)]
        if not actor.done:
            actor.turn()
    return actors


def run_until(work: Callable[[Store], object], store: Store, calls: int) -> Actor:
    """Run a function and kill it after so many storage calls, unless it ends before."""
    actor = Actor(work, store)
    actor.begin()
    for _ in range(calls):
        if actor.done:
            break
        actor.turn()
    actor.kill()
    return actor
