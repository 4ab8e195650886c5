"""Metrics of a model on the test set."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from shared.documents import EvaluationDocument, Label
from shared.evaluation.intervals import baseline, interval


def evaluate(
    truth: NDArray[np.int32],
    predicted: NDArray[np.int32],
    probabilities: NDArray[np.float64],
    classes: Sequence[Label],
    scored: Sequence[int],
) -> EvaluationDocument:
    """F1 with its interval and its baseline, the other metrics, and the confusion matrix.

    `truth` and `predicted` have shape (rows,) and index `classes`; `probabilities` has shape (rows, classes), with 0
    for a class that the model does not know. Precision, recall and F1 are the means over the `scored` classes: of one
    class alone, its own.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class without rows is reported by the confusion matrix
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            truth, predicted, labels=list(scored), average="macro", zero_division=0
        )
        figures = {
            "f1": float(f1),
            "precision": float(precision),
            "recall": float(recall),
            "accuracy": float(sk.accuracy_score(truth, predicted)),
            "balanced_accuracy": float(sk.balanced_accuracy_score(truth, predicted)),
        }
    positive = scored[0] if len(scored) == 1 else None
    if positive is not None and 0 < np.count_nonzero(truth == positive) < len(truth):
        figures["roc_auc"] = float(sk.roc_auc_score(truth == positive, probabilities[:, positive]))
    matrix = confusion_of(truth, predicted, len(classes)).tolist()
    return {
        "f1": figures["f1"],
        "interval": list(interval(matrix, scored)),
        "baseline": baseline(matrix, scored),
        "metrics": figures,
        "f1_of": "macro" if positive is None else {"positive_class": classes[positive]},
        "confusion": {"labels": list(classes), "matrix": matrix},
    }


def confusion_of(truth: NDArray[np.int32], predicted: NDArray[np.int32], classes: int) -> NDArray[np.int64]:
    """The confusion matrix (classes, classes): rows are the truth."""
    return np.asarray(sk.confusion_matrix(truth, predicted, labels=list(range(classes))), np.int64)


def f1_of_confusion(confusion: NDArray[np.int64], scored: Sequence[int]) -> float:
    """F1, the mean over the `scored` classes, of a matrix (classes, classes) whose rows are the truth."""
    hits, sums = np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.mean([2 * hits[place] / max(1, sums[place]) for place in scored]))


def f1_of(truth: NDArray[np.int32], predicted: NDArray[np.int32], scored: Sequence[int]) -> float:
    """F1 alone: the mean over the scored classes, for one model on some of the test rows."""
    return float(sk.f1_score(truth, predicted, labels=list(scored), average="macro", zero_division=0))
