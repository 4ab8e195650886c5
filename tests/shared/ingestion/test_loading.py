"""Loading: the store is read by many threads, rows are unpacked by one."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.bucket.inventory import Inventory, Source
from shared.bucket.keys import Upload, receipt_key, slot_key
from shared.errors import NotFound
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.loading import each_table, load_dataset, load_tables, load_test_set
from shared.ingestion.slot_file import pack_slot, slot_digest
from shared.settings import Duplicates, Settings
from shared.tables.table import Table
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage

PARSED_IN: list[threading.Thread] | None = None


def _note(event: str, _arguments: tuple[object, ...]) -> None:
    if event == "compile" and PARSED_IN is not None:
        PARSED_IN.append(threading.current_thread())


@contextmanager
def parsers() -> Iterator[list[threading.Thread]]:
    """The threads in which Python's parser runs meanwhile. A hook cannot be taken off again, so it is switched off."""
    global PARSED_IN  # noqa: PLW0603
    PARSED_IN = []
    yield PARSED_IN
    PARSED_IN = None


sys.addaudithook(_note)


def stored(number: int) -> tuple[FakeStore, list[Source]]:
    store, sources = FakeStore(), []
    for row in range(number):
        table = read_csv(f"a,label\n{row},x\n".encode(), Settings("bucket", "label")).table
        store.put(slot_key(slot_digest(table)), pack_slot(table))
        sources.append(Source(Upload(f"data/slots/{row}.csv", "e", 1, "d"), slot_digest(table)))
    return store, sources


def test_only_the_calling_thread_unpacks() -> None:
    store, sources = stored(40)
    with parsers() as found:
        tables = load_tables(store, sources)
    assert [table.values.tolist() for table in tables] == [[[float(row)]] for row in range(40)]
    assert len(found) >= 40
    assert set(found) == {threading.current_thread()}


def test_rows_are_read_with_the_reader_of_slots() -> None:
    store, sources = stored(3)
    other = FakeStore(objects=dict(store.objects))
    settings = Settings("bucket", "label")
    store.put("data/test/test.csv", b"a,label\n0,x\n")
    [test] = Inventory.take(store, settings).uploads
    store.put(receipt_key(test.digest, sources[0].slot), b"{}")
    store.calls.clear()
    load_dataset(store, sources, Inventory.take(store, settings), settings, slots=other)
    assert [call.verb for call in store.calls] == ["list", "list"]
    assert {call.key for call in other.calls} == {slot_key(source.slot) for source in sources}


def test_rows_of_the_same_name_are_read_once() -> None:
    store, [source] = stored(1)
    first, second = load_tables(store, [source, source])
    assert first is second
    assert [call.verb for call in store.calls] == ["read"]


def test_pruned_rows_are_made_again() -> None:
    store, sources = stored(3)
    gone, whole = load_tables(store, sources)[1], sources[1]
    store.delete(slot_key(whole.slot))
    asked = list[str]()

    def restore(upload: Upload) -> Table:
        asked.append(upload.key)
        return gone

    assert load_tables(store, sources, restore)[1] is gone
    assert asked == ["data/slots/1.csv"]
    with pytest.raises(NotFound):
        load_tables(store, sources)


def test_no_more_is_read_ahead_than_asked_for() -> None:
    store, sources = stored(9)
    tables = each_table(store, sources, ahead=2)
    for seen in range(1, 8):
        assert next(tables).values.tolist() == [[float(seen - 1)]]
        assert len(store.calls) <= seen + 2
    tables.close()


DUPLICATES: list[Duplicates] = ["union", "sum", "distinct"]


@pytest.mark.parametrize("duplicates", DUPLICATES)
def test_a_test_set_slot_by_slot_is_that_of_all_slots_together(duplicates: Duplicates) -> None:
    stage = Stage(FakeStore(), Settings("bucket", "label", duplicates=duplicates))
    rows = {"0": "1,x,no 1,x,no 2,y,yes", "1": "1,x,no 3,new,yes 3,new,more", "2": "1,z,no 1,x,no 1,x,no 1,x,no"}
    for name, text in rows.items():
        stage.put(f"data/slots/{name}.csv", csv_text(text))
    stage.put("data/slots/other.csv", "c,label\n1,no\n")
    stage.put("data/test/test.csv", csv_text("1,x,no 1,x,no 1,x,no 1,x,no 3,new,yes 2,y,no 3,z,yes"))
    stage.ingest()
    inventory = Inventory.take(stage.store, stage.settings)
    together = load_dataset(stage.store, inventory.sources("slot"), inventory, stage.settings)
    streamed = load_test_set(stage.store, inventory.sources("slot"), inventory, stage.settings)
    assert streamed.test_in_slots.tolist() == together.test_in_slots.tolist()
    assert (streamed.classes, streamed.scored, len(streamed.train)) == (together.classes, together.scored, 0)
    texts = [one.encoding.frame(one.test.values).to_numpy().tolist() for one in (streamed, together)]
    assert texts[0] == texts[1]
    assert streamed.test.codes.tolist() == together.test.codes.tolist()


def csv_text(rows: str) -> str:
    return "\n".join(["a,b,label", *rows.split()]) + "\n"
