"""Training: the candidate that an inventory calls for, and its artefacts.

The candidate's name is a hash of everything that decides what comes out, so work that is done is found by its name.
`score.json` is written last: a model without it was never finished and is not looked at.
"""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from shared import layout
from shared.dataset import Dataset, assemble
from shared.documents import Document, decode, digest, encode, sha256, timestamp
from shared.errors import Rejected
from shared.estimators import check_parity, export, fit, importances, score_rows, versions
from shared.inventory import Inventory, Source
from shared.loading import load_reference, load_tables, restoring
from shared.metrics import evaluate
from shared.review import review
from shared.scorer import Scorer
from shared.selection import select
from shared.settings import Settings
from shared.store import Store, settle

Fit = Callable[[Dataset, str], Pipeline]


@dataclass(frozen=True)
class Candidate:
    """The model that the bucket calls for, whether it is trained or not."""

    model_id: str
    slots: tuple[Source, ...]
    inventory: Inventory
    test_fingerprint: str


def candidate_of(inventory: Inventory, settings: Settings) -> Candidate | str:
    """The candidate that an inventory calls for, or why it calls for none."""
    if inventory.is_override_rejected:
        return f"{layout.OVERRIDE} cannot be used: its receipt says why; correct or remove it"
    slots = inventory.sources("slot")
    fingerprint = inventory.test_fingerprint
    if fingerprint is None:
        held = f"; {len(slots)} accepted slots wait for it" if slots else ""
        return f"no test set yet: upload one to {layout.TEST_UPLOADS}{held}"
    if not slots:
        rejected = sum(upload.kind == "slot" for upload in inventory.uploads)
        held = f" that can be used ({rejected} rejected: their receipts say why)" if rejected else " yet"
        return f"no slot{held}: upload one to {layout.SLOT_UPLOADS}"
    inputs = {
        "slots": [[source.upload.key, source.upload.etag, source.slot] for source in slots],
        "test": fingerprint,
        "schema": inventory.override.slot if inventory.override else None,
        "settings": settings.training(),
        "versions": versions(),
    }
    return Candidate(digest(inputs)[:16], tuple(slots), inventory, fingerprint)


@dataclass
class _Timings:
    """Seconds of each step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 4)


def train(store: Store, candidate: Candidate, settings: Settings, *, fit: Fit = fit) -> Document:
    """Fit, check, score and write the candidate; its ``score.json``.

    Raise Rejected, after writing ``refused.json``, when these inputs cannot give a model.
    """
    try:
        return _train(store, candidate, settings, fit)
    except Rejected as error:
        refusal = {
            "model_id": candidate.model_id,
            "reason": str(error),
            "test_fingerprint": candidate.test_fingerprint,
            "lineage": [_origin(source) for source in candidate.slots],
            "at": timestamp(),
        }
        settle(store, layout.model_key(candidate.model_id, "refused.json"), encode(refusal))
        raise


def _train(store: Store, candidate: Candidate, settings: Settings, fit: Fit) -> Document:
    timings = _Timings()
    with timings.step("load"):
        dataset = load_dataset(store, candidate.slots, candidate.inventory, settings, restore=True)
    with timings.step("select"):
        selection = select(dataset, settings.estimator)
    with timings.step("fit"):
        pipeline = fit(dataset, selection.estimator)
    with timings.step("check"):
        exported = export(pipeline, dataset, settings)
        compared = check_parity(pipeline, Scorer.load(exported, "scorer.json"), dataset)
    with timings.step("write"):
        pickled = io.BytesIO()
        joblib.dump(pipeline, pickled)
        model = settle(store, layout.model_key(candidate.model_id, "model.joblib"), pickled.getvalue())
        key = layout.model_key(candidate.model_id, "scorer.json")
        stored = settle(store, key, exported)
    with timings.step("score"):
        evaluation = evaluate_scorer(Scorer.load(stored, key), dataset)
    score = {
        "model_id": candidate.model_id,
        **evaluation,
        "test_fingerprint": candidate.test_fingerprint,
        "test_rows": len(dataset.test),
        "train_rows": len(dataset.train),
        "duplicates": dataset.duplicates,
        "in_test_set": dataset.in_test_set,
        "lineage": [
            {**_origin(source), "rows": rows or 0} for source, rows in zip(candidate.slots, dataset.used, strict=True)
        ],
        "warnings": review(dataset, [source.upload.key for source in candidate.slots]),
        "schema": dataset.schema.document(),
        "features": list(dataset.features),
        "estimator": selection.estimator,
        "selection": selection.document(),
        "importances": importances(pipeline, dataset.encoding),
        "classes": list(dataset.classes),
        "settings": settings.training(),
        "versions": versions(),
        "sha256": {"model.joblib": sha256(model), "scorer.json": sha256(stored)},
        "parity_rows": compared,
        "timings": timings.seconds,
        "at": timestamp(),
    }
    key = layout.model_key(candidate.model_id, "score.json")
    return decode(settle(store, key, encode(score)), key)


def _origin(source: Source) -> Document:
    return {"upload": source.upload.key, "etag": source.upload.etag, "slot": source.slot}


def load_dataset(
    store: Store, slots: Sequence[Source], inventory: Inventory, settings: Settings, *, restore: bool = False
) -> Dataset:
    """Load the rows of some slots and of the present test set, and put them together under its schema.

    Rows of slots that were pruned are made again when `restore` says so, else NotFound is raised. Raise Rejected when
    the test uploads do not fit each other.
    """
    reference = load_reference(store, inventory, settings)
    if reference is None:
        raise Rejected(f"expected a test set, found none: upload one to {layout.TEST_UPLOADS}")
    tables = load_tables(store, slots, restoring(store, settings, reference.columns) if restore else None)
    return assemble(tables, reference.tests, reference.schema, truth=settings.positive is not None)


def evaluate_scorer(scorer: Scorer, dataset: Dataset) -> dict[str, Any]:
    """The metrics of a portable scorer on the test set of a dataset."""
    indices, probabilities = score_rows(scorer, dataset.encoding, dataset.test)
    position = [dataset.classes.index(label) for label in scorer.classes]
    predicted = np.array(position, np.int32)[indices]
    spread = np.zeros((len(dataset.test), len(dataset.classes)))
    spread[:, position] = probabilities
    return evaluate(dataset.test.codes, predicted, spread, dataset.classes, dataset.scored)
