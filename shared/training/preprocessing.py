"""The preprocessing before every classifier, and its export as plain numbers for the portable scorer.

Numbers (dates too): median imputer and standard scaler. Categories and truth values: a missing one becomes a category
of its own, then one column for each; the rarest of more than 256 share one.

`fit_features` fits it a column at a time, so that no step holds a copy of all rows.
"""

from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shared.documents import Document
from shared.tables.encoding import Encoding

MAX_ONE_HOT_COLUMNS: Final = 256
MISSING_CATEGORY: Final = "missing"
NUMBERS: Final = "numbers"
CATEGORIES: Final = "categories"

Matrix = NDArray[np.float64]


def build_features(encoding: Encoding) -> ColumnTransformer:
    """The preprocessing for these features, not fitted."""
    numbers = [column.name for column in encoding.columns if not column.is_category]
    categories = [column.name for column in encoding.columns if column.is_category]
    branches = [
        (NUMBERS, Pipeline([("imputer", _median()), ("scaler", StandardScaler())]), numbers),
        (CATEGORIES, Pipeline([("imputer", _constant()), ("encoder", _one_hot())]), categories),
    ]
    return ColumnTransformer([branch for branch in branches if branch[2]])


def _median() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _constant() -> SimpleImputer:
    return SimpleImputer(strategy="constant", fill_value=MISSING_CATEGORY, keep_empty_features=True)


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_ONE_HOT_COLUMNS, sparse_output=False)


def fit_features(
    features: ColumnTransformer, encoding: Encoding, values: Matrix, dtype: str, *, consume: bool = False
) -> NDArray[np.floating]:
    """Fit the preprocessing and return the values that it makes of the rows (rows, inputs), column by column in memory.

    `dtype` is ``float32`` where the classifier rounds to it anyway. It is fitted to the same numbers as by its own
    `fit`: each step looks at one column alone. `consume` allows to write what is made over `values`.
    """
    numbers = [position for position, column in enumerate(encoding.columns) if not column.is_category]
    categories = [position for position, column in enumerate(encoding.columns) if column.is_category]
    features.fit(encoding.frame(values[:1]))
    texts = _fit_categories(features, encoding.of(categories).frame(values[:, categories])) if categories else None
    width = len(numbers) + (0 if texts is None else texts.shape[1])
    # Trees look at one column after the other; what takes float64 takes rows, and would copy all to have them so.
    in_place = consume and dtype == values.dtype and texts is None
    order: Literal["F", "C"] = "F" if dtype == "float32" else "C"
    made: NDArray[np.floating] = values if in_place else np.empty((len(values), width), dtype, order=order)
    with np.errstate(over="ignore"):  # the classifier refuses what is beyond float32
        if numbers:
            _fit_numbers(features.named_transformers_[NUMBERS], values, numbers, made)
        if texts is not None:
            made[:, len(numbers) :] = texts
    return made


def _fit_numbers(branch: Pipeline, values: Matrix, positions: list[int], made: NDArray[np.floating]) -> None:
    """Fit imputer and scaler to one column after the other; `made` takes the values."""
    imputers, scalers = [], []
    for place, position in enumerate(positions):
        column = np.ascontiguousarray(values[:, [position]])
        imputers.append(clone(branch["imputer"]).fit(column))
        column = imputers[-1].transform(column)
        scalers.append(clone(branch["scaler"]).fit(column))
        made[:, place] = scalers[-1].transform(column)[:, 0]
    branch["imputer"].statistics_ = np.concatenate([one.statistics_ for one in imputers])
    for name in ("mean_", "var_", "scale_"):
        setattr(branch["scaler"], name, np.concatenate([getattr(one, name) for one in scalers]))
    branch["scaler"].n_samples_seen_ = scalers[-1].n_samples_seen_


def _fit_categories(features: ColumnTransformer, frame: pd.DataFrame) -> Matrix:
    """Fit the texts' branch to all rows, in the place of the one that saw a single row."""
    branch = features.named_transformers_[CATEGORIES]
    made: Matrix = branch.fit_transform(frame)
    start = features.output_indices_[CATEGORIES].start
    features.output_indices_[CATEGORIES] = slice(start, start + made.shape[1])
    return made


def export_features(features: ColumnTransformer, encoding: Encoding) -> Document:
    """What the fitted preprocessing knows of each feature."""
    return {**_numbers(features), "columns": _columns(features, encoding)}


def _numbers(features: ColumnTransformer) -> Document:
    """The imputer's fills, the scaler's means and scales, of each feature that is no category."""
    if NUMBERS not in features.named_transformers_:
        return {"fills": [], "means": [], "scales": []}
    branch = features.named_transformers_[NUMBERS]
    return {
        "fills": branch["imputer"].statistics_.tolist(),
        "means": branch["scaler"].mean_.tolist(),
        "scales": branch["scaler"].scale_.tolist(),
    }


def _columns(features: ColumnTransformer, encoding: Encoding) -> Document:
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


def feature_of_each_input(features: ColumnTransformer, encoding: Encoding) -> list[str]:
    """The feature behind each column that the classifier sees."""
    found = [column.name for column in encoding.columns if not column.is_category]
    for name, document in _columns(features, encoding).items():
        if "categories" in document:
            found += [name] * (len(document["categories"]) + bool(document["rare"]))
    return found
