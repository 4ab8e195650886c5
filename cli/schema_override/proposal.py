"""The proposal of an override: the schema of a stage as it is, and as it would be under what a person says."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.console.output import in_lines
from cli.schema_override.column_options import ColumnOptions
from cli.schema_override.merge import merge
from cli.stages.target import Target
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.s3 import S3Store
from shared.bucket.store import Reader, read_document
from shared.documents import FORMAT, ReceiptDocument
from shared.errors import NotFound, Rejected, VintnerError
from shared.formats.row_errors import BadTable
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.loading import load_reference
from shared.ingestion.uploads import read_upload
from shared.tables.held_out import Reference, reference_of
from shared.tables.schema import Override
from shared.tables.table import Table


def current_reference(target: Target) -> Reference:
    """The current test set under its schema; raise VintnerError while there is none."""
    inventory = Inventory.of_tests(target.store, target.settings)
    if inventory.is_override_rejected:
        raise VintnerError(f"{_why_rejected(target.store, inventory, keys.OVERRIDE)}: replace it with --file")
    if not inventory.is_settled:
        raise VintnerError("the test set is being read right now: try again soon, or see vintner status")
    reference = load_reference(target.store, inventory, target.settings)
    if reference:
        return reference
    tests = [upload.key for upload in inventory.uploads if upload.kind == "test"]
    if tests:
        why = _why_rejected(target.store, inventory, tests[0])
        raise VintnerError(f"expected a test set that can be read, found {tests[0]}, which was rejected: {why}")
    raise VintnerError(
        "expected a test set, which says what the columns are, found none: upload one with 'vintner upload --test FILE'"
    )


def _why_rejected(store: Reader, inventory: Inventory, key: str) -> str:
    digest = next(upload.digest for upload in inventory.uploads if upload.key == key)
    name = keys.receipt_key(digest, None)
    return read_document(store, name, ReceiptDocument)["reasons"][0]["problem"]


@dataclass(frozen=True, eq=False)
class Proposal:
    """What would be said of columns, and what follows for the test set; `reference` is None while there is none.

    `notes` report rows and uploads that could not be used.
    """

    override: Override
    reference: Reference | None
    notes: tuple[str, ...]


def propose(target: Target, options: ColumnOptions, path: Path | None) -> Proposal:
    """Try out what a person says on the current test set; raise VintnerError when it does not fit.

    It is merged with what was said before, or with what the file at `path` says instead.
    """
    before = Override.parse(path.read_bytes(), str(path)) if path else _override_before(target.store)
    inventory = Inventory.of_tests(target.store, target.settings)
    override = merge(before, options, _tables_now(target, inventory) if options.missing else ())
    tables: list[Table] = []
    notes: list[str] = []
    for upload in inventory.uploads:
        if upload.kind != "test":
            continue
        try:
            reading = read_csv(read_upload(target.store, upload), target.settings, override.columns)
        except BadTable as error:
            if inventory.receipts.get(upload.digest) is not None:
                raise VintnerError(in_lines(error, f"{upload.key} could no longer be used")) from None
            notes.append(f"{upload.key} cannot be used as before: {error.reasons[0]}")
            continue
        tables.append(reading.table)
        notes += [f"{upload.key}, left out: {reason}" for reason in reading.left_out]
    if not tables:
        return Proposal(override, None, (*notes, "no test set yet: the names of the columns cannot be checked"))
    return Proposal(override, reference_of(tuple(tables), override), tuple(notes))


def _override_before(store: Reader) -> Override:
    try:
        return Override.parse(store.read(keys.OVERRIDE).body, keys.OVERRIDE)
    except NotFound:
        return Override()
    except Rejected as error:
        raise VintnerError(f"what was said before cannot be used ({error}): replace it with --file") from None


def _tables_now(target: Target, inventory: Inventory) -> Sequence[Table]:
    """The current test set, from which the kind of a column follows."""
    reference = load_reference(target.store, inventory, target.settings)
    return reference.tests if reference else ()


def save(store: S3Store, override: Override) -> list[str]:
    """Upload what is said, or remove it when it says nothing; the keys that get a receipt."""
    if not override.columns:
        store.delete(keys.OVERRIDE)
        return []
    text = json.dumps({"format": FORMAT, **override.as_document()}, indent=2, ensure_ascii=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "schema.json")
        path.write_text(text + "\n", encoding="utf-8")
        store.upload(keys.OVERRIDE, path)
    return [keys.OVERRIDE]
