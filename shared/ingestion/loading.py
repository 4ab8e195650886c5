"""Loading: the rows of uploads from where ingest put them."""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

import numpy as np

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
from shared.tables.dataset import Dataset, Unseen, assemble, assemble_unseen, misfit
from shared.tables.held_out import Reference, reference_of
from shared.tables.table import Table

LOADERS: Final = 16
FEW_AHEAD: Final = 4  # where a slot is let go before the next one is looked at

Restore = Callable[[Upload], Table]


def load_tables(slots: Reader, sources: Sequence[Source], restore_rows: Restore | None = None) -> list[Table]:
    """The rows of each source; those of the same name are read once.

    `slots` reads them, which may be thousands of small objects, in several threads. Rows that were pruned are made
    again by `restore_rows`; without it NotFound is raised.
    """
    distinct = list({source.slot: source for source in sources}.values())
    found = zip(distinct, each_table(slots, distinct, restore_rows, ahead=2 * LOADERS), strict=True)
    tables = {source.slot: table for source, table in found}
    return [tables[source.slot] for source in sources]


def each_table(
    slots: Reader, sources: Sequence[Source], restore_rows: Restore | None = None, *, ahead: int
) -> Generator[Table]:
    """The rows of one source after the other, with so many objects read `ahead`; the rest as of `load_tables`.

    Threads wait for the store and do nothing else: numpy reads an array's header with Python's parser, and that of
    Python 3.11 cannot be trusted in two threads at once ("AST constructor recursion depth mismatch").
    """
    pool = ThreadPoolExecutor(LOADERS)
    # The first one is waited for here: most test sets are one upload, and starting a thread takes longer than reading.
    reading: deque[tuple[Source, Callable[[], Blob]]] = deque(
        (source, partial(slots.read, keys.slot_key(source.slot))) for source in sources[:1]
    )
    waiting = iter(sources[1:])
    try:
        while reading:
            for source in islice(waiting, max(1, ahead) - len(reading) + 1):
                reading.append((source, pool.submit(slots.read, keys.slot_key(source.slot)).result))
            yield _table(*reading.popleft(), restore_rows)
    finally:
        pool.shutdown(cancel_futures=True)


def _table(source: Source, read: Callable[[], Blob], restore_rows: Restore | None) -> Table:
    try:
        body = read().body
    except NotFound:
        if restore_rows is None:
            raise
        return restore_rows(source.upload)
    return unpack_slot(body, keys.slot_key(source.slot))


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


def load_test_set(
    store: Store, sources: Sequence[Source], inventory: Inventory, settings: Settings, *, slots: Reader | None = None
) -> Dataset:
    """The present test set without a training set, but for which test rows are in some slots: one slot at a time.

    Its classes are those of the slots too. Raise NotFound when rows of a slot were pruned, Rejected when the test
    uploads do not fit each other. Where another slot has a text for a label, a number is still one here: 1 and 01 are
    the same, which can only mark more rows.
    """
    reference = required_reference(store, inventory, settings, slots=slots)
    put_together = partial(
        assemble,
        tests=reference.tests,
        schema=reference.schema,
        truth=settings.positive is not None,
        duplicates=settings.duplicates,
    )
    features = tuple(column.name for column in reference.schema.features)
    in_slots, labels = np.zeros(sum(map(len, reference.tests)), bool), set[str]()
    distinct = list({source.slot: source for source in sources}.values())
    for table in each_table(slots or store, distinct, ahead=FEW_AHEAD):
        if misfit(table.features, features) is None:
            in_slots |= put_together([table]).test_in_slots
            labels.update(table.labels)
    no_rows = Table(features, np.empty((0, len(features))), tuple(sorted(labels)), np.empty(0, np.int32))
    return replace(put_together([no_rows]), test_in_slots=in_slots)


def load_unseen(
    store: Store,
    sources: Sequence[Source],
    seen: Sequence[Source],
    inventory: Inventory,
    settings: Settings,
    *,
    slots: Reader | None = None,
) -> list[Unseen | None]:
    """The rows of each of some slots that neither the slots of `seen` nor the current test set has.

    None is a slot that does not fit the test set. Raise NotFound when rows of a slot were pruned, Rejected when the
    test uploads do not fit each other.
    """
    reference = required_reference(store, inventory, settings, slots=slots)
    features = tuple(column.name for column in reference.schema.features)
    tables = load_tables(slots or store, sources)
    fitting = [table for table in tables if misfit(table.features, features) is None]
    found = assemble_unseen(
        fitting,
        [] if settings.duplicates == "sum" else load_tables(slots or store, seen),
        reference.tests,
        reference.schema,
        truth=settings.positive is not None,
        duplicates=settings.duplicates,
    )
    own = dict(zip(map(id, fitting), found, strict=True))
    return [own.get(id(table)) for table in tables]


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
    reference = required_reference(store, inventory, settings, slots=slots)
    restore_rows = restoring(store, settings, reference.columns, reference.labels) if restore else None
    return assemble(
        load_tables(slots or store, sources, restore_rows),  # kept nowhere else, so that they can go once put together
        reference.tests,
        reference.schema,
        truth=settings.positive is not None,
        duplicates=settings.duplicates,
    )


def required_reference(
    store: Store, inventory: Inventory, settings: Settings, *, slots: Reader | None = None
) -> Reference:
    """The current test set and its schema; raise Rejected when there is none, and as `load_reference` does."""
    reference = load_reference(store, inventory, settings, slots=slots)
    if reference is None:
        raise Rejected(f"expected a test set, found none: upload one to {keys.TEST_UPLOADS}")
    return reference
