"""What is written of a job: which candidate it is for, and all uploads that this is made of."""

from collections.abc import Sequence
from typing import TypedDict

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.keys import Upload
from shared.bucket.store import Reader, Store, read_document, settle_document
from shared.documents import Stored, timestamp
from shared.training.candidate import Candidate


class JobUpload(TypedDict):
    """An upload as it was listed, and the digest of its rows."""

    key: str
    etag: str
    size: int
    digest: str
    modified: float
    slot: str


class JobDocument(Stored):
    """``jobs/``: a candidate was handed over for the n-th time. It is made of these uploads, whatever came since."""

    model_id: str
    number: int
    name: str
    uploads: list[JobUpload]
    at: str


def write_job(store: Store, candidate: Candidate, number: int, name: str) -> JobDocument:
    """Write down a job before it is launched; what is there."""
    inventory = candidate.inventory
    sources = [*inventory.sources("schema"), *inventory.sources("test"), *candidate.slots]
    document: JobDocument = {
        "model_id": candidate.model_id,
        "number": number,
        "name": name,
        "uploads": [
            {
                "key": source.upload.key,
                "etag": source.upload.etag,
                "size": source.upload.size,
                "digest": source.upload.digest,
                "modified": source.upload.modified,
                "slot": source.slot,
            }
            for source in sources
        ],
        "at": timestamp(),
    }
    return settle_document(store, keys.job_key(candidate.model_id, number), document)


def inventory_of(uploads: Sequence[JobUpload]) -> Inventory:
    """The inventory that a candidate was made of."""
    found = sorted(uploads, key=lambda one: one["key"])
    named = [Upload(one["key"], one["etag"], one["size"], one["digest"], one["modified"]) for one in found]
    return Inventory(tuple(named), {one["digest"]: one["slot"] for one in found})


def newest_job(reader: Reader, model_id: str) -> JobDocument | None:
    """The latest job of a candidate."""
    numbers = keys.jobs(reader.list(keys.JOBS)).get(model_id)
    return read_document(reader, keys.job_key(model_id, max(numbers)), JobDocument) if numbers else None
