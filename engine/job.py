"""A job: one candidate by its name, from the rows in the bucket to the score."""

import logging
from functools import partial

from engine.training import train
from engine.versions import check_installed
from engine.workers import Workers
from shared.bucket.inventory import Inventory
from shared.bucket.obstore_reader import PATIENT, ObstoreReader
from shared.bucket.store import Store
from shared.documents import ScoreDocument
from shared.errors import VintnerError
from shared.settings import Settings
from shared.training.candidate import Candidate, candidate_of

log = logging.getLogger(__name__)


def run(store: Store, settings: Settings, model_id: str, workers: Workers) -> ScoreDocument:
    """Train the candidate of this name; its score.

    Raise Rejected, after writing ``refused.json``, when its rows give no model, and VintnerError when the bucket calls
    for another one.
    """
    check_installed()
    candidate = _candidate(store, settings, model_id)
    log.info("training %s on %d slots with %d workers", model_id, len(candidate.slots), workers.count)
    score = train(store, candidate, settings, workers, partial(ObstoreReader, settings.bucket, PATIENT))
    log.info("scored %s: F1 %.4f on %d rows", model_id, score["f1"], score["test_rows"])
    return score


def _candidate(store: Store, settings: Settings, model_id: str) -> Candidate:
    candidate = candidate_of(Inventory.take(store, settings), settings)
    if isinstance(candidate, str):
        raise VintnerError(f"expected a candidate {model_id}, found none: {candidate}")
    if candidate.model_id != model_id:
        raise VintnerError(
            f"expected a bucket that calls for {model_id}, found one that calls for {candidate.model_id}: uploads, "
            "settings or versions changed; start the job for that one"
        )
    return candidate
