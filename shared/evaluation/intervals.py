"""How far a score can be trusted: its 95 % interval over test sets of the same size, and what a constant answer scores.

Both follow from the confusion matrix alone. A plain bootstrap of the test rows says [1, 1] where nothing was wrong, and
covers the truth far too rarely where little was. Half a row of each kind more, as in Jeffreys' interval, repairs that
(Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", 2001).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

LEVEL: Final = 0.95
DRAWS: Final = 2_000
CELLS_AT_ONCE: Final = 2_000_000
SEED: Final = 42
DIGITS: Final = 6  # the same bytes on every processor

_TAILS: Final = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)

Interval = tuple[float, float]


def interval(confusion: ArrayLike, scored: Sequence[int]) -> Interval:
    """The 95 % interval of F1, the mean over the `scored` classes.

    `confusion` has shape (classes, classes), rows are the truth. The score itself is always inside.
    """
    matrix = np.asarray(confusion, np.float64)
    low, high = _of_one_class(matrix, scored[0]) if len(scored) == 1 else _of_the_mean(matrix, scored)
    score = float(_f1(np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0), scored))
    return round(min(low, score), DIGITS), round(max(high, score), DIGITS)


def baseline(confusion: ArrayLike, scored: Sequence[int]) -> float:
    """F1 of the best constant answer: always class k has a precision of its share p and finds all, so 2p / (1 + p)."""
    rows = np.asarray(confusion, np.float64).sum(axis=1)
    shares = rows / max(1.0, rows.sum())
    return round(float((2 * shares / (1 + shares))[list(scored)].max() / len(scored)), DIGITS)


def _of_one_class(matrix: NDArray[np.float64], label: int) -> Interval:
    """Exact up to the prior: F1 = 2j / (1 + j) rises with j = TP / (TP + FP + FN), which is a binomial proportion."""
    hits = matrix[label, label]
    misses = matrix[label].sum() + matrix[:, label].sum() - 2 * hits
    low, high = beta.ppf(_TAILS, hits + 0.5, misses + 0.5).tolist()
    return (2 * low / (1 + low) if hits else 0.0), (2 * high / (1 + high) if misses else 1.0)


def _of_the_mean(matrix: NDArray[np.float64], scored: Sequence[int]) -> Interval:
    """By drawing matrices from the posterior of the cells' shares, a Dirichlet distribution (fixed seed).

    The prior is two rows in all: half of them right, half of them wrong, spread evenly over the classes.
    """
    classes = len(matrix)
    prior = 1 / classes
    truths, answers = np.nonzero(matrix)
    counts = matrix[truths, answers]
    chance = np.random.default_rng(SEED)
    per_draw = len(counts) + 2 * classes
    scores = []
    for start in range(0, DRAWS, step := max(1, CELLS_AT_ONCE // per_draw)):
        draws = min(step, DRAWS - start)
        cells = chance.standard_gamma(counts, (draws, len(counts)))
        right = chance.standard_gamma(prior, (draws, classes))
        wrong = chance.standard_gamma(prior, (draws, classes))
        hits = right + _summed(cells * (truths == answers), truths, classes)
        of_truth = right + wrong + _summed(cells, truths, classes)
        # A wrong row of the prior is any other class with equal chances.
        guessed = right + (wrong.sum(axis=1, keepdims=True) - wrong) / (classes - 1) + _summed(cells, answers, classes)
        scores.append(_f1(hits, of_truth, guessed, scored))
    low, high = np.quantile(np.concatenate(scores), _TAILS).tolist()
    return low, high


def _summed(cells: NDArray[np.float64], classes: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """The cells (draws, cells) added up by class: (draws, classes)."""
    order = np.argsort(classes, kind="stable")
    present, starts = np.unique(classes[order], return_index=True)
    sums = np.zeros((len(cells), count))
    sums[:, present] = np.add.reduceat(cells[:, order], starts, axis=1)
    return sums


def _f1(
    hits: NDArray[np.float64], of_truth: NDArray[np.float64], guessed: NDArray[np.float64], scored: Sequence[int]
) -> NDArray[np.float64]:
    """F1 along the last axis (classes), the mean over the scored ones; 0 for a class without truth and answer."""
    both = of_truth + guessed
    per_class = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0)
    return np.asarray(per_class[..., list(scored)].mean(axis=-1))
