"""A job: one candidate by its name, from the rows in the bucket to the score."""

import logging
from functools import partial

from engine.slot_rows import OpenReader
from engine.training import train
from engine.versions import check_installed
from engine.workers import Workers
from shared.bucket.inventory import Inventory
from shared.bucket.obstore_reader import PATIENT, ObstoreReader
from shared.bucket.store import Store
from shared.documents import ScoreDocument
from shared.errors import VintnerError
from shared.jobs.documents import inventory_of, newest_job
from shared.settings import Settings
from shared.training.candidate import Candidate, candidate_of

log = logging.getLogger(__name__)


def run(
    store: Store, settings: Settings, model_id: str, workers: Workers, open_reader: OpenReader | None = None
) -> ScoreDocument:
    """Train the candidate of this name; its score. `open_reader` opens the bucket in a worker, where it is no S3.

    Raise Rejected, after writing ``refused.json``, when its rows give no model, and VintnerError when the bucket calls
    for another one.
    """
    check_installed()
    candidate = _candidate(store, settings, model_id)
    log.info("training %s on %d slots with %d workers", model_id, len(candidate.slots), workers.count)
    score = train(store, candidate, settings, workers, open_reader or partial(ObstoreReader, settings.bucket, PATIENT))
    log.info("scored %s: F1 %.4f on %d rows", model_id, score["f1"], score["test_rows"])
    return score


def _candidate(store: Store, settings: Settings, model_id: str) -> Candidate:
    """The candidate of this name: of the uploads that its job was written for, or without a job of those there are."""
    job = newest_job(store, model_id)
    inventory = inventory_of(job["uploads"]) if job else Inventory.take(store, settings)
    candidate = candidate_of(inventory, settings)
    if isinstance(candidate, str):
        raise VintnerError(f"expected a candidate {model_id}, found none: {candidate}")
    if candidate.trainer != "dask":
        raise VintnerError(
            f"expected a candidate for the engine, found {candidate.model_id}, which the function trains: see "
            "VINTNER_ENGINE and VINTNER_ENGINE_MB"
        )
    if candidate.model_id != model_id:
        raise VintnerError(
            f"expected uploads, settings and versions that make {model_id}, found some that make "
            f"{candidate.model_id}: start the job for that one, or correct VINTNER_*"
        )
    return candidate
