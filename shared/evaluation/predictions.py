"""Predictions of a model on the rows of a dataset, and what they score."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.bucket import keys
from shared.bucket.store import Reader
from shared.documents import EvaluationDocument, Label, ScoreDocument
from shared.errors import Rejected
from shared.evaluation.metrics import evaluate, f1_of
from shared.evaluation.vector_scorer import Answers, VectorScorer
from shared.registry.models import read_scorer_body
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from shared.tables.dataset import Dataset, Rows
from shared.tables.encoding import Encoding

HALF: Final = 0.5


def load_vector_scorer(reader: Reader, score: ScoreDocument) -> VectorScorer:
    """The scorer of a scored model for many rows; raise NotFound, and Rejected when its bytes are not those scored."""
    model_id = score["model_id"]
    body = read_scorer_body(reader, model_id, score["sha256"]["scorer.json"])
    return VectorScorer.load(body, keys.model_key(model_id, "scorer.json"))


def score_rows(scorer: VectorScorer, encoding: Encoding, rows: Rows) -> Answers:
    """Predicted class indices (rows,) and probabilities (rows, classes).

    Raise Rejected when a row is out of the scorer's range.
    """
    try:
        return scorer.answer(rows.values, encoding)
    except OutOfRange as error:
        raise _too_far(error) from None


def score_row_by_row(scorer: Scorer, encoding: Encoding, rows: Rows) -> Answers:
    """The same from the scorer that serves, one row after the other. Raise Rejected as `score_rows` does."""
    try:
        answers = [scorer.answer(row) for row in encoding.cells(rows.values)]
    except OutOfRange as error:
        raise _too_far(error) from None
    indices = np.array([index for index, _ in answers], dtype=np.int64)
    return indices, np.array([probabilities for _, probabilities in answers]).reshape(len(answers), -1)


def _too_far(error: OutOfRange) -> Rejected:
    return Rejected(f"a value of feature {error.feature!r} is too far from the training data to be scored")


def evaluate_scorer(scorer: VectorScorer, dataset: Dataset) -> EvaluationDocument:
    """The metrics of a model on the test set of a dataset."""
    return evaluate_rows(scorer, dataset.encoding, dataset.test, dataset.classes, dataset.scored)


def evaluate_rows(
    scorer: VectorScorer, encoding: Encoding, rows: Rows, classes: Sequence[Label], scored: Sequence[int]
) -> EvaluationDocument:
    """The metrics of a model on some rows, whose `classes` are the model's and maybe more; `scored` are those of F1.

    Raise Rejected when a row is out of the scorer's range.
    """
    indices, probabilities = score_rows(scorer, encoding, rows)
    position = [classes.index(label) for label in scorer.plain.classes]
    predicted = np.array(position, np.int32)[indices]
    spread = np.zeros((len(rows), len(classes)))
    spread[:, position] = probabilities
    evaluation = evaluate(rows.codes, predicted, spread, classes, scored)
    threshold, at_half = scorer.plain.threshold, None
    if threshold is not None:
        own = predicted if threshold == HALF else np.take(position, probabilities[:, 1] > HALF).astype(np.int32)
        at_half = f1_of(rows.codes, own, scored)
    return {**evaluation, "threshold": threshold, "f1_at_half": at_half}
