"""The training of a candidate on workers: to the same bytes as in one process, and to the same documents as a function.

`score.json` is written last: a model without it was never finished and is not looked at.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.boosting import boost_here, boost_on
from engine.features import Cutting, Features, cut_part, rows_in
from engine.gathering import Gathered, Scale, gather
from engine.grid import on_leaf_grid
from engine.slot_rows import OpenReader
from engine.trees import Trees
from engine.workers import Workers
from shared.bucket import keys
from shared.bucket.store import Store, settle
from shared.documents import Document, ScoreDocument, encode, sha256
from shared.errors import Rejected
from shared.evaluation.predictions import evaluate_scorer
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.values import column_name
from shared.ingestion.loading import required_reference, restoring
from shared.settings import Settings
from shared.tables.dataset import Dataset, Rows
from shared.tables.held_out import Reference
from shared.training.artefacts import Timings, Trained, review_rows, write_refusal, write_score
from shared.training.candidate import Candidate
from shared.training.decision_threshold import OWN, log_odds
from shared.training.engine_versions import engine_versions
from shared.training.model_selection import Selection
from shared.training.pipelines import check_agreement, check_present, parity_rows
from shared.training.scorer_size import check_size
from shared.training.threshold_choice import FOLDS, Choice, Floats, Folds, choose_threshold

ESTIMATOR: Final = "hist_gradient_boosting"
FARTHEST_START: Final = 16.0


def train(
    store: Store,
    candidate: Candidate,
    settings: Settings,
    workers: Workers,
    open_reader: OpenReader,
    *,
    scale: Scale = Scale(),  # noqa: B008  (immutable)
) -> ScoreDocument:
    """Train, check, score and write the candidate; its ``score.json``. `open_reader` opens the bucket in a worker.

    Raise Rejected, after writing ``refused.json``, when these inputs cannot give a model.
    """
    try:
        return _train(store, candidate, settings, workers, open_reader, scale=scale)
    except Rejected as error:
        write_refusal(store, candidate, error)
        raise


def _train(
    store: Store,
    candidate: Candidate,
    settings: Settings,
    workers: Workers,
    open_reader: OpenReader,
    *,
    scale: Scale,
) -> ScoreDocument:
    timings = Timings()
    with timings.step("load"):
        reference = required_reference(store, candidate.inventory, settings)
        sizes = _sizes(store, candidate, settings, reference)
        gathered = gather(
            workers, open_reader, candidate.slots, sizes, reference=reference, settings=settings, scale=scale
        )
    dataset = gathered.dataset
    present = np.flatnonzero(gathered.classes)
    check_present(present, dataset.classes)
    features = Features.of(dataset.train.values, gathered.categories)
    with timings.step("threshold"):
        choice = _threshold(dataset, present, features, settings, scale.rounds)
    with timings.step("review"):
        reviewed = review_rows(dataset, candidate, settings)
    with timings.step("fit"):
        trees = _boost(workers, open_reader, gathered, features, present, rounds=scale.rounds)
    with timings.step("check"):
        exported = _export(trees, dataset, present, settings, choice)
        check_size(exported, settings, ESTIMATOR, len(present))
        compared = _check(trees, exported, dataset, present, choice)
    with timings.step("write"):
        named = [dataset.classes[code] for code in present]
        model = settle(
            store, keys.model_key(candidate.model_id, "model.ubj"), trees.for_people(dataset.encoding, named)
        )
        key = keys.model_key(candidate.model_id, "scorer.json")
        stored = settle(store, key, exported)
    with timings.step("score"):
        evaluation = evaluate_scorer(VectorScorer.load(stored, key), dataset)
    trained = Trained(
        estimator=ESTIMATOR,
        selection={**_selection(settings, dataset).as_document(), "threshold": choice.as_document()},
        importances=trees.importances(dataset.encoding),
        versions=engine_versions(),
        sha256={"model.ubj": sha256(model), "scorer.json": sha256(stored)},
        parity_rows=compared,
        timings=timings.seconds,
    )
    return write_score(store, candidate, settings, dataset, reviewed=reviewed, evaluation=evaluation, trained=trained)


def _sizes(store: Store, candidate: Candidate, settings: Settings, reference: Reference) -> Mapping[str, int]:
    """The bytes of each slot by its digest. Rows that were pruned are read once more from their uploads."""
    there = {entry.key: entry.size for entry in store.list(keys.SLOTS)}
    restore = restoring(store, settings, reference.columns, reference.labels)
    if absent := [source for source in candidate.slots if keys.slot_key(source.slot) not in there]:
        for source in absent:
            restore(source.upload)
        there = {entry.key: entry.size for entry in store.list(keys.SLOTS)}
    return {source.slot: there[keys.slot_key(source.slot)] for source in candidate.slots}


def _selection(settings: Settings, dataset: Dataset) -> Selection:
    """Why the estimator is what it is."""
    named = settings.estimator == ESTIMATOR
    why = (
        "VINTNER_ESTIMATOR names it"
        if named
        else f"the engine trains boosted trees, whatever VINTNER_ESTIMATOR names ({settings.estimator})"
    )
    used = sum(rows or 0 for rows in dataset.used)
    if len(dataset.train) < used:
        why += f"; what is said of the rows is of {len(dataset.train):,} of {used:,}, chosen by their content"
    return Selection(ESTIMATOR, why)


def _threshold(
    dataset: Dataset, present: NDArray[np.int64], features: Features, settings: Settings, rounds: int
) -> Choice:
    """The threshold by cross-validation on the sample; the sample may have fewer classes than all rows."""
    if len(present) != 2:
        return Choice(None, "a threshold is for two classes")
    crossed = partial(_cross_validated, features=features, rounds=rounds)
    return choose_threshold(dataset, ESTIMATOR, settings.threshold, cross_validated=crossed)


def _cross_validated(dataset: Dataset, rows: Rows, folds: Folds, *, features: Features, rounds: int) -> Floats | None:
    """The probability of the second class of each row (rows,), by a booster that has not seen its fold."""
    bins = features.cut(rows.values, dataset.encoding.vocabularies)
    second = (rows.codes == rows.codes.max()).astype(np.uint8)
    found = np.empty(len(rows))
    for fold in range(FOLDS):
        held_out = folds == fold
        starts = _starts(np.bincount(second[~held_out], minlength=2))
        body = boost_here(bins[~held_out], second[~held_out], starts, rounds)
        odds = Trees.of(body, starts.tolist(), features).log_odds(bins[held_out])
        found[held_out] = _second(odds)
    return found


def _second(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability of the second of two classes (rows,) from its log odds (rows, 1)."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds[:, 0])))


def _starts(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The log odds to start from, on the grid of leaves: of the second of two classes, or of each of several."""
    if len(counts) == 2:
        odds = [math.log(counts[1] / counts[0])]
    else:
        odds = [math.log(number / counts.sum()) for number in counts.tolist()]
    return np.array([on_leaf_grid(max(-FARTHEST_START, min(FARTHEST_START, own))) for own in odds], np.float32)


