"""Training: the candidate that an inventory calls for, and its artefacts.

The candidate's name is a hash of everything that decides what comes out, so work that is done is found by its name.
`score.json` is written last: a model without it was never finished and is not looked at.
"""

import io
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import joblib
from sklearn.pipeline import Pipeline

from shared.bucket import keys
from shared.bucket.inventory import Source
from shared.bucket.store import Reader, Store, settle, settle_document
from shared.documents import LineageEntry, RefusalDocument, ScoreDocument, sha256, timestamp
from shared.errors import Rejected
from shared.evaluation.predictions import evaluate_scorer
from shared.evaluation.vector_scorer import VectorScorer
from shared.ingestion.loading import load_dataset
from shared.quality.lost_rows import lost_rows
from shared.quality.profile import profile
from shared.quality.sanity import SanityWarning, doubts_of_columns, doubts_of_rows, doubts_of_score
from shared.quality.training_review import review
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.tables.freed_memory import give_back
from shared.training.attempts import attempted
from shared.training.candidate import Candidate
from shared.training.decision_threshold import with_threshold
from shared.training.model_selection import select
from shared.training.pipelines import PARITY_ROWS, check_classes, check_parity, export, importances, prepare
from shared.training.scorer_size import check_size
from shared.training.threshold_choice import choose_threshold
from shared.training.versions import versions


class Fits(Protocol):
    """What is left of a training when the rows are prepared."""

    def fit(self) -> Pipeline:
        """The fitted pipeline."""
        ...


Prepare = Callable[[Dataset, str], Fits]
"""Makes rows and estimator ready. Nobody needs the training rows after it."""

ready_to_fit: Final = partial(prepare, consume=True)


@dataclass
class _Timings:
    """Seconds of each step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 4)


def train(
    store: Store,
    candidate: Candidate,
    settings: Settings,
    *,
    slots: Reader | None = None,
    prepare: Prepare = ready_to_fit,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> ScoreDocument:
    """Fit, check, score and write the candidate; its ``score.json``. `slots` reads the rows (the store, unless given).

    Raise Rejected, after writing ``refused.json``, when these inputs cannot give a model, or when training on them was
    ended from outside three times. `seconds_left` says how long the function still has.
    """
    try:
        with attempted(store, candidate.model_id, seconds_left):
            return _train(store, candidate, settings, slots, prepare)
    except Rejected as error:
        refusal: RefusalDocument = {
            "model_id": candidate.model_id,
            "reason": str(error),
            "test_fingerprint": candidate.test_fingerprint,
            "lineage": [_origin(source) for source in candidate.slots],
            "at": timestamp(),
        }
        settle_document(store, keys.model_key(candidate.model_id, "refused.json"), refusal)
        raise


def _train(
    store: Store, candidate: Candidate, settings: Settings, slots: Reader | None, prepare: Prepare
) -> ScoreDocument:
    timings = _Timings()
    with timings.step("load"):
        dataset = load_dataset(store, candidate.slots, candidate.inventory, settings, slots=slots, restore=True)
    check_classes(dataset)
    with timings.step("select"):
        selection = select(dataset, settings.estimator)
    with timings.step("threshold"):
        choice = choose_threshold(dataset, selection.estimator, settings.threshold)
    with timings.step("review"):
        doubts_before = _doubts_of_training(dataset, settings)
        notes = [
            *review(dataset, [source.upload.key for source in candidate.slots]),
            *lost_rows(dataset, candidate.slots, settings.duplicates),
        ]
        drawn = {"model_id": candidate.model_id, **profile(dataset, candidate.slots)}
    with timings.step("fit"):
        train_rows, sample = len(dataset.train), dataset.sampled(PARITY_ROWS)
        give_back()
        prepared = prepare(dataset, selection.estimator)
        dataset = sample  # all rows are not to be in memory beside what the classifier takes
        give_back()
        pipeline = prepared.fit()
        del prepared
    with timings.step("check"):
        exported = export(pipeline, dataset, settings, choice.threshold)
        check_size(exported, settings, selection.estimator, len(dataset.classes))
        deciding = with_threshold(pipeline, choice.threshold)
        compared = check_parity(deciding, VectorScorer.load(exported, "scorer.json"), dataset)
    with timings.step("write"):
        pickled = io.BytesIO()
        joblib.dump(deciding, pickled)
        model = settle(store, keys.model_key(candidate.model_id, "model.joblib"), pickled.getvalue())
        key = keys.model_key(candidate.model_id, "scorer.json")
        stored = settle(store, key, exported)
    with timings.step("score"):
        evaluation = evaluate_scorer(VectorScorer.load(stored, key), dataset)
    doubts = [*doubts_of_score(evaluation), *doubts_before]
    settle_document(store, keys.model_key(candidate.model_id, "profile.json"), drawn)
    score: ScoreDocument = {
        "model_id": candidate.model_id,
        **evaluation,
        "test_fingerprint": candidate.test_fingerprint,
        "test_rows": len(dataset.test),
        "train_rows": train_rows,
        "duplicates": dataset.duplicates,
        "in_test_set": dataset.in_test_set,
        "lineage": [
            {**_origin(source), "rows": rows or 0} for source, rows in zip(candidate.slots, dataset.used, strict=True)
        ],
        "warnings": list(dict.fromkeys([*(doubt.text for doubt in doubts), *notes])),
        "sanity": [doubt.as_document() for doubt in doubts],
        "schema": dataset.schema.as_document(),
        "features": list(dataset.features),
        "estimator": selection.estimator,
        "selection": {**selection.as_document(), "threshold": choice.as_document()},
        "fallback_rounds": getattr(pipeline["classifier"], "fallback_rounds_", None),
        "importances": importances(pipeline, dataset.encoding),
        "classes": list(dataset.classes),
        "settings": settings.training(),
        "versions": versions(),
        "sha256": {"model.joblib": sha256(model), "scorer.json": sha256(stored)},
        "parity_rows": compared,
        "timings": timings.seconds,
        "at": timestamp(),
    }
    return settle_document(store, keys.model_key(candidate.model_id, "score.json"), score)


def _doubts_of_training(dataset: Dataset, settings: Settings) -> list[SanityWarning]:
    """What in the training rows would make a person doubt any score."""
    train = dataset.train
    return [
        *doubts_of_rows(dataset, settings.duplicates),
        *doubts_of_columns(dataset.encoding, train.values, train.codes, dataset.scored),
    ]


def _origin(source: Source) -> LineageEntry:
    return {"upload": source.upload.key, "etag": source.upload.etag, "slot": source.slot}
