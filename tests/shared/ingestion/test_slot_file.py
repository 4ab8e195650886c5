"""Slots: rows as bytes, named by content; damaged bytes are rejected and nothing is ever unpickled."""

import io
import json
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.slot_file import pack_slot, slot_digest, unpack_slot
from shared.settings import Settings
from shared.tables.table import Table

TEXT = "a,ü b,label\n1.5,-0.0,no\n,2e300,yes\n".replace("e300", "e30")


def table_of(text: str = TEXT) -> Table:
    return read_csv(text.encode(), Settings("bucket", "label")).table


def key_of(table: Table) -> str:
    return f"slots/{slot_digest(table)}.npz"


def test_rows_are_read_back() -> None:
    table = table_of()
    again = unpack_slot(pack_slot(table), key_of(table))
    assert (again.features, again.labels) == (table.features, table.labels)
    assert again.values.tobytes() == table.values.tobytes()
    assert (str(again.codes.dtype), again.codes.tolist()) == ("int32", table.codes.tolist())


def test_the_name_and_the_bytes_are_stable() -> None:
    assert slot_digest(table_of()) == slot_digest(table_of()) == "318198b1d28ec4baafa37581f5f3bebb"
    assert pack_slot(table_of()) == pack_slot(table_of())


SAME_ROWS = {
    "other spelling": 'a,ü b,label\r\n 1.50 ,0,"no"\r\nNA,2E30,yes\r\n',
    "BOM": "\ufeff" + TEXT,
    "blank lines": TEXT.replace("\n", "\n\n"),
}


@pytest.mark.parametrize("text", SAME_ROWS.values(), ids=SAME_ROWS)
def test_the_same_rows_have_the_same_name(text: str) -> None:
    assert slot_digest(table_of(text)) == slot_digest(table_of())
    assert pack_slot(table_of(text)) == pack_slot(table_of())


OTHER_ROWS = {
    "a value": TEXT.replace("1.5", "1.5000000000000002"),
    "a missing value": TEXT.replace("1.5", ""),
    "a label": TEXT.replace("yes", "maybe"),
    "a label's place": TEXT.replace("yes", "no").replace("0.0,no", "0.0,yes"),
    "a column name": TEXT.replace("a,", "b,"),
    "the order of rows": "a,ü b,label\n,2e30,yes\n1.5,0,no\n",
    "one row more": TEXT + "1,1,no\n",
}


@pytest.mark.parametrize("text", OTHER_ROWS.values(), ids=OTHER_ROWS)
def test_other_rows_have_another_name(text: str) -> None:
    assert slot_digest(table_of(text)) != slot_digest(table_of())


def _resaved(**changes: object) -> bytes:
    with np.load(io.BytesIO(pack_slot(table_of())), allow_pickle=False) as arrays:
        content = {name: arrays[name] for name in arrays.files} | changes
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(array) for name, array in content.items() if array is not None})  # type: ignore[arg-type]
    return buffer.getvalue()


def _retold(texts: object) -> bytes:
    return _resaved(texts=np.frombuffer(json.dumps(texts).encode(), np.uint8))


def _saved(array: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


def _archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in members.items():
            archive.writestr(f"{name}.npy", body)
    return buffer.getvalue()


class Bomb:
    """What must never be unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return pytest.fail, ("a slot was unpickled",)


GOOD = pack_slot(table_of())
DAMAGED = {
    "empty": b"",
    "text": b"a,label\n1,x\n",
    "cut in half": GOOD[: len(GOOD) // 2],
    "cut at the end": GOOD[:-1],
    "only a zip": _archive(),
    "another member": _archive(other=_saved([1])),
    "not arrays": _archive(texts=b"x", values=b"x", codes=b"x"),
    "empty arrays": _archive(texts=b"", values=b"", codes=b""),
    "a plain array": _saved([1.0]),
    "no codes": _resaved(codes=None),
    "other values": _resaved(values=[[1.0, 2.0], [3.0, 4.0]]),
    "other codes": _resaved(codes=np.array([1, 1], np.int32)),
    "other labels": _retold([["a", "ü b"], ["no", "maybe"], [None, None]]),
    "other features": _retold([["a", "b"], ["no", "yes"], [None, None]]),
    "other vocabularies": _retold([["a", "ü b"], ["no", "yes"], [["x"], None]]),
    "no vocabularies": _retold([["a", "ü b"], ["no", "yes"]]),
    "no list": _retold(3),
    "nested too deep": _resaved(texts=np.frombuffer(b"[" * 100_000, np.uint8)),
    "a float32 table": _resaved(values=table_of().values.astype(np.float32)),
    "numbers as labels": _retold([["a", "ü b"], [1, 2], [None, None]]),
    "no JSON": _resaved(texts=np.frombuffer(b"no, yes", np.uint8)),
    "a pickle": _resaved(values=np.array([Bomb()], object)),
    "a bare pickle": _saved(np.array([Bomb()], object)),
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_damaged_bytes_are_rejected(body: bytes) -> None:
    with pytest.raises(Rejected, match=r"slots/.*expected the rows"):
        unpack_slot(body, key_of(table_of()))


def test_the_rows_of_another_name_are_rejected() -> None:
    with pytest.raises(Rejected, match="the object was changed"):
        unpack_slot(GOOD, f"slots/{'0' * 32}.npz")


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_other_rows(position: int, change: int) -> None:
    body = bytearray(GOOD)
    body[position] ^= change
    try:
        table = unpack_slot(bytes(body), key_of(table_of()))
    except Rejected:
        return
    assert slot_digest(table) == slot_digest(table_of())


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=30))
def test_bytes_that_are_cut_off_are_rejected(length: int, rest: bytes) -> None:
    try:
        table = unpack_slot(GOOD[:length] + rest, key_of(table_of()))
    except Rejected:
        return
    assert slot_digest(table) == slot_digest(table_of())
