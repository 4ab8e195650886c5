"""The inventory: which uploads are in the bucket now, which of them are read, and where their rows are.

It is made from two listings. Everything that follows from it (what is missing, which candidate the bucket calls for)
is a pure function of it.

An upload is named by all that decides how it is read, so that whatever changes there lets it be read again:

    data/schema.json    the settings
    data/test/          the settings and data/schema.json
    data/slots/         the settings, data/schema.json and the test set, since these say what the columns are
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.bucket import keys
from shared.bucket.keys import Kind, Upload
from shared.bucket.store import Entry, Reader
from shared.documents import digest
from shared.settings import Settings

READER_VERSION: Final = 5  # raise it when the same upload is read differently


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
        return cls.of(store.list(keys.DATA), keys.receipts(store.list(keys.RECEIPTS)), settings)

    @classmethod
    def of_tests(cls, store: Reader, settings: Settings) -> "Inventory":
        """List what the schema follows from: a call for each test upload, however many slots and receipts there are."""
        entries = [*store.list(keys.OVERRIDE), *store.list(keys.TEST_UPLOADS)]
        receipts: dict[str, str | None] = {}
        for kind in ("schema", "test"):
            for upload in cls.of(entries, receipts, settings).uploads:
                if upload.kind == kind:
                    receipts |= keys.receipts(store.list(f"{keys.RECEIPTS}{upload.digest}."))
        return cls.of(entries, receipts, settings)

    @classmethod
    def of(cls, entries: Iterable[Entry], receipts: Mapping[str, str | None], settings: Settings) -> "Inventory":
        """Name the uploads of a listing, one kind after the other: the earlier ones decide how the later are read."""
        unnamed = keys.uploads(entries)
        reading = digest([READER_VERSION, settings.reading()])
        named = [keys.named(upload, reading) for upload in unnamed if upload.kind in {None, "schema"}]
        with_override = digest([reading, _accepted(named, "schema", receipts)])
        named += [keys.named(upload, with_override) for upload in unnamed if upload.kind == "test"]
        with_tests = digest([with_override, _accepted(named, "test", receipts), settings.checking()])
        named += [keys.named(upload, with_tests) for upload in unnamed if upload.kind == "slot"]
        return cls(tuple(sorted(named, key=lambda upload: upload.key)), receipts)

    def with_receipts(self, more: Mapping[str, str | None]) -> "Inventory":
        """The same uploads with more receipts."""
        return Inventory(self.uploads, {**self.receipts, **more})

    @property
    def pending(self) -> list[Upload]:
        """The uploads to be read now: those without a receipt, but no slot while the schema is not settled."""
        waiting = [upload for upload in self.uploads if upload.digest not in self.receipts]
        for kind in ("schema", "test"):
            if first := [upload for upload in waiting if upload.kind == kind]:
                return first
        return waiting

    @property
    def is_settled(self) -> bool:
        """Whether everything is read that the schema follows from."""
        return all(upload.digest in self.receipts for upload in self.uploads if upload.kind in {"schema", "test"})

    def sources(self, kind: Kind) -> list[Source]:
        """The accepted uploads of a kind."""
        rows = ((upload, self.receipts.get(upload.digest)) for upload in self.uploads if upload.kind == kind)
        return [Source(upload, slot) for upload, slot in rows if slot is not None]

    @property
    def override(self) -> Source | None:
        """The accepted override of the schema."""
        return next(iter(self.sources("schema")), None)

    @property
    def is_override_rejected(self) -> bool:
        """Whether there is an override that cannot be used."""
        return any(upload.kind == "schema" and self.receipts.get(upload.digest, "") is None for upload in self.uploads)

    @property
    def test_fingerprint(self) -> str | None:
        """The name of the current test set; None while there is none or part of it is not read."""
        if not self.is_settled:
            return None
        slots = [source.slot for source in self.sources("test")]
        return digest(slots)[:32] if slots else None


def _accepted(uploads: Iterable[Upload], kind: Kind, receipts: Mapping[str, str | None]) -> list[str]:
    """What the accepted uploads of a kind came to, by name."""
    return [slot for upload in uploads if upload.kind == kind and (slot := receipts.get(upload.digest))]


def uploads_there(store: Reader, prefix: str) -> set[tuple[str, str]]:
    """Key and ETag of the uploads under a prefix."""
    return {(upload.key, upload.etag) for upload in keys.uploads(store.list(prefix))}
