"""The object store: one interface, with typed results, and the two ways to write that the bucket's rules allow.

Objects are either written once (`settle`) or swapped against the ETag that was read (`Store.swap`). Nothing is
overwritten blindly.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.documents import Kind, decode, encode
from shared.errors import Conflict, NotFound, Unknown

SETTLE_ATTEMPTS: Final = 4


@dataclass(frozen=True)
class Blob:
    """An object as it was read: its bytes, and the ETag that stands for them."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Entry:
    """An object as it was listed: size in bytes, ETag without quotes."""

    key: str
    etag: str
    size: int
    modified: datetime


class Reader(Protocol):
    """What may be read. Every method raises Unavailable when the store cannot be reached."""

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read an object; raise NotFound, and Conflict when it no longer has the given ETag."""
        ...

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Read an object unless it still has the ETag (None); raise NotFound."""
        ...

    def list(self, prefix: str) -> list[Entry]:
        """All objects under a prefix, sorted by key."""
        ...


class Store(Reader, Protocol):
    """What may be written. A write raises Unknown when it may or may not have happened."""

    def create(self, key: str, body: bytes) -> str:
        """Write an object that is not there yet; its ETag. Raise Conflict when the key is taken."""
        ...

    def swap(self, key: str, body: bytes, etag: str) -> str:
        """Replace an object that still has the ETag; its new ETag. Raise Conflict when it has another one."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        ...


class FileStore(Store, Protocol):
    """What reads and writes files that are too large to be held."""

    def read_part(self, key: str, etag: str, start: int, size: int) -> bytes:
        """So many bytes of an object from a place on; raise NotFound, and Conflict when it has another ETag."""
        ...

    def write_parts(self, key: str, parts: Iterable[bytes]) -> str:
        """Write an object, whatever is there, that appears only as a whole; its ETag.

        What `parts` raises ends it, and nothing is written.
        """
        ...


def settle(store: Store, key: str, body: bytes, *, pause: Callable[[float], None] = time.sleep) -> bytes:
    """Write an object that is written once, and return the bytes that are under its key: ours or the first writer's.

    An unknown outcome is settled by reading back. Trying again is safe, since only one create can win.
    """
    for attempt in range(SETTLE_ATTEMPTS):
        try:
            store.create(key, body)
            return body
        except Conflict:
            pass
        except Unknown:
            if attempt == SETTLE_ATTEMPTS - 1:
                raise
            pause(0.1 * 2**attempt)
        try:
            return store.read(key).body
        except NotFound:
            continue
    raise Unknown(f"{key}: could not be written and is not there, after {SETTLE_ATTEMPTS} attempts; try again")


def read_document(reader: Reader, key: str, kind: type[Kind]) -> Kind:
    """The document under a key, typed as a kind; raise NotFound, and Rejected when it is damaged."""
    return decode(reader.read(key).body, key, kind)


def settle_document(store: Store, key: str, document: Kind) -> Kind:
    """Write a document that is written once, and return what is under its key: ours or the first writer's."""
    return decode(settle(store, key, encode(document)), key, type(document))
