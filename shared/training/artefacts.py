"""What every training leaves in the bucket beside the model itself, whoever trained it: its score, or its refusal."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.bucket import keys
from shared.bucket.inventory import Source
from shared.bucket.store import Store, settle_document
from shared.documents import Document, EvaluationDocument, LineageEntry, RefusalDocument, ScoreDocument, timestamp
from shared.errors import Rejected
from shared.quality.lost_rows import lost_rows
from shared.quality.profile import profile
from shared.quality.sanity import SanityWarning, doubts_of_columns, doubts_of_rows, doubts_of_score
from shared.quality.training_review import review
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.training.candidate import Candidate


@dataclass
class Timings:
    """Seconds of each step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 4)


@dataclass(frozen=True)
class Review:
    """What a person should know of the rows behind a candidate: doubts and notes, and the fields of its profile."""

    doubts: list[SanityWarning]
    notes: list[str]
    profile: Document


def review_rows(dataset: Dataset, candidate: Candidate, settings: Settings) -> Review:
    """Look at the training rows of a dataset."""
    train = dataset.train
    return Review(
        doubts=[
            *doubts_of_rows(dataset, settings.duplicates),
            *doubts_of_columns(dataset.encoding, train.values, train.codes, dataset.scored),
        ],
        notes=[
            *review(dataset, [source.upload.key for source in candidate.slots]),
            *lost_rows(dataset, candidate.slots, settings.duplicates),
        ],
        profile={"model_id": candidate.model_id, **profile(dataset, candidate.slots)},
    )


@dataclass(frozen=True)
class Trained:
    """What a training says of itself in the score."""

    estimator: str
    selection: Document
    importances: dict[str, float]
    versions: Mapping[str, str]
    sha256: Mapping[str, str]
    parity_rows: int
    timings: Mapping[str, float]
    fallback_rounds: int | None = None


def write_score(
    store: Store,
    candidate: Candidate,
    settings: Settings,
    dataset: Dataset,
    *,
    reviewed: Review,
    evaluation: EvaluationDocument,
    trained: Trained,
) -> ScoreDocument:
    """Write the profile, then the score, which is last; the score that is there. Of `dataset` all but its rows."""
    doubts = [*doubts_of_score(evaluation), *reviewed.doubts]
    settle_document(store, keys.model_key(candidate.model_id, "profile.json"), reviewed.profile)
    score: ScoreDocument = {
        "model_id": candidate.model_id,
        **evaluation,
        "test_fingerprint": candidate.test_fingerprint,
        "test_rows": len(dataset.test),
        "train_rows": sum(rows or 0 for rows in dataset.used),
        "duplicates": dataset.duplicates,
        "in_test_set": dataset.in_test_set,
        "lineage": [
            {**_origin(source), "rows": rows or 0} for source, rows in zip(candidate.slots, dataset.used, strict=True)
        ],
        "warnings": list(dict.fromkeys([*(doubt.text for doubt in doubts), *reviewed.notes])),
        "sanity": [doubt.as_document() for doubt in doubts],
        "schema": dataset.schema.as_document(),
        "features": list(dataset.features),
        "estimator": trained.estimator,
        "selection": trained.selection,
        "fallback_rounds": trained.fallback_rounds,
        "importances": trained.importances,
        "classes": list(dataset.classes),
        "settings": settings.training(),
        "versions": dict(trained.versions),
        "sha256": dict(trained.sha256),
        "parity_rows": trained.parity_rows,
        "timings": dict(trained.timings),
        "at": timestamp(),
    }
    return settle_document(store, keys.model_key(candidate.model_id, "score.json"), score)


def write_refusal(store: Store, candidate: Candidate, error: Rejected) -> None:
    """Write why these inputs give no model, so that they are not tried again."""
    refusal: RefusalDocument = {
        "model_id": candidate.model_id,
        "reason": str(error),
        "test_fingerprint": candidate.test_fingerprint,
        "lineage": [_origin(source) for source in candidate.slots],
        "at": timestamp(),
    }
    settle_document(store, keys.model_key(candidate.model_id, "refused.json"), refusal)


def _origin(source: Source) -> LineageEntry:
    return {"upload": source.upload.key, "etag": source.upload.etag, "slot": source.slot}
