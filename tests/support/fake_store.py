"""A store in memory: it keeps the contract of every store, records its calls, and fails or is disturbed on demand."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shared.bucket.store import Blob, Entry
from shared.errors import Conflict, NotFound, Unknown

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)


class Call(NamedTuple):
    """One storage call."""

    verb: str
    key: str


@dataclass
class Fault:
    """An error that the next calls of a verb meet, before or after their effect."""

    verb: str
    key: str
    error: BaseException
    after: bool
    times: int


@dataclass
class FakeStore:
    """`calls` are the calls so far; `writes` counts the effects, so that "nothing was written" can be asserted."""

    objects: dict[str, tuple[Blob, datetime]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    writes: int = 0
    _faults: list[Fault] = field(default_factory=list)
    disturbances: list[tuple[str, str, Callable[[], object]]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def fail(
        self, verb: str, key: str = "", *, error: BaseException | None = None, after: bool = False, times: int = 1
    ) -> None:
        """Let the next calls on keys that contain `key` fail, `after` their effect or before it."""
        self._faults.append(Fault(verb, key, error or Unknown(f"{verb} {key}: injected"), after, times))

    def disturb(self, verb: str, key: str, action: Callable[[], object]) -> None:
        """Do something just before the next such call, as another writer might."""
        self.disturbances.append((verb, key, action))

    def put(self, key: str, body: bytes) -> None:
        """Write as a user does, whatever stands there; not recorded."""
        with self._lock:
            self.writes += 1
            etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            self.objects[key] = Blob(body, etag), EPOCH + timedelta(seconds=self.writes)

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object."""
        with self._call("read", key):
            blob = self._get(key)
            if etag is not None and blob.etag != etag:
                raise Conflict(key)
            return blob

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag."""
        with self._call("read_changed", key):
            blob = self._get(key)
            return None if blob.etag == etag else blob

    def list(self, prefix: str) -> list[Entry]:
        """All objects under a prefix."""
        with self._call("list", prefix):
            found = sorted((key, *value) for key, value in self.objects.items() if key.startswith(prefix))
            return [Entry(key, blob.etag, len(blob.body), modified) for key, blob, modified in found]

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet."""
        with self._call("create", key):
            if key in self.objects:
                raise Conflict(key)
            self.put(key, body)
            return self._get(key).etag

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag."""
        with self._call("swap", key):
            if key not in self.objects or self._get(key).etag != etag:
                raise Conflict(key)
            self.put(key, body)
            return self._get(key).etag

    def read_part(self, key: str, etag: str, start: int, size: int) -> bytes:
        """So many bytes of an object that has the ETag."""
        with self._call("read_part", key):
            blob = self._get(key)
            if blob.etag != etag:
                raise Conflict(key)
            return blob.body[start : start + size]

    def write_parts(self, key: str, parts: Iterable[bytes]) -> str:
        """Write an object as a whole, whatever is there."""
        body = b"".join(parts)
        with self._call("write_parts", key):
            self.put(key, body)
            return self._get(key).etag

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._call("delete", key):
            self.writes += 1
            self.objects.pop(key, None)

    def _get(self, key: str) -> Blob:
        if key not in self.objects:
            raise NotFound(key)
        return self.objects[key][0]

    @contextmanager
    def _call(self, verb: str, key: str) -> Iterator[None]:
        for disturbance in [one for one in self.disturbances if one[0] == verb and one[1] in key]:
            self.disturbances.remove(disturbance)
            disturbance[2]()
        with self._lock:
            self.calls.append(Call(verb, key))
            self._raise_fault(verb, key, after=False)
            yield
            self._raise_fault(verb, key, after=True)

    def _raise_fault(self, verb: str, key: str, *, after: bool) -> None:
        for fault in self._faults:
            if fault.times and fault.verb == verb and fault.key in key and fault.after == after:
                fault.times -= 1
                raise fault.error
