"""Fresh scores as they are kept: a model in production on the slots that arrived since it was trained."""

from collections.abc import Iterable
from typing import Final, NotRequired

from shared.bucket import keys
from shared.bucket.store import Reader, read_document
from shared.documents import Confusion, Label, Stored

SHOWN_FRESH: Final = 50


class FreshDocument(Stored):
    """``models/<id>/fresh/<slot digest>.json``: the production model on the rows of a slot that were new to it.

    `f1` and `interval` are None where it was not scored, and `reason` says why. `warning` says that the score is below
    the interval of the test score. `f1_of` and `confusion` are as in a score.
    """

    model_id: str
    upload: str
    slot: str
    rows: int
    f1: float | None
    interval: list[float] | None
    metrics: dict[str, float]
    f1_of: NotRequired[str | dict[str, Label]]
    confusion: NotRequired[Confusion]
    reason: str | None
    warning: str | None
    at: str


def latest_warning(store: Reader, model_id: str) -> str | None:
    """What the latest fresh score of a model warns of."""
    listed = store.list(keys.fresh_prefix(model_id))
    latest = max(listed, key=lambda entry: (entry.modified, entry.key), default=None)
    return read_document(store, latest.key, FreshDocument)["warning"] if latest else None


def newest_fresh(store: Reader, model_id: str, known: Iterable[FreshDocument]) -> list[FreshDocument]:
    """The newest fresh scores of a model, the latest first; those that are `known` are not read again."""
    kept = {one["slot"]: one for one in known if one["model_id"] == model_id}
    listed = sorted(store.list(keys.fresh_prefix(model_id)), key=lambda entry: (entry.modified, entry.key))
    found = [
        kept[slot] if slot in kept else read_document(store, keys.fresh_key(model_id, slot), FreshDocument)
        for slot in keys.fresh_slots(listed[-SHOWN_FRESH:])
    ]
    return sorted(found, key=lambda one: (one["at"], one["upload"]), reverse=True)
