"""The threshold of a fitted model: in scikit-learn's own terms, and as fields of ``scorer.json``."""

from math import log
from typing import Any, Final

from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from shared.documents import Document
from shared.training.classifiers import family_of

OWN: Final = 0.5
"""At which every classifier decides by itself: a model with this threshold is the classifier alone."""


def with_threshold(pipeline: Pipeline, threshold: float | None) -> Pipeline:
    """The fitted pipeline with a classifier that decides at the threshold; at 0.5 the pipeline itself.

    A classifier that adds up log odds is compared in these: they are the same floats in the portable scorer, while the
    exponentials of two libraries differ in the last digit.
    """
    if threshold is None or threshold == OWN:
        return pipeline
    *before, (name, classifier) = pipeline.steps
    by_log_odds = family_of(classifier).has_log_odds
    decider: Any = FixedThresholdClassifier(
        classifier,
        threshold=log_odds(threshold) if by_log_odds else threshold,
        pos_label=classifier.classes_[1].item(),
        response_method="decision_function" if by_log_odds else "predict_proba",
    )
    decider.estimator_ = classifier  # it is fitted already
    return Pipeline([*before, (name, decider)])


def threshold_fields(classifier: object, threshold: float | None) -> Document:
    """What ``scorer.json`` says of the threshold: nothing where the classifier decides by itself."""
    if threshold is None or threshold == OWN:
        return {}
    if family_of(classifier).has_log_odds:
        return {"threshold": threshold, "threshold_log_odds": log_odds(threshold)}
    return {"threshold": threshold}


def log_odds(probability: float) -> float:
    """ln(p / (1 - p))."""
    return log(probability / (1 - probability))
