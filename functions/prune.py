"""Prune: which objects nothing refers to any more. What an unknown outcome left behind is never among them.

A model is removed only when it is older than any function can run, has a final decision, and neither the pointer nor
its history names it. Its score goes first: a model without one is never promoted or gone back to, and what an
interrupted run leaves behind is found again by the next one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Entry, Reader, Store
from shared.registry.decisions import WAITING, decision_names
from shared.registry.models import read_score
from shared.registry.pointer import Pointer, read_pointer
from shared.settings import Settings


@dataclass(frozen=True)
class Prunable:
    """An object that can go: size in bytes, and why nothing needs it."""

    key: str
    size: int
    why: str


def prunable(store: Reader, settings: Settings, *, before: datetime, rows: bool) -> list[Prunable]:
    """The objects that can go; `rows` includes the rows of uploads that are gone."""
    pointer = read_pointer(store)
    entries = store.list(keys.MODELS)
    models: dict[str, list[Entry]] = {}
    for entry in entries:
        models.setdefault(entry.key.split("/")[1], []).append(entry)
    decided = {name.model_id for name in decision_names(store.list(keys.PROMOTIONS)) if name.remark != WAITING}
    protected = _protected(pointer)
    unneeded = []
    for model_id, objects in models.items():
        if model_id in decided - protected and all(entry.modified < before for entry in objects):
            unneeded += [
                Prunable(entry.key, entry.size, "decided, not in the history") for entry in _score_first(objects)
            ]
    if rows:
        needed = _needed_slots(store, settings, pointer, models.keys() - {gone.key.split("/")[1] for gone in unneeded})
        unneeded += [
            Prunable(entry.key, entry.size, "rows of no current upload and of no model that stays")
            for entry in store.list(keys.SLOTS)
            if entry.key not in needed and entry.modified < before
        ]
    return unneeded


def remove(store: Store, unneeded: Iterable[Prunable]) -> None:
    """Remove objects, in order."""
    for prunable_object in unneeded:
        store.delete(prunable_object.key)


def _protected(pointer: Pointer | None) -> set[str]:
    if pointer is None:
        return set()
    return {pointer.model_id, *pointer.withdrawn, *(step.model_id for step in pointer.history)}


def _score_first(objects: Iterable[Entry]) -> list[Entry]:
    return sorted(objects, key=lambda entry: (not entry.key.endswith(keys.SCORE_SUFFIX), entry.key))


def _needed_slots(store: Reader, settings: Settings, pointer: Pointer | None, staying: Iterable[str]) -> set[str]:
    inventory = Inventory.take(store, settings)
    current = {upload.digest for upload in inventory.uploads}
    needed = {slot for digest, slot in inventory.receipts.items() if slot and digest in current}
    for model_id in {*staying, *_protected(pointer)}:
        if score := read_score(store, model_id):
            needed |= {entry["slot"] for entry in score["lineage"]}
    return {keys.slot_key(slot) for slot in needed}
