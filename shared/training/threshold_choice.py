"""The threshold: from which probability of the second of two classes on that class is the answer.

Every classifier decides at 0.5 by itself. Where one class is rare, another threshold often gives a much better F1, and
cross-validation on training rows shows which. What speaks for it is measured on rows that had no part in its choice:
for each fold the best threshold of the other folds is compared with 0.5. The test set has no say in it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from shared.documents import Document
from shared.settings import Threshold
from shared.tables.dataset import Dataset, Rows
from shared.tables.row_counts import same_rows
from shared.training.decision_threshold import OWN
from shared.training.pipelines import build_pipeline, fit_alike
from shared.training.processors import limited_threads

FOLDS: Final = 5
ROWS_OF_A_CLASS: Final = 20  # four a fold: with fewer a fold's F1 says nothing
COMPARED_ROWS: Final = 10_000
SEED: Final = 42
DIGITS: Final = 4
POINTS: Final = 11  # of the curve, in a score

Floats = NDArray[np.float64]
Folds = NDArray[np.int64]
"""The fold of each row (rows,)."""


@dataclass(frozen=True)
class Choice:
    """The threshold of a model and why; None where the model has more than two classes.

    `f1` and `f1_at_half` are of the cross-validated predictions at the best threshold and at 0.5, `gain` is the mean
    over the folds of what the best threshold of the other folds adds to the F1 at 0.5, `standard_error` that mean's.
    `curve` has a few points (threshold, F1). All are empty where nothing was compared.
    """

    threshold: float | None
    why: str
    rows: int = 0
    folds: int = 0
    f1: float | None = None
    f1_at_half: float | None = None
    gain: float | None = None
    standard_error: float | None = None
    curve: tuple[tuple[float, float], ...] = ()

    def as_document(self) -> Document:
        """The choice as ``score.json`` has it, without the threshold itself."""
        return {name: value for name, value in asdict(self).items() if name != "threshold"}


Crossed = Callable[[Dataset, Rows, Folds], Floats | None]
"""The probability of the second class of each row (rows,), by a model that has not seen its fold; None without one."""


def choose_threshold(
    dataset: Dataset, estimator: str, wanted: Threshold, *, cross_validated: Crossed | None = None
) -> Choice:
    """The threshold for a model of this estimator, or of what `cross_validated` trains, on the training rows.

    A number stands for itself. ``auto`` takes the best one of the cross-validation where its gain is more than a
    standard error, ``tuned`` whatever its gain, and 0.5 otherwise. Only the F1 of the second class can be bettered so:
    with another class scored, or too few rows of one of the two, it is 0.5.
    """
    present = np.unique(dataset.train.codes)
    if len(present) != 2:
        return Choice(None, "a threshold is for two classes")
    if not isinstance(wanted, str):
        return Choice(wanted, "VINTNER_THRESHOLD names it")
    if dataset.scored != (int(present[1]),):
        return Choice(OWN, "the F1 is not that of the second of the model's two classes")
    rows = compared_rows(dataset.train)
    positive = rows.codes == present[1]
    folds = folds_of(rows.values, positive)
    if folds is None:
        return Choice(OWN, f"fewer than {ROWS_OF_A_CLASS} different rows of a class to compare thresholds on")
    crossed = cross_validated or partial(_cross_validated, estimator=estimator)
    probabilities = crossed(dataset, rows, folds)
    if probabilities is None:
        return Choice(OWN, f"{estimator} cannot be trained on a part of the rows")
    return choose(positive, probabilities, folds, wanted)


def choose(positive: NDArray[np.bool_], probabilities: Floats, folds: Folds, wanted: Threshold) -> Choice:
    """The threshold by cross-validated probabilities of the second class; all have shape (rows,)."""
    thresholds = _thresholds(probabilities)
    curve = f1_at(positive, probabilities, thresholds)
    best = _best(thresholds, curve)
    gains = np.array([_gain(positive, probabilities, folds == fold, thresholds) for fold in range(FOLDS)])
    gain, error = float(gains.mean()), float(gains.std(ddof=1)) / sqrt(FOLDS)
    is_better = gain > error
    threshold = best if wanted == "tuned" or is_better else OWN
    if wanted == "tuned":
        why = "VINTNER_THRESHOLD asks for the best F1 in cross-validation on training rows"
    else:
        why = f"cross-validation on training rows shows {'a better F1' if is_better else 'no better F1 than at 0.5'}"
    return Choice(
        threshold,
        why,
        rows=len(positive),
        folds=FOLDS,
        f1=float(curve.max()),
        f1_at_half=float(f1_at(positive, probabilities, np.array([OWN]))[0]),
        gain=gain,
        standard_error=error,
        curve=_few_points(thresholds, curve, best),
    )


def compared_rows(rows: Rows) -> Rows:
    """So many of the rows, with the same share of each class, that comparing takes a bounded time."""
    if len(rows) <= COMPARED_ROWS:
        return rows
    chance = np.random.default_rng(SEED)
    classes = [np.flatnonzero(rows.codes == code) for code in np.unique(rows.codes)]
    drawn = [chance.choice(own, len(own) * COMPARED_ROWS // len(rows), replace=False) for own in classes]
    chosen = np.sort(np.concatenate(drawn))
    return Rows(rows.values[chosen], rows.codes[chosen])


def folds_of(values: Floats, positive: NDArray[np.bool_]) -> Folds | None:
    """The fold of each row; rows with the same features (rows, features) are in one. None where there are too few.

    So no row is predicted by a model that has seen its like, as it would be where rows of the rarer class were copied.
    """
    if not len(positive):
        return None
    groups = same_rows(values)
    in_positive = np.zeros(groups.max() + 1, bool)
    in_positive[groups[positive]] = True
    if min(in_positive.sum(), (~in_positive).sum()) < ROWS_OF_A_CLASS:
        return None
    fold_of_group = np.empty(len(in_positive), np.int64)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(in_positive, in_positive)
    for fold, (_, held_out) in enumerate(split):
        fold_of_group[held_out] = fold
    return fold_of_group[groups]


def _cross_validated(dataset: Dataset, rows: Rows, folds: Folds, *, estimator: str) -> Floats | None:
    """The probability of the second class of each row (rows,), by a model that has not seen it; None without one."""
    encoding = dataset.encoding
    found = np.empty(len(rows))
    with limited_threads(len(rows)):
        for fold in range(FOLDS):
            held_out = folds == fold
            pipeline = build_pipeline(encoding, estimator)
            try:
                fit_alike(pipeline, encoding, rows.values[~held_out], rows.codes[~held_out])
                found[held_out] = pipeline.predict_proba(encoding.frame(rows.values[held_out]))[:, 1]
            except ValueError:
                return None
    return found


def f1_at(positive: NDArray[np.bool_], probabilities: Floats, thresholds: Floats) -> Floats:
    """F1 (thresholds,) where the answer is positive from each threshold on, at 0.5 above it, as classifiers decide."""
    order = np.argsort(probabilities, kind="stable")
    ascending = probabilities[order]
    below = np.where(
        thresholds == OWN,
        np.searchsorted(ascending, thresholds, side="right"),
        np.searchsorted(ascending, thresholds, side="left"),
    )
    missed = np.concatenate([[0], np.cumsum(positive[order])])[below]
    hits = positive.sum() - missed
    both = positive.sum() + len(positive) - below
    return np.asarray(np.divide(2.0 * hits, both, out=np.zeros(len(thresholds)), where=both > 0))


def _thresholds(probabilities: Floats) -> Floats:
    """What lies between two neighbours among the probabilities, in few digits, and 0.5; ascending."""
    distinct = np.unique(probabilities)
    between: Floats = np.round((distinct[1:] + distinct[:-1]) / 2, DIGITS)
    return np.asarray(np.unique(np.append(between[(between > 0) & (between < 1)], OWN)))


def _best(thresholds: Floats, curve: Floats) -> float:
    """The threshold of the highest F1; of several the one nearest to 0.5."""
    highest = thresholds[curve >= curve.max() - 1e-12]
    return float(highest[np.abs(highest - OWN).argmin()])


def _gain(positive: NDArray[np.bool_], probabilities: Floats, held_out: NDArray[np.bool_], thresholds: Floats) -> float:
    """What the best threshold of the other rows adds to the F1 of the rows that are held out."""
    others = ~held_out
    best = _best(thresholds, f1_at(positive[others], probabilities[others], thresholds))
    tuned, own = f1_at(positive[held_out], probabilities[held_out], np.array([best, OWN]))
    return float(tuned - own)


def _few_points(thresholds: Floats, curve: Floats, best: float) -> tuple[tuple[float, float], ...]:
    """Points of the curve from its lowest threshold to its highest, with the best one and 0.5 among them."""
    evenly = np.linspace(thresholds[0], thresholds[-1], POINTS)
    near = {int(np.abs(thresholds - wanted).argmin()) for wanted in (*evenly, best, OWN)}
    return tuple((float(thresholds[place]), round(float(curve[place]), 4)) for place in sorted(near))
