"""Fresh scores: the production model on slots that have just arrived, before anything is trained on them.

No decision has ever looked at these rows, so this is what production does on what arrives now: the test score of the
best of many candidates overstates it, and a test set ages ("prequential" evaluation: Dawid, 1984).
"""

import logging
from collections.abc import Sequence
from typing import Final

from shared.bucket import keys
from shared.bucket.inventory import Inventory, Source
from shared.bucket.keys import Upload
from shared.bucket.store import Reader, Store, settle_document
from shared.documents import EvaluationDocument, Label, ScoreDocument, timestamp
from shared.errors import NotFound, Rejected
from shared.evaluation.comparison import rows_for
from shared.evaluation.predictions import evaluate_rows, load_vector_scorer
from shared.evaluation.vector_scorer import VectorScorer
from shared.ingestion.loading import load_unseen
from shared.registry.fresh_scores import FreshDocument
from shared.registry.models import read_score
from shared.registry.pointer import read_pointer
from shared.settings import Settings
from shared.tables.dataset import Unseen

log = logging.getLogger(__name__)

ENOUGH_ROWS: Final = 30
MOST_SLOTS: Final = 20  # of a burst, the newest ones


def score_fresh(
    store: Store, inventory: Inventory, settings: Settings, *, slots: Reader | None = None
) -> list[FreshDocument]:
    """Score production on the slots that it was not trained on and that it has no fresh score of; what was written.

    Production is what the pointer names now. F1 is that of the classes that count on the test set, as far as the new
    rows have them. Called before a training, it finds what has just arrived, and what an interrupted run left. It never
    fails because of a slot or of the model: a document says why a slot has no score, and the log what may be different
    the next time (other features in the test set, rows that are gone). `slots` reads rows: the store, unless given.
    """
    pointer = read_pointer(store)
    production = read_score(store, pointer.model_id) if pointer else None
    if production is None or not _is_of(production, settings):
        return []
    arrived = _arrived(store, production, inventory)
    if not arrived:
        return []
    lineage = [Source(Upload(one["upload"], one["etag"], 0, ""), one["slot"]) for one in production["lineage"]]
    try:
        scorer = load_vector_scorer(store, production)
        found = load_unseen(store, arrived, lineage, inventory, settings, slots=slots)
        documents = [
            _scored(production, scorer, source, unseen) for source, unseen in zip(arrived, found, strict=True) if unseen
        ]
    except (NotFound, Rejected) as problem:
        log.warning("no fresh score of %s: %s", production["model_id"], problem)
        return []
    written = []
    for document in documents:
        written.append(settle_document(store, keys.fresh_key(document["model_id"], document["slot"]), document))
        log.info("fresh score of %s on %s: %s", document["model_id"], document["upload"], document["f1"])
    return written


def _is_of(production: ScoreDocument, settings: Settings) -> bool:
    """Whether production predicts the label that is uploaded now."""
    return all(production["settings"].get(name) == settings.training()[name] for name in ("label", "positive"))


def _arrived(store: Reader, production: ScoreDocument, inventory: Inventory) -> list[Source]:
    """The slots to be scored, the newest ones, in the order of their uploads."""
    trained_on = {entry["slot"] for entry in production["lineage"]}
    unknown = {source.slot: source for source in inventory.sources("slot") if source.slot not in trained_on}
    if not unknown:
        return []
    known = set(keys.fresh_slots(store.list(keys.fresh_prefix(production["model_id"]))))
    newest = sorted(unknown.values(), key=lambda source: (source.upload.modified, source.upload.key))[-MOST_SLOTS:]
    return [source for source in newest if source.slot not in known]


def _scored(production: ScoreDocument, scorer: VectorScorer, source: Source, unseen: Unseen) -> FreshDocument:
    """The score, or why this slot has none; raise Incomparable when the test set has other features than the model."""
    rows = len(unseen.rows)
    if rows < ENOUGH_ROWS:
        return _unscored(production, source, rows, f"too few new rows to score: {rows} of {ENOUGH_ROWS}")
    classes = _with_all(unseen.classes, scorer.plain.classes)
    present = [index for index in unseen.scored if (unseen.rows.codes == index).any()]
    if not present:
        return _unscored(production, source, rows, "no row of a class whose F1 counts")
    if not set(scorer.plain.classes) & set(unseen.classes):
        return _unscored(production, source, rows, "none of its labels is a class of the model")
    encoding, own = rows_for(scorer, unseen.encoding, unseen.rows)
    try:
        evaluation = evaluate_rows(scorer, encoding, own, classes, present)
    except Rejected as error:
        return _unscored(production, source, rows, str(error))
    return {
        **_unscored(production, source, rows, None),
        "f1": evaluation["f1"],
        "interval": evaluation["interval"],
        "metrics": evaluation["metrics"],
        "f1_of": evaluation["f1_of"],
        "confusion": evaluation["confusion"],
        "warning": _warning(production, source, rows, evaluation),
    }


def _with_all(present: Sequence[Label], own: Sequence[Label]) -> tuple[Label, ...]:
    """The classes of the rows, which keep their indices, and after them those that only the model knows."""
    return (*present, *(label for label in own if label not in present))


def _unscored(production: ScoreDocument, source: Source, rows: int, reason: str | None) -> FreshDocument:
    return {
        "model_id": production["model_id"],
        "upload": source.upload.key,
        "slot": source.slot,
        "rows": rows,
        "f1": None,
        "interval": None,
        "metrics": {},
        "reason": reason,
        "warning": None,
        "at": timestamp(),
    }


def _warning(production: ScoreDocument, source: Source, rows: int, evaluation: EvaluationDocument) -> str | None:
    """That the fresh score is below the interval of the test score, and not by the chance of few rows."""
    low, high = production.get("interval") or (None, None)
    own_low, own_high = evaluation["interval"]
    if low is None or evaluation["f1"] >= low or own_high >= production["f1"]:
        return None
    return (
        f"F1 {evaluation['f1']:.2f} (95 %: {own_low:.2f} to {own_high:.2f}) on {rows} new rows of {source.upload.key}, "
        f"{production['f1']:.2f} ({low:.2f} to {high:.2f}) on the test set: it no longer speaks for what arrives"
    )
