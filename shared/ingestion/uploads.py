"""Uploads as they were listed: their bytes, and what a person says of columns."""

from shared.bucket.inventory import Inventory
from shared.bucket.keys import Upload
from shared.bucket.store import Reader
from shared.errors import Conflict, NotFound
from shared.tables.schema import Override


class Changed(Conflict):
    """The upload was replaced or removed since it was listed: list again."""


def read_upload(store: Reader, upload: Upload) -> bytes:
    """The bytes of an upload as it was listed; raise Changed."""
    try:
        return store.read(upload.key, etag=upload.etag).body
    except (Conflict, NotFound) as error:
        raise Changed(f"{upload.key}: the upload changed since it was listed") from error


def read_override(store: Reader, inventory: Inventory) -> Override | None:
    """What a person says of columns, None where they say nothing that can be used; raise Changed."""
    said = inventory.override
    return Override.parse(read_upload(store, said.upload), said.upload.key) if said else None
