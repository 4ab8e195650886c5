"""The pipelines that can be trained, and their export as plain numbers for the portable scorer."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from shared.documents import Document, Label, encode
from shared.errors import Rejected
from shared.evaluation.predictions import score_row_by_row, score_rows
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.values import column_name
from shared.settings import ESTIMATORS, Settings
from shared.tables.dataset import MAX_CLASSES, Dataset, Rows
from shared.tables.encoding import Encoding
from shared.training.classifiers import as_scikit_learn, build_classifier, family_of
from shared.training.decision_threshold import threshold_fields
from shared.training.preprocessing import build_features, export_features, feature_of_each_input, fit_features
from shared.training.processors import limited_threads

PARITY_ROWS: Final = 10_000
PARITY_TOLERANCE: Final = 1e-12


def build_pipeline(encoding: Encoding, estimator: str = ESTIMATORS[0]) -> Pipeline:
    """The pipeline for these features, not fitted: preprocessing, then the classifier."""
    return Pipeline([("features", build_features(encoding)), ("classifier", build_classifier(estimator))])


@dataclass
class Unfitted:
    """A pipeline whose preprocessing is fitted, and what its classifier is to be fitted to.

    `inputs` (rows, inputs) are what the preprocessing makes of the rows, `codes` (rows,) are indices into `classes`.
    """

    pipeline: Pipeline
    estimator: str
    inputs: NDArray[np.floating]
    codes: NDArray[np.int32]
    classes: tuple[Label, ...]

    def fit(self) -> Pipeline:
        """The pipeline with its classifier fitted, one of scikit-learn's own; raise Rejected when that cannot be."""
        try:
            return _fit_classifier(self.pipeline, self.inputs, np.array(self.classes)[self.codes])
        except ValueError as error:
            raise _cannot_fit(self.estimator, error) from None


def fit(
    dataset: Dataset, estimator: str = ESTIMATORS[0], *, build: Callable[[Encoding], Pipeline] | None = None
) -> Pipeline:
    """Fit a pipeline on the training rows: of the named estimator, or what `build` makes.

    Raise Rejected when these rows cannot give a model.
    """
    check_classes(dataset)
    return prepare(dataset, estimator, build=build).fit()


def prepare(
    dataset: Dataset,
    estimator: str = ESTIMATORS[0],
    *,
    build: Callable[[Encoding], Pipeline] | None = None,
    consume: bool = False,
) -> Unfitted:
    """The first half of `fit` for rows that `check_classes` lets through; raise Rejected when they cannot be fitted.

    Afterwards the training rows are no longer needed. `consume` says that nobody else needs them: what the
    preprocessing makes of the rows may be written over them.
    """
    pipeline = build(dataset.encoding) if build else build_pipeline(dataset.encoding, estimator)
    try:
        inputs = _fit_features(pipeline, dataset.encoding, dataset.train.values, consume=consume)
    except ValueError as error:
        raise _cannot_fit(estimator, error) from None
    return Unfitted(pipeline, estimator, inputs, dataset.train.codes, dataset.classes)


def _cannot_fit(estimator: str, error: ValueError) -> Rejected:
    others = ", ".join(name for name in ESTIMATORS if name not in {estimator, "adaboost"})
    return Rejected(
        f"{estimator} cannot fit these rows ({error}): upload rows whose features differ by class, or set "
        f"VINTNER_ESTIMATOR to one of {others}"
    )


def check_classes(dataset: Dataset) -> None:
    """Raise Rejected when no estimator can be trained on the training rows: too few of them, or no classes."""
    check_present(np.unique(dataset.train.codes), dataset.classes)


def check_present(present: NDArray[np.signedinteger], classes: Sequence[Label]) -> None:
    """Raise Rejected unless training rows of these classes, by index (classes,), can give a model."""
    if not len(present):
        raise Rejected("expected training rows, found none that fit the test set and are not in it: upload a slot")
    if len(present) < 2:
        only = classes[present[0]]
        raise Rejected(f"expected at least two classes in the training rows, found only {only!r}: upload the others")
    if len(present) > MAX_CLASSES:
        raise Rejected(
            f"expected at most {MAX_CLASSES} classes, found {len(present)}: name the column of the classes with "
            "VINTNER_LABEL, or make two classes of its values with VINTNER_POSITIVE, e.g. '> 5'"
        )
    fractions = [label for label in classes if isinstance(label, float)]
    if fractions:
        raise Rejected(
            f"expected class labels, found the decimal number {fractions[0]:g}: name the classes in whole numbers or "
            "words, or make two classes of the numbers with VINTNER_POSITIVE, e.g. '> 5'"
        )


