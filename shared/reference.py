"""The reference: the present test set under its schema, which every slot is read by and checked against."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.columns import Column
from shared.errors import Conflict, NotFound
from shared.inventory import Inventory
from shared.layout import Upload
from shared.schema import Override, Schema, infer
from shared.store import Reader
from shared.table import Table


class Changed(Conflict):
    """The upload was replaced or removed since it was listed: list again."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The test uploads' rows and what their columns are."""

    tests: tuple[Table, ...]
    schema: Schema

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.schema.columns}


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


def reference_of(tests: tuple[Table, ...], override: Override | None) -> Reference:
    """The reference that test uploads and an override give; raise Rejected."""
    return Reference(tests, infer(tests, override))
