"""Status: what the bucket says about itself, for people and pages. Imports no scientific package."""

from typing import TYPE_CHECKING, Any

from shared.bucket import keys
from shared.bucket.store import Reader, read_document
from shared.documents import Document
from shared.errors import NotFound
from shared.registry.models import read_score
from shared.registry.status_documents import StatusDocument
from shared.registry.status_view import empty_view
from shared.serving.production_cache import ProductionCache

if TYPE_CHECKING:
    from collections.abc import Mapping


def status(reader: Reader) -> StatusDocument:
    """The status view; an empty one while no function has looked at the bucket."""
    try:
        return read_document(reader, keys.STATUS, StatusDocument)
    except NotFound:
        return {"format": 1, "at": None, **empty_view()}


def profile(reader: Reader, cache: ProductionCache) -> Document:
    """What the page draws of the production model's data. Raise NotServing, and NotFound where none was written."""
    model_id = cache.current().model_id
    try:
        found: Document = read_document(reader, keys.model_key(model_id, "profile.json"), dict)
    except NotFound:
        raise NotFound(f"model {model_id} has no profile: an earlier version trained it; the next one has") from None
    return found


def model(reader: Reader, cache: ProductionCache) -> Document:
    """The production model: what its score says, since when it serves, and whether its lineage is stale.

    `stale` is None until the status view has caught up with the pointer. Raise NotServing.
    """
    production = cache.current()
    pointer = production.pointer
    score: Mapping[str, Any] = read_score(reader, pointer.model_id) or {}
    seen: Mapping[str, Any] = status(reader)["production"] or {}
    current = seen.get("model_id") == pointer.model_id
    return {
        "model_id": pointer.model_id,
        "score": pointer.score,
        "interval": score.get("interval"),
        "baseline": score.get("baseline"),
        "threshold": production.scorer.threshold,
        "f1_at_half": score.get("f1_at_half"),
        "promoted_at": pointer.promoted_at,
        "generation": pointer.generation,
        "decision": pointer.decision,
        "importances": score.get("importances", {}),
        "features": list(production.scorer.features),
        "schema": score.get("schema", []),
        "warnings": score.get("warnings", []),
        "classes": list(production.scorer.classes),
        "label": production.scorer.label,
        "metrics": score.get("metrics", {}),
        "confusion": score.get("confusion"),
        "train_rows": score.get("train_rows"),
        "test_rows": score.get("test_rows"),
        "settings": score.get("settings", {}),
        "versions": score.get("versions", {}),
        "lineage": score.get("lineage", []),
        "stale": seen.get("stale") if current else None,
        "gone": seen.get("gone", []) if current else [],
    }
