"""Predictions of the portable scorer on the rows of a dataset, and what they score."""

import numpy as np
from numpy.typing import NDArray

from shared.documents import EvaluationDocument
from shared.errors import Rejected
from shared.evaluation.metrics import evaluate
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from shared.tables.dataset import Dataset, Rows
from shared.tables.encoding import Encoding


def score_rows(scorer: Scorer, encoding: Encoding, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Predicted class indices (rows,) and probabilities (rows, classes) of the portable scorer.

    Raise Rejected when a row is out of the scorer's range.
    """
    try:
        answers = [scorer.answer(row) for row in encoding.cells(rows.values)]
    except OutOfRange as error:
        raise Rejected(f"a value of feature {error.feature!r} is too far from the training data to be scored") from None
    indices = np.array([index for index, _ in answers], dtype=np.int64)
    return indices, np.array([probabilities for _, probabilities in answers]).reshape(len(answers), -1)


def evaluate_scorer(scorer: Scorer, dataset: Dataset) -> EvaluationDocument:
    """The metrics of a portable scorer on the test set of a dataset."""
    indices, probabilities = score_rows(scorer, dataset.encoding, dataset.test)
    position = [dataset.classes.index(label) for label in scorer.classes]
    predicted = np.array(position, np.int32)[indices]
    spread = np.zeros((len(dataset.test), len(dataset.classes)))
    spread[:, position] = probabilities
    return evaluate(dataset.test.codes, predicted, spread, dataset.classes, dataset.scored)