def fit_alike(pipeline: Pipeline, encoding: Encoding, values: NDArray[np.float64], labels: NDArray[Any]) -> Pipeline:
    """Fit a pipeline to rows (rows, features), to the same floats on any number of processors; raise ValueError.

    The classifier of the fitted pipeline is one of scikit-learn's own.
    """
    return _fit_classifier(pipeline, _fit_features(pipeline, encoding, values), labels)


def _fit_features(
    pipeline: Pipeline, encoding: Encoding, values: NDArray[np.float64], *, consume: bool = False
) -> NDArray[np.floating]:
    """Fit the preprocessing, and what it makes of the rows, in the precision of the classifier."""
    (_, features), (_, classifier) = pipeline.steps
    with limited_threads(len(values)):
        return fit_features(features, encoding, values, family_of(classifier).precision, consume=consume)


def _fit_classifier(pipeline: Pipeline, inputs: NDArray[np.floating], labels: NDArray[Any]) -> Pipeline:
    """Fit the classifier. Whether a linear model has converged shows in its score."""
    name, classifier = pipeline.steps[-1]
    with limited_threads(len(inputs)), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(inputs, labels)
    pipeline.steps[-1] = (name, as_scikit_learn(classifier))
    return pipeline


def export(pipeline: Pipeline, dataset: Dataset, settings: Settings, threshold: float | None = None) -> bytes:
    """The fitted pipeline as the bytes of ``scorer.json``; the same fit gives the same bytes.

    `threshold` is from which probability of the second of two classes on that class is the answer; None is 0.5.
    """
    encoding = dataset.encoding
    classifier = pipeline["classifier"]
    family = family_of(classifier)
    fields: Document = {
        "kind": family.kind,
        "precision": family.precision,
        "features": list(encoding.names),
        **export_features(pipeline["features"], encoding),
        "missing": sorted(settings.missing),
        "classes": classifier.classes_.tolist(),
        "label": column_name(settings.label),
        "ignored": sorted({*map(column_name, settings.ignore), *dataset.unused}),
        **family.export(classifier),
        **threshold_fields(classifier, threshold),
    }
    return encode(fields)


def importances(pipeline: Pipeline, encoding: Encoding) -> dict[str, float]:
    """How much each feature decides, of all features together 1.

    Of trees: how much its splits reduce the impurity or the loss (Breiman, 2001). Of a linear model: the size of its
    coefficients on scaled values.
    """
    classifier = pipeline["classifier"]
    shares = np.nan_to_num(family_of(classifier).importances(classifier)).tolist()
    totals = dict.fromkeys(encoding.names, 0.0)
    for name, share in zip(feature_of_each_input(pipeline["features"], encoding), shares, strict=True):
        totals[name] += share
    return totals


def check_parity(pipeline: Pipeline, scorer: VectorScorer, dataset: Dataset) -> int:
    """Compare both scorers with the pipeline on the test set and up to 10,000 training rows; the number of rows.

    Raise Rejected as `check_agreement` does.
    """
    sample = parity_rows(dataset)
    frame = dataset.encoding.frame(sample.values)
    try:
        with limited_threads(len(frame)):
            expected = pipeline.predict_proba(frame)
            decided = pipeline.predict(frame)
    except ValueError as error:
        raise Rejected(f"scikit-learn cannot score these rows: {error}") from None
    check_agreement(scorer, dataset.encoding, sample, decided, expected)
    return len(sample)


def parity_rows(dataset: Dataset) -> Rows:
    """The rows that a scorer is compared on: the test set and up to 10,000 training rows."""
    train = dataset.sampled(PARITY_ROWS).train
    return Rows(np.concatenate([dataset.test.values, train.values]), np.concatenate([dataset.test.codes, train.codes]))


def check_agreement(
    scorer: VectorScorer, encoding: Encoding, sample: Rows, decided: NDArray[Any], expected: NDArray[np.float64]
) -> None:
    """Compare both scorers with what the model decides, as labels (rows,), and its probabilities (rows, classes).

    Decisions must be identical and probabilities agree within 1e-12, else Rejected is raised.
    """
    for indices, probabilities in (
        score_row_by_row(scorer.plain, encoding, sample),
        score_rows(scorer, encoding, sample),
    ):
        wrong = int((np.array(scorer.plain.classes)[indices] != decided).sum())
        apart = float(np.abs(probabilities - expected).max(initial=0.0))
        if wrong or apart > PARITY_TOLERANCE:
            raise Rejected(
                f"expected a scorer that agrees with the pipeline on {len(sample)} rows, "
                f"found {wrong} different decisions and probabilities up to {apart:.3g} apart"
            )
