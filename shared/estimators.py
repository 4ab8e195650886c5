"""The pipelines that can be trained, and their export as plain numbers for the portable scorer."""

from collections.abc import Callable
from math import isnan
from typing import Any, Final

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from shared.dataset import Dataset, Rows
from shared.documents import Document, encode
from shared.errors import Rejected
from shared.scorer import KIND, OutOfRange, Scorer
from shared.settings import Settings

TRAINER_VERSION: Final = 1
RANDOM_STATE: Final = 42
PARITY_ROWS: Final = 10_000
PARITY_TOLERANCE: Final = 1e-12
MAX_CLASSES: Final = 100


def versions() -> dict[str, str]:
    """The versions that decide what a fit gives: a part of each model's name."""
    return {
        "trainer": str(TRAINER_VERSION),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scikit-learn": sklearn.__version__,
    }


def build_pipeline() -> Pipeline:
    """The default pipeline, not fitted: median imputer, standard scaler, AdaBoost."""
    return Pipeline(
        [
            ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scaler", StandardScaler()),
            ("classifier", AdaBoostClassifier(random_state=RANDOM_STATE)),
        ]
    )


def fit(dataset: Dataset, *, build: Callable[[], Pipeline] = build_pipeline) -> Pipeline:
    """Fit the pipeline on the training rows; raise Rejected when these rows cannot give a model."""
    if not len(dataset.train):
        raise Rejected("expected training rows, found none that fit the test set and are not in it: upload a slot")
    present = np.unique(dataset.train.codes)
    if len(present) < 2:
        only = dataset.classes[present[0]]
        raise Rejected(f"expected at least two classes in the training rows, found only {only!r}: upload the others")
    if len(present) > MAX_CLASSES:
        raise Rejected(
            f"expected at most {MAX_CLASSES} classes, found {len(present)}: name the column of the classes with "
            "VINTNER_LABEL, or make two classes of its values with VINTNER_POSITIVE, e.g. '> 5'"
        )
    fractions = [label for label in dataset.classes if isinstance(label, float)]
    if fractions:
        raise Rejected(
            f"expected class labels, found the decimal number {fractions[0]:g}: name the classes in whole numbers or "
            "words, or make two classes of the numbers with VINTNER_POSITIVE, e.g. '> 5'"
        )
    labels = np.array(dataset.classes)[dataset.train.codes]
    try:
        return build().fit(pd.DataFrame(dataset.train.values, columns=list(dataset.features)), labels)
    except ValueError as error:
        raise Rejected(f"scikit-learn cannot fit these rows: {error}") from None


def export(pipeline: Pipeline, settings: Settings) -> bytes:
    """The fitted pipeline as the bytes of ``scorer.json``; the same fit gives the same bytes."""
    imputer, scaler, ensemble = (pipeline[name] for name in ("imputer", "scaler", "classifier"))
    fields: Document = {
        "kind": KIND,
        "features": pipeline.feature_names_in_.tolist(),
        "classes": ensemble.classes_.tolist(),
        "label": settings.label,
        "ignored": sorted(settings.ignore),
        "fills": imputer.statistics_.tolist(),
        "means": scaler.mean_.tolist(),
        "scales": scaler.scale_.tolist(),
        "weights": ensemble.estimator_weights_[: len(ensemble.estimators_)].tolist(),
        "weight_sum": float(ensemble.estimator_weights_.sum()),
        "trees": [_export_tree(estimator.tree_) for estimator in ensemble.estimators_],
    }
    return encode(fields)


def importances(pipeline: Pipeline) -> dict[str, float]:
    """How much each feature's splits reduce the impurity, of all features together 1 (Breiman, 2001)."""
    shares = np.nan_to_num(pipeline["classifier"].feature_importances_)
    return dict(zip(pipeline.feature_names_in_.tolist(), shares.tolist(), strict=True))


def _export_tree(tree: Any) -> Document:  # noqa: ANN401  (scikit-learn's Tree has no types)
    is_leaf = tree.children_left < 0
    return {
        "feature": np.where(is_leaf, -1, tree.feature).tolist(),
        "threshold": np.where(is_leaf, 0.0, tree.threshold).tolist(),
        "left": np.where(is_leaf, 0, tree.children_left).tolist(),
        "right": np.where(is_leaf, 0, tree.children_right).tolist(),
        "leaf": tree.value[:, 0, :].argmax(axis=1).tolist(),
    }


def score_rows(scorer: Scorer, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Predicted class indices (rows,) and probabilities (rows, classes) of the portable scorer.

    Raise Rejected when a row is out of the scorer's range.
    """
    values = [[None if isnan(value) else value for value in row] for row in rows.values.tolist()]
    try:
        answers = [scorer.answer(row) for row in values]
    except OutOfRange as error:
        raise Rejected(
            f"a value of feature {scorer.features[error.position]!r} is too far from the training data to be scored"
        ) from None
    indices = np.array([index for index, _ in answers], dtype=np.int64)
    return indices, np.array([probabilities for _, probabilities in answers]).reshape(len(answers), -1)


def check_parity(pipeline: Pipeline, scorer: Scorer, dataset: Dataset) -> int:
    """Compare scorer and pipeline on the test set and on up to 10,000 training rows; the number of rows compared.

    Decisions must be identical and probabilities agree within 1e-12, else Rejected is raised.
    """
    step = max(1, -(-len(dataset.train) // PARITY_ROWS))
    sample = Rows(
        np.concatenate([dataset.test.values, dataset.train.values[::step]]),
        np.concatenate([dataset.test.codes, dataset.train.codes[::step]]),
    )
    frame = pd.DataFrame(sample.values, columns=list(dataset.features))
    try:
        expected = pipeline.predict_proba(frame)
        decided = pipeline.predict(frame)
    except ValueError as error:
        raise Rejected(f"scikit-learn cannot score these rows: {error}") from None
    indices, probabilities = score_rows(scorer, sample)
    wrong = int((np.array(scorer.classes)[indices] != decided).sum())
    apart = float(np.abs(probabilities - expected).max(initial=0.0))
    if wrong or apart > PARITY_TOLERANCE:
        raise Rejected(
            f"expected a scorer that agrees with the pipeline on {len(sample)} rows, "
            f"found {wrong} other decisions and probabilities up to {apart:.3g} apart"
        )
    return len(sample)
