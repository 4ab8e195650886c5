"""Metrics of a model on the test set."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from shared.dataset import Label
from shared.documents import Document


def evaluate(
    truth: NDArray[np.int32],
    predicted: NDArray[np.int32],
    probabilities: NDArray[np.float64],
    classes: Sequence[Label],
) -> Document:
    """F1 and the other metrics, and the confusion matrix.

    `truth` and `predicted` have shape (rows,) and index `classes`; `probabilities` has shape (rows, classes), with 0
    for a class that the model does not know. With two classes the metrics are for the second one, else macro
    averages.
    """
    binary = len(classes) == 2
    labels = list(range(len(classes)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class without rows is reported by the confusion matrix
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            truth,
            predicted,
            labels=labels,
            average="binary" if binary else "macro",
            pos_label=1,
            zero_division=0,
        )
        figures = {
            "f1": float(f1),
            "precision": float(precision),
            "recall": float(recall),
            "accuracy": float(sk.accuracy_score(truth, predicted)),
            "balanced_accuracy": float(sk.balanced_accuracy_score(truth, predicted)),
        }
    if binary and len(np.unique(truth)) == 2:
        figures["roc_auc"] = float(sk.roc_auc_score(truth, probabilities[:, 1]))
    matrix = sk.confusion_matrix(truth, predicted, labels=labels).tolist()
    return {
        "f1": figures["f1"],
        "metrics": figures,
        "f1_of": {"positive_class": classes[1]} if binary else "macro",
        "confusion": {"labels": list(classes), "matrix": matrix},
    }


def f1_of(truth: NDArray[np.int32], predicted: NDArray[np.int32], classes: int) -> float:
    """F1 alone, for one model on some of the test rows: of the second class of two, else macro."""
    labels = [1] if classes == 2 else list(range(classes))  # a model may also answer a class that the rows lack
    return float(sk.f1_score(truth, predicted, labels=labels, average="macro", zero_division=0))
