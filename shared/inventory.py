"""The inventory: which uploads are in the bucket now, which of them are read, and where their rows are.

It is made from two listings. Everything that follows from it (what is missing, which candidate the bucket calls for)
is a pure function of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared import layout
from shared.documents import digest
from shared.layout import Kind, Upload
from shared.settings import Settings
from shared.store import Reader

READER_VERSION: Final = 1  # raise it when the same upload is read otherwise than before


@dataclass(frozen=True)
class Source:
    """An accepted upload and the name of its rows."""

    upload: Upload
    slot: str


@dataclass(frozen=True)
class Inventory:
    """The uploads, sorted by key, and the slot digest (None: rejected) of each one that has a receipt."""

    uploads: tuple[Upload, ...]
    receipts: Mapping[str, str | None]

    @classmethod
    def take(cls, store: Reader, settings: Settings) -> "Inventory":
        """List the bucket."""
        found = list_uploads(store, settings, layout.DATA)
        return cls(found, layout.receipts(store.list(layout.RECEIPTS)))

    @classmethod
    def of_tests(cls, store: Reader, settings: Settings) -> "Inventory":
        """List the test uploads only: a call for each of them, however many receipts there are."""
        found = list_uploads(store, settings, layout.TEST_UPLOADS)
        entries = [entry for upload in found for entry in store.list(f"{layout.RECEIPTS}{upload.digest}.")]
        return cls(found, layout.receipts(entries))

    @property
    def pending(self) -> list[Upload]:
        """The uploads without a receipt."""
        return [upload for upload in self.uploads if upload.digest not in self.receipts]

    def sources(self, kind: Kind) -> list[Source]:
        """The accepted uploads of a kind."""
        rows = ((upload, self.receipts.get(upload.digest)) for upload in self.uploads if upload.kind == kind)
        return [Source(upload, slot) for upload, slot in rows if slot is not None]

    @property
    def test_fingerprint(self) -> str | None:
        """The name of the present test set; None while there is none or part of it is not read."""
        if any(upload.kind == "test" for upload in self.pending):
            return None
        slots = [source.slot for source in self.sources("test")]
        return digest(slots)[:32] if slots else None


def list_uploads(store: Reader, settings: Settings, prefix: str) -> tuple[Upload, ...]:
    """The uploads under a prefix, named for the present reading settings."""
    fingerprint = layout.reading_fingerprint(settings, READER_VERSION)
    return tuple(layout.uploads(store.list(prefix), fingerprint))
