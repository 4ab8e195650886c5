"""The candidate that an inventory calls for: named by a hash of everything that decides what comes out."""

from dataclasses import dataclass

from shared.bucket import keys
from shared.bucket.inventory import Inventory, Source
from shared.documents import digest
from shared.formats.variables import MEGABYTE
from shared.settings import Engine, Settings
from shared.training.engine_versions import engine_versions
from shared.training.versions import versions


@dataclass(frozen=True)
class Candidate:
    """The model that the bucket calls for, whether it is trained or not."""

    model_id: str
    slots: tuple[Source, ...]
    inventory: Inventory
    test_fingerprint: str
    trainer: Engine = "function"


def who_trains(settings: Settings, accepted_bytes: int) -> Engine:
    """Who trains on accepted uploads of so many bytes: the function, or the engine where that is set and they are more.

    How large a cluster is has no say in it, nor in a model's name.
    """
    return "dask" if settings.engine == "dask" and accepted_bytes > settings.engine_mb * MEGABYTE else "function"


def candidate_of(inventory: Inventory, settings: Settings) -> Candidate | str:
    """The candidate that an inventory calls for, or why it calls for none."""
    if inventory.is_override_rejected:
        return f"{keys.OVERRIDE} cannot be used: its receipt says why; correct or remove it"
    slots = inventory.sources("slot")
    fingerprint = inventory.test_fingerprint
    if fingerprint is None:
        held = f"; {len(slots)} accepted slots wait for it" if slots else ""
        return f"no test set yet: upload one to {keys.TEST_UPLOADS}{held}"
    if not slots:
        rejected = sum(upload.kind == "slot" for upload in inventory.uploads)
        held = f" that can be used ({rejected} rejected: their receipts say why)" if rejected else " yet"
        return f"no slot{held}: upload one to {keys.SLOT_UPLOADS}"
    trainer = who_trains(settings, sum(source.upload.size for source in slots))
    inputs: dict[str, object] = {
        "slots": [[source.upload.key, source.upload.etag, source.slot] for source in slots],
        "test": fingerprint,
        "schema": inventory.override.slot if inventory.override else None,
        "settings": settings.training(),
        "versions": versions() if trainer == "function" else engine_versions(),
    }
    if trainer != "function":
        inputs["trainer"] = trainer
    return Candidate(digest(inputs)[:16], tuple(slots), inventory, fingerprint, trainer)