def _boost(
    workers: Workers,
    open_reader: OpenReader,
    gathered: Gathered,
    features: Features,
    present: NDArray[np.int64],
    *,
    rounds: int,
) -> Trees:
    """Cut the rows in the workers, where they stay, and train on them."""
    number = {int(code): place for place, code in enumerate(present)}
    class_of_label = {label: number.get(code, 0) for label, code in gathered.class_of_label.items()}
    cutting = Cutting(features, gathered.dataset.encoding.columns, class_of_label)
    blocks = [
        workers.submit(place, cut_part, open_reader, part, cutting, gathered.gone[place])
        for place, part in enumerate(gathered.parts)
    ]
    workers.wait(blocks, "parts cut")
    sizes: list[int] = workers.fetch([workers.submit(place, rows_in, block) for place, block in enumerate(blocks)])
    filled = [place for place, rows in enumerate(sizes) if rows]
    starts = _starts(gathered.classes[present])
    body = boost_on(workers, filled, [blocks[place] for place in filled], starts, rounds)
    return Trees.of(body, starts.tolist(), features)


def _export(trees: Trees, dataset: Dataset, present: NDArray[np.int64], settings: Settings, choice: Choice) -> bytes:
    """The bytes of ``scorer.json``."""
    threshold = choice.threshold
    fields: Document = {
        "kind": "boosting",
        "precision": "float64",
        "features": list(dataset.encoding.names),
        **trees.features.export(dataset.encoding),
        "missing": sorted(settings.missing),
        "classes": [dataset.classes[code] for code in present],
        "label": column_name(settings.label),
        "ignored": sorted({*map(column_name, settings.ignore), *dataset.unused}),
        **trees.export(1 if len(present) == 2 else len(present)),
    }
    if threshold is not None and threshold != OWN:
        fields |= {"threshold": threshold, "threshold_log_odds": log_odds(threshold)}
    return encode(fields)


def _check(trees: Trees, exported: bytes, dataset: Dataset, present: NDArray[np.int64], choice: Choice) -> int:
    """Compare both scorers with XGBoost itself; the number of rows. Raise Rejected when they do not agree."""
    rows = parity_rows(dataset)
    odds = trees.log_odds(trees.features.cut(rows.values, dataset.encoding.vocabularies))
    if odds.shape[1] == 1:
        threshold = choice.threshold
        cut = 0.0 if threshold is None or threshold == OWN else log_odds(threshold)
        second = _second(odds)
        probabilities = np.column_stack([1.0 - second, second])
        decided = (odds[:, 0] > 0.0 if cut == 0.0 else odds[:, 0] >= cut).astype(np.int64)
    else:
        powers = np.exp(odds - odds.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        decided = np.argmax(odds, axis=1)
    labels = np.array([dataset.classes[code] for code in present])[decided]
    check_agreement(VectorScorer.load(exported, "scorer.json"), dataset.encoding, rows, labels, probabilities)
    return len(rows)
