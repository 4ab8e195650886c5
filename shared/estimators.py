"""The pipelines that can be trained, and their export as plain numbers for the portable scorer."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shared.dataset import Dataset, Rows
from shared.documents import Document, encode
from shared.encoding import Encoding
from shared.errors import Rejected
from shared.inputs import OutOfRange
from shared.scorer import KIND, Scorer
from shared.settings import Settings
from shared.values import column_name

TRAINER_VERSION: Final = 2
RANDOM_STATE: Final = 42
PARITY_ROWS: Final = 10_000
PARITY_TOLERANCE: Final = 1e-12
MAX_CLASSES: Final = 100
MAX_CATEGORIES: Final = 256
MISSING_CATEGORY: Final = "missing"
NUMBERS: Final = "numbers"
CATEGORIES: Final = "categories"


def versions() -> dict[str, str]:
    """The versions that decide what a fit gives: a part of each model's name."""
    return {
        "trainer": str(TRAINER_VERSION),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scikit-learn": sklearn.__version__,
    }


def build_pipeline(encoding: Encoding) -> Pipeline:
    """The default pipeline for these features, not fitted.

    Numbers (truth values and dates too): median imputer and standard scaler. Categories: a missing one becomes a
    category of its own, then one column for each; the rarest of more than 256 share one. Then AdaBoost.
    """
    numbers = [column.name for column in encoding.columns if not column.is_category]
    categories = [column.name for column in encoding.columns if column.is_category]
    branches = [
        (NUMBERS, Pipeline([("imputer", _median()), ("scaler", StandardScaler())]), numbers),
        (CATEGORIES, Pipeline([("imputer", _constant()), ("encoder", _one_hot())]), categories),
    ]
    features = ColumnTransformer([branch for branch in branches if branch[2]])
    return Pipeline([("features", features), ("classifier", AdaBoostClassifier(random_state=RANDOM_STATE))])


def _median() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _constant() -> SimpleImputer:
    return SimpleImputer(strategy="constant", fill_value=MISSING_CATEGORY, keep_empty_features=True)


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)


def fit(dataset: Dataset, *, build: Callable[[Encoding], Pipeline] = build_pipeline) -> Pipeline:
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
        return build(dataset.encoding).fit(dataset.encoding.frame(dataset.train.values), labels)
    except ValueError as error:
        raise Rejected(f"scikit-learn cannot fit these rows: {error}") from None


def export(pipeline: Pipeline, dataset: Dataset, settings: Settings) -> bytes:
    """The fitted pipeline as the bytes of ``scorer.json``; the same fit gives the same bytes."""
    encoding = dataset.encoding
    ensemble = pipeline["classifier"]
    fields: Document = {
        "kind": KIND,
        "features": list(encoding.names),
        **_export_numbers(pipeline["features"]),
        "columns": _export_columns(pipeline["features"], encoding),
        "missing": sorted(settings.missing),
        "classes": ensemble.classes_.tolist(),
        "label": column_name(settings.label),
        "ignored": sorted({*map(column_name, settings.ignore), *dataset.unused}),
        "weights": ensemble.estimator_weights_[: len(ensemble.estimators_)].tolist(),
        "weight_sum": float(ensemble.estimator_weights_.sum()),
        "trees": [_export_tree(estimator.tree_) for estimator in ensemble.estimators_],
    }
    return encode(fields)


def _export_numbers(features: ColumnTransformer) -> Document:
    """The imputer's fills, the scaler's means and scales, of each feature that is no category."""
    if NUMBERS not in features.named_transformers_:
        return {"fills": [], "means": [], "scales": []}
    branch = features.named_transformers_[NUMBERS]
    return {
        "fills": branch["imputer"].statistics_.tolist(),
        "means": branch["scaler"].mean_.tolist(),
        "scales": branch["scaler"].scale_.tolist(),
    }


def _export_columns(features: ColumnTransformer, encoding: Encoding) -> Document:
    """Every column that is more than a plain number, by name; a category with the texts that have a column."""
    columns = {column.name: column.as_document() for column in encoding.columns if not column.plain}
    if CATEGORIES not in features.named_transformers_:
        return columns
    encoder = features.named_transformers_[CATEGORIES]["encoder"]
    names = [column.name for column in encoding.columns if column.is_category]
    for name, texts, rare in zip(names, encoder.categories_, encoder.infrequent_categories_, strict=True):
        together = [] if rare is None else rare.tolist()
        columns[name] |= {
            "fill": MISSING_CATEGORY,
            "categories": [text for text in texts.tolist() if text not in set(together)],
            "rare": together,
        }
    return columns


def importances(pipeline: Pipeline, encoding: Encoding) -> dict[str, float]:
    """How much each feature's splits reduce the impurity, of all features together 1 (Breiman, 2001)."""
    shares = np.nan_to_num(pipeline["classifier"].feature_importances_).tolist()
    totals = dict.fromkeys(encoding.names, 0.0)
    for name, share in zip(_feature_of_each_input(pipeline["features"], encoding), shares, strict=True):
        totals[name] += share
    return totals


def _feature_of_each_input(features: ColumnTransformer, encoding: Encoding) -> list[str]:
    """The feature behind each column that the classifier sees."""
    found = [column.name for column in encoding.columns if not column.is_category]
    for name, document in _export_columns(features, encoding).items():
        if "categories" in document:
            found += [name] * (len(document["categories"]) + bool(document["rare"]))
    return found


def _export_tree(tree: Any) -> Document:  # noqa: ANN401  (scikit-learn's Tree has no types)
    is_leaf = tree.children_left < 0
    return {
        "feature": np.where(is_leaf, -1, tree.feature).tolist(),
        "threshold": np.where(is_leaf, 0.0, tree.threshold).tolist(),
        "left": np.where(is_leaf, 0, tree.children_left).tolist(),
        "right": np.where(is_leaf, 0, tree.children_right).tolist(),
        "leaf": tree.value[:, 0, :].argmax(axis=1).tolist(),
    }


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


def check_parity(pipeline: Pipeline, scorer: Scorer, dataset: Dataset) -> int:
    """Compare scorer and pipeline on the test set and on up to 10,000 training rows; the number of rows compared.

    Decisions must be identical and probabilities agree within 1e-12, else Rejected is raised.
    """
    step = max(1, -(-len(dataset.train) // PARITY_ROWS))
    sample = Rows(
        np.concatenate([dataset.test.values, dataset.train.values[::step]]),
        np.concatenate([dataset.test.codes, dataset.train.codes[::step]]),
    )
    frame = dataset.encoding.frame(sample.values)
    try:
        expected = pipeline.predict_proba(frame)
        decided = pipeline.predict(frame)
    except ValueError as error:
        raise Rejected(f"scikit-learn cannot score these rows: {error}") from None
    indices, probabilities = score_rows(scorer, dataset.encoding, sample)
    wrong = int((np.array(scorer.classes)[indices] != decided).sum())
    apart = float(np.abs(probabilities - expected).max(initial=0.0))
    if wrong or apart > PARITY_TOLERANCE:
        raise Rejected(
            f"expected a scorer that agrees with the pipeline on {len(sample)} rows, "
            f"found {wrong} other decisions and probabilities up to {apart:.3g} apart"
        )
    return len(sample)
