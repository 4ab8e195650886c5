"""Selection: which estimator a candidate is trained with.

`auto` compares all of them by cross-validation on the training rows alone. The test set has no say in it, so that its
score stays an honest one.
"""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from shared.documents import Document
from shared.evaluation.metrics import f1_of
from shared.settings import AUTO, ESTIMATORS
from shared.tables.dataset import Dataset, Rows
from shared.training.pipelines import build_pipeline, fit_alike
from shared.training.processors import limited_threads

FOLDS: Final = 5
COMPARED_ROWS: Final = 10_000
SEED: Final = 42
COMPARED: Final = tuple(name for name in ESTIMATORS if name != AUTO)

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Selection:
    """The chosen estimator and why.

    `scores` has the cross-validated F1 of each estimator, None where it cannot be trained on every fold; `rows` and
    `folds` say what they were compared on. All are empty where nothing was compared.
    """

    estimator: str
    why: str
    scores: dict[str, float | None] = field(default_factory=dict)
    rows: int = 0
    folds: int = 0

    def as_document(self) -> Document:
        """The selection as ``score.json`` has it."""
        return asdict(self)


def select(dataset: Dataset, estimator: str) -> Selection:
    """The estimator itself, or for ``auto`` the best one on the training rows; of equals the first of the list."""
    if estimator != AUTO:
        return Selection(estimator, "VINTNER_ESTIMATOR names it")
    rows = compared_rows(dataset.train)
    folds = _folds(rows.codes)
    if not folds:
        return Selection(COMPARED[0], "too few training rows to compare estimators on")
    with limited_threads(len(rows)):
        scores = {name: _cross_validated(dataset, rows, folds, name) for name in COMPARED}
    best = max(COMPARED, key=lambda name: -1.0 if (score := scores[name]) is None else score)
    return Selection(best, "the best F1 in cross-validation on training rows", scores, len(rows), len(folds))


def compared_rows(rows: Rows) -> Rows:
    """So many of the rows that comparing takes a bounded time."""
    if len(rows) <= COMPARED_ROWS:
        return rows
    chosen = np.sort(np.random.default_rng(SEED).choice(len(rows), COMPARED_ROWS, replace=False))
    return Rows(rows.values[chosen], rows.codes[chosen])


def _folds(codes: NDArray[np.int32]) -> list[Fold]:
    """The rows to train on and the rows to predict, of each fold; none where there is nothing to compare on.

    A class with fewer rows than folds is only predicted in some of them.
    """
    counts = np.bincount(codes)
    if np.count_nonzero(counts) < 2 or counts.max() < 2:
        return []
    folds = StratifiedKFold(min(FOLDS, int(counts.max())), shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return list(folds.split(codes, codes))


def _cross_validated(dataset: Dataset, rows: Rows, folds: Sequence[Fold], estimator: str) -> float | None:
    """F1 of the predictions of all folds together, which has less bias than the mean of the folds' F1.

    (Forman and Scholz, "Apples-to-apples in cross-validation studies", 2010.)
    """
    encoding = dataset.encoding
    predicted = np.empty_like(rows.codes)
    for train, held_out in folds:
        try:
            pipeline = build_pipeline(encoding, estimator)
            fit_alike(pipeline, encoding, rows.values[train], rows.codes[train])
            predicted[held_out] = pipeline.predict(encoding.frame(rows.values[held_out]))
        except ValueError:
            return None
    return f1_of(rows.codes, predicted, dataset.scored)
