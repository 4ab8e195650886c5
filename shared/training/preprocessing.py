"""The preprocessing before every classifier, and its export as plain numbers for the portable scorer.

Numbers (dates too): median imputer and standard scaler. Categories and truth values: a missing one becomes a category
of its own, then one column for each; the rarest of more than 256 share one.
"""

from typing import Final

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
