"""Loading: the rows of uploads from where ingest put them."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory, Source
from shared.bucket.keys import Upload
from shared.bucket.store import Blob, Reader, Store, settle
from shared.errors import NotFound, Rejected
from shared.formats.columns import Column
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.slot_file import pack_slot, slot_digest, unpack_slot
from shared.ingestion.uploads import read_override, read_upload
from shared.settings import Settings
from shared.tables.dataset import Dataset, assemble
from shared.tables.held_out import Reference, reference_of
from shared.tables.table import Table

LOADERS: Final = 16

Restore = Callable[[Upload], Table]


def load_tables(slots: Reader, sources: Sequence[Source], restore_rows: Restore | None = None) -> list[Table]:
    """The rows of each source; those of the same name are read once.

    `slots` reads them, which may be thousands of small objects, in several threads. Rows that were pruned are made
    again by `restore_rows`; without it NotFound is raised.

    Threads wait for the store and do nothing else: numpy reads an array's header with Python's parser, and that of
    Python 3.11 cannot be trusted in two threads at once ("AST constructor recursion depth mismatch").
    """
    distinct = {source.slot: source for source in sources}
    pool = ThreadPoolExecutor(LOADERS)
    # The first one is waited for here: most test sets are one upload, and starting a thread takes longer than reading.
    reads: dict[str, Callable[[], Blob]] = {slot: partial(slots.read, keys.slot_key(slot)) for slot in distinct}
    reads |= {slot: pool.submit(reads[slot]).result for slot in list(distinct)[1:]}

    def load(source: Source) -> Table:
        try:
            body = reads.pop(source.slot)().body
        except NotFound:
            if restore_rows is None:
                raise
            return restore_rows(source.upload)
        return unpack_slot(body, keys.slot_key(source.slot))

    try:
        tables = {slot: load(source) for slot, source in distinct.items()}
    finally:
        pool.shutdown(cancel_futures=True)
    return [tables[source.slot] for source in sources]


def load_reference(
    store: Store, inventory: Inventory, settings: Settings, *, slots: Reader | None = None
) -> Reference | None:
    """The current test set and its schema; None while there is no test set.

    Raise Rejected when the test uploads, or the test set and what a person says of it, do not fit each other.
    """
    override = read_override(store, inventory)
    said = override.columns if override else None
    tests = load_tables(slots or store, inventory.sources("test"), restoring(store, settings, said))
    return reference_of(tuple(tests), override) if tests else None


def restoring(
    store: Store,
    settings: Settings,
    columns: Mapping[str, Column] | None,
    labels: frozenset[str] | None = None,
) -> Restore:
    """What reads an accepted upload once more, because its rows were pruned, and writes them again."""

    def restore(upload: Upload) -> Table:
        table = read_csv(read_upload(store, upload), settings, columns, labels).table
        settle(store, keys.slot_key(slot_digest(table)), pack_slot(table))
        return table

    return restore


def load_dataset(
    store: Store,
    sources: Sequence[Source],
    inventory: Inventory,
    settings: Settings,
    *,
    slots: Reader | None = None,
    restore: bool = False,
) -> Dataset:
    """Load the rows of some slots and of the current test set, and put them together under its schema.

    `slots` reads the rows: the store, unless another reader of the bucket is given. Rows of slots that were pruned are
    made again when `restore` says so, else NotFound is raised. Raise Rejected when the test uploads do not fit each
    other.
    """
    reference = load_reference(store, inventory, settings, slots=slots)
    if reference is None:
        raise Rejected(f"expected a test set, found none: upload one to {keys.TEST_UPLOADS}")
    restore_rows = restoring(store, settings, reference.columns, reference.labels) if restore else None
    tables = load_tables(slots or store, sources, restore_rows)
    return assemble(
        tables,
        reference.tests,
        reference.schema,
        truth=settings.positive is not None,
        duplicates=settings.duplicates,
    )
