"""The bucket's layout: keys say everything that a decision needs."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.keys import DecisionName, Kind, Upload
from shared.bucket.store import Entry
from shared.settings import Settings
from tests.support.fake_store import FakeStore

SETTINGS = Settings("bucket", "label")
A, B, C = ("a" * 32, "b" * 32, "c" * 32)
MODEL = "0123456789abcdef"


def entry(key: str, size: int = 1, etag: str = "e") -> Entry:
    return Entry(key, etag, size, datetime(2025, 1, 1, tzinfo=UTC))


KINDS: list[tuple[str, Kind | None]] = [
    ("data/slots/a.csv", "slot"),
    ("data/slots/deep/er/a.CSV", "slot"),
    ("data/slots/.csv", "slot"),
    ("data/test/a.csv", "test"),
    ("data/test/2025/a.csv", "test"),
    ("data/slots/a.xlsx", None),
    ("data/slots/a.csv.gz", "slot"),
    ("data/test/a.CSV.GZ", "test"),
    ("data/slots/a.gz", None),
    ("data/schema.json", "schema"),
    ("data/schema.csv", None),
    ("data/slots/schema.json", None),
    ("data/slots/a", None),
    ("data/a.csv", None),
    ("data/slot/a.csv", None),
    ("data/tests/a.csv", None),
    ("data/slotsa.csv", None),
]


@pytest.mark.parametrize(("key", "kind"), KINDS, ids=[key for key, _ in KINDS])
def test_place_and_name_say_what_an_upload_is(key: str, kind: Kind | None) -> None:
    assert Upload(key, "e", 1, A).kind == kind
    assert kind is None or kind in get_args(Kind)


def test_uploads_are_sorted_and_folder_markers_are_none() -> None:
    listed = [entry("data/slots/b.csv"), entry("data/slots/", 0), entry("data/a.csv"), entry("data/slots/x/", 5)]
    assert [upload.key for upload in keys.uploads(listed)] == ["data/a.csv", "data/slots/b.csv", "data/slots/x/"]


def test_an_upload_is_named_by_key_content_and_reading() -> None:
    cases = [("data/a.csv", "e", "f"), ("data/b.csv", "e", "f"), ("data/a.csv", "d", "f"), ("data/a.csv", "e", "g")]
    digests = {keys.named(Upload(key, etag, 1, ""), reading).digest for key, etag, reading in cases}
    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {32}


def names(store: FakeStore, settings: Settings = SETTINGS) -> dict[str, str]:
    return {upload.key: upload.digest for upload in Inventory.take(store, settings).uploads}


def named_anew(store: FakeStore, before: dict[str, str], settings: Settings = SETTINGS) -> set[str]:
    """The uploads that must be read once more."""
    return {key.removeprefix("data/") for key, digest in names(store, settings).items() if before.get(key) != digest}


def settled_store() -> FakeStore:
    """A schema, a test set and a slot, all read."""
    store = FakeStore()
    for key, slot in [("data/schema.json", A), ("data/test/t.csv", B), ("data/slots/a.csv", C)]:
        put_and_read(store, key, b"x", slot)
    return store


def put_and_read(store: FakeStore, key: str, body: bytes, slot: str | None) -> None:
    """An upload and its receipt."""
    store.put(key, body)
    store.put(keys.receipt_key(names(store)[key], slot), b"{}")


READ_ANEW: dict[str, tuple[dict[str, object], set[str]]] = {
    "the label": ({"label": "other"}, {"schema.json", "test/t.csv", "slots/a.csv"}),
    "missing values": ({"missing": ("", "-9")}, {"schema.json", "test/t.csv", "slots/a.csv"}),
    "what drift does": ({"on_drift": "reject"}, {"slots/a.csv"}),
    "a copy of the test set": ({"duplicates": "sum"}, {"slots/a.csv"}),
    "how repeated rows count": ({"duplicates": "distinct"}, set()),
    "the estimator": ({"estimator": "auto"}, set()),
    "the promotion rule": ({"promotion": "significant"}, set()),
}


@pytest.mark.parametrize(("changes", "expected"), READ_ANEW.values(), ids=READ_ANEW)
def test_settings_that_decide_how_an_upload_is_read(changes: dict[str, Any], expected: set[str]) -> None:
    store = settled_store()
    assert named_anew(store, names(store), replace(SETTINGS, **changes)) == expected


CHANGES: dict[str, tuple[str, set[str]]] = {
    "data/schema.json": ("data/schema.json", {"schema.json", "test/t.csv", "slots/a.csv"}),
    "data/test/t.csv": ("data/test/t.csv", {"test/t.csv", "slots/a.csv"}),
    "data/slots/a.csv": ("data/slots/a.csv", {"slots/a.csv"}),
}


@pytest.mark.parametrize(("key", "expected"), CHANGES.values(), ids=CHANGES)
def test_uploads_that_decide_how_another_is_read(key: str, expected: set[str]) -> None:
    store = settled_store()
    before = names(store)
    put_and_read(store, key, b"changed", "d" * 32)
    assert named_anew(store, before) == expected


def test_the_same_rows_under_another_name_leave_the_slots_alone() -> None:
    store = settled_store()
    before = names(store)
    put_and_read(store, "data/test/t.csv", b"the same rows, spelled otherwise", B)
    assert named_anew(store, before) == {"test/t.csv"}


def test_a_rejected_test_upload_leaves_the_slots_alone() -> None:
    store = settled_store()
    before = names(store)
    put_and_read(store, "data/test/u.csv", b"no CSV", None)
    assert named_anew(store, before) == {"test/u.csv"}


def test_what_the_schema_follows_from_is_read_first() -> None:
    store = FakeStore()
    for key in ("data/slots/a.csv", "data/test/t.csv", "data/schema.json"):
        store.put(key, b"x")
    order = []
    while pending := Inventory.take(store, SETTINGS).pending:
        order.append([upload.key for upload in pending])
        store.put(keys.receipt_key(pending[0].digest, A), b"{}")
    assert order == [["data/schema.json"], ["data/test/t.csv"], ["data/slots/a.csv"]]


RECEIPTS: list[tuple[str, list[str], dict[str, str | None]]] = [
    ("none", [], {}),
    ("rows", [f"receipts/{A}.{B}.json"], {A: B}),
    ("rejected", [f"receipts/{A}.rejected.json"], {A: None}),
    ("rows win", [f"receipts/{A}.{B}.json", f"receipts/{A}.rejected.json"], {A: B}),
    ("rows win in any order", [f"receipts/{A}.rejected.json", f"receipts/{A}.{B}.json"], {A: B}),
    ("two uploads", [f"receipts/{A}.{C}.json", f"receipts/{B}.rejected.json"], {A: C, B: None}),
    (
        "others",
        [f"receipts/{A}.json", "receipts/x.y.json", f"receipts/{A}.{B}.json.bak", f"a/receipts/{A}.{B}.json"],
        {},
    ),
]


@pytest.mark.parametrize(("listed", "expected"), [case[1:] for case in RECEIPTS], ids=[case[0] for case in RECEIPTS])
def test_one_listing_tells_what_is_read(listed: list[str], expected: dict[str, str | None]) -> None:
    assert keys.receipts(map(entry, listed)) == expected


@pytest.mark.parametrize("slot", [B, None])
def test_receipt_keys_are_read_back(slot: str | None) -> None:
    assert keys.receipts([entry(keys.receipt_key(A, slot))]) == {A: slot}


NAMES = [
    DecisionName(0, MODEL, None),
    DecisionName(7, MODEL, "waiting"),
    DecisionName(12, MODEL, "older-than-0123456789ab"),
    DecisionName(123_456_789, MODEL, "write-0123456789ab"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.key)
def test_decision_names_are_read_back(name: DecisionName) -> None:
    assert DecisionName.parse(name.key) == name


def test_decision_names_sort_by_generation() -> None:
    listed = [DecisionName(generation, MODEL, None).key for generation in (0, 9, 10, 99, 100, 12_345_678)]
    assert listed == sorted(listed)
    assert listed[0] == f"promotions/00000000-{MODEL}.json"


@pytest.mark.parametrize(
    "key", ["promotions/1-x.json", f"promotions/-{MODEL}.json", f"promotions/1-{MODEL}", f"promotions/1-{MODEL}.A.json"]
)
def test_other_keys_are_no_decisions(key: str) -> None:
    assert DecisionName.parse(key) is None


def test_scored_models_are_those_with_a_score() -> None:
    other = "f" * 16
    listed = [f"models/{MODEL}/scorer.json", f"models/{MODEL}/score.json", f"models/{other}/scorer.json"]
    listed += [f"models/{other}/rescores/score.json", "models/short/score.json", f"models/{other}/score.json.bak"]
    assert keys.scored_models(map(entry, listed)) == [MODEL]


IDS = [(MODEL, True), (MODEL.upper(), False), ("", False), (MODEL + "0", False), ("../" + MODEL[3:], False)]


@pytest.mark.parametrize(("text", "expected"), [*IDS, (MODEL + "\n", False)])
def test_what_a_model_id_looks_like(text: str, expected: bool) -> None:
    assert keys.is_model_id(text) is expected


def test_an_inventory_knows_pending_uploads_and_sources() -> None:
    store = FakeStore()
    for name in ("slots/a", "slots/b", "slots/c", "test/t"):
        store.put(f"data/{name}.csv", b"x")
    for key, slot in [("data/test/t.csv", C), ("data/slots/a.csv", A), ("data/slots/b.csv", None)]:
        store.put(keys.receipt_key(names(store)[key], slot), b"{}")
    inventory = Inventory.take(store, SETTINGS)
    assert [upload.key for upload in inventory.pending] == ["data/slots/c.csv"]
    assert [(one.upload.key, one.slot) for one in inventory.sources("slot")] == [("data/slots/a.csv", A)]
    assert inventory.test_fingerprint == Inventory.of_tests(store, SETTINGS).test_fingerprint is not None


def test_there_is_no_test_set_while_part_of_it_is_unread() -> None:
    store = FakeStore()
    store.put("data/test/a.csv", b"x")
    store.put(keys.receipt_key(names(store)["data/test/a.csv"], A), b"{}")
    store.put("data/test/b.csv", b"x")
    assert Inventory.take(store, SETTINGS).test_fingerprint is None
