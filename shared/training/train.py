"""Training: the candidate that an inventory calls for, and its artefacts.

The candidate's name is a hash of everything that decides what comes out, so work that is done is found by its name.
`score.json` is written last: a model without it was never finished and is not looked at.
"""

import io
import math
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import joblib
from sklearn.pipeline import Pipeline

from shared.bucket import keys
from shared.bucket.store import Reader, Store, settle
from shared.documents import ScoreDocument, sha256
from shared.errors import Rejected
from shared.evaluation.predictions import evaluate_scorer
from shared.evaluation.vector_scorer import VectorScorer
from shared.ingestion.loading import load_dataset
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.tables.freed_memory import give_back
from shared.training.artefacts import Timings, Trained, review_rows, write_refusal, write_score
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
        write_refusal(store, candidate, error)
        raise


def _train(
    store: Store, candidate: Candidate, settings: Settings, slots: Reader | None, prepare: Prepare
) -> ScoreDocument:
    timings = Timings()
    with timings.step("load"):
        dataset = load_dataset(store, candidate.slots, candidate.inventory, settings, slots=slots, restore=True)
    check_classes(dataset)
    with timings.step("select"):
        selection = select(dataset, settings.estimator)
    with timings.step("threshold"):
        choice = choose_threshold(dataset, selection.estimator, settings.threshold)
    with timings.step("review"):
        reviewed = review_rows(dataset, candidate, settings)
    with timings.step("fit"):
        sample = dataset.sampled(PARITY_ROWS)
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
    trained = Trained(
        estimator=selection.estimator,
        selection={**selection.as_document(), "threshold": choice.as_document()},
        importances=importances(pipeline, dataset.encoding),
        versions=versions(),
        sha256={"model.joblib": sha256(model), "scorer.json": sha256(stored)},
        parity_rows=compared,
        timings=timings.seconds,
        fallback_rounds=getattr(pipeline["classifier"], "fallback_rounds_", None),
    )
    return write_score(store, candidate, settings, dataset, reviewed=reviewed, evaluation=evaluation, trained=trained)
