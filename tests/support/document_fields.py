"""The fields of every document that the functions write, seen in a bucket to which all of it happened."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from engine import job
from engine.workers import InThisProcess
from functions import desk, ingest_and_retrain, predict_batch
from shared.documents import decode
from shared.settings import Settings
from tests.support.fake_launcher import FakeLauncher
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, sample

KINDS: Final = {
    "receipt": r"receipts/.*",
    "attempt": r"attempts/.*",
    "score": r"models/[^/]+/score\.json",
    "scorer": r"models/[^/]+/scorer\.json",
    "profile": r"models/[^/]+/profile\.json",
    "fresh": r"models/[^/]+/fresh/.*",
    "refusal": r"models/[^/]+/refused\.json",
    "rescore": r"models/[^/]+/rescores/.*",
    "pointer": r"production\.json",
    "decision": r"promotions/.*",
    "job": r"jobs/.*\.json",
    "batch report": r"predictions/.*\.json",
    "status view": r"status\.json",
}


def eventful() -> Stage:
    """A stage that saw a refusal, a rejection, better and worse models, a changed test set, a rollback, a job."""
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put("data/schema.json", '{"format": 1, "columns": {"a": "number"}}')
    stage.put(TEST, sample(1000, rows=60, noise=0.0))
    stage.put(f"{SLOT}0.csv", csv_of([(a, a, "yes") for a in range(9)]))
    stage.put(f"{SLOT}broken.csv", "no,table\n")
    _ring(stage)
    for number, (rows, noise) in enumerate([(20, 0.4), (8, 0.0), (400, 0.0)], 1):
        stage.change(promotion="significant" if number == 2 else "better")
        stage.put(f"{SLOT}{number}.csv", sample(number, rows=rows, noise=noise))
        _ring(stage)
    stage.put(f"{SLOT}4.csv", sample(4))
    stage.ingest()
    stage.put("data/test/more.csv", sample(1001, rows=40, noise=0.0))
    _ring(stage)
    stage.put("batch/new.csv", sample(1002, noise=0.0))
    predict_batch.run(stage.file_store(), stage.settings)
    desk.rollback(stage.store)
    _ring(stage)
    stage.change(threshold=0.3)
    _ring(stage)
    stage.change(engine="dask", engine_mb=0.0)
    model_id = ingest_and_retrain.run(stage.store, stage.settings, launcher=FakeLauncher()).candidate.model_id
    job.run(stage.store, stage.settings, str(model_id), InThisProcess(1), lambda: stage.store)
    return stage


def _ring(stage: Stage) -> None:
    stage.ingest()
    stage.promote()


def fields_seen(stage: Stage) -> Mapping[str, set[str]]:
    """The fields of each kind of document."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in stage.listing():
        for kind in _kinds(key):
            document = decode(stage.store.read(key).body, key)
            if kind != "scorer" or document["kind"] == "adaboost":  # the page describes that family's
                found[kind] |= document.keys() - {"format"}
    return found


def _kinds(key: str) -> Iterator[str]:
    return (kind for kind, pattern in KINDS.items() if re.fullmatch(pattern, key))
