"""The score that the plain way reaches: pandas and scikit-learn, as in anyone's notebook.

It shares no code with the project, so that the project can be held against it.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

_EPOCH: Final = pd.Timestamp("1970-01-01")
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def notebook_f1(
    train: pd.DataFrame,
    test: pd.DataFrame,
    label: str,
    *,
    positive: str | None = None,
    ignore: Iterable[str] = (),
) -> float:
    """F1 on the test rows of an ensemble fitted on the training rows as they are, however often they repeat.

    `positive` is a rule such as ``> 0`` that makes two classes of the label. With two classes in the test set the F1
    is that of the one that sorts last, else the mean over the classes of the test set.
    """
    return score(*notebook_predictions(train, test, label, positive=positive, ignore=ignore))


def notebook_predictions(
    train: pd.DataFrame,
    test: pd.DataFrame,
    label: str,
    *,
    positive: str | None = None,
    ignore: Iterable[str] = (),
) -> tuple[list[Any], list[Any]]:
    """The labels of the test rows, and those that the same ensemble gives them."""
    features = kept_columns(train, label, ignore)
    kept = [*features, label]
    train, test = (_classed(plain(frame[kept]), label, positive) for frame in (train, test))
    pipeline = _pipeline([name for name in features if is_numeric_dtype(train[name])], features)
    pipeline.fit(train[features], train[label])
    return test[label].tolist(), pipeline.predict(test[features]).tolist()


def kept_columns(train: pd.DataFrame, label: str, ignore: Iterable[str] = ()) -> list[str]:
    """The features: neither label nor ignored, and no text that differs on more than half of the training rows."""
    named = [name for name in train.columns if name not in {label, *ignore}]
    return [name for name in named if not (_is_text(train[name]) and train[name].nunique() > len(train) / 2)]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers and dates as floats (a date as its ordinal day), all else as texts; NaN for missing."""
    return frame.apply(_plain)


def score(truth: Sequence[Any], predicted: Sequence[Any]) -> float:
    """F1 of the class that sorts last when the truth has two classes, else the mean over the classes of the truth."""
    present = sorted(set(truth))
    scored = present[-1:] if len(present) == 2 else present
    return float(f1_score(truth, predicted, labels=scored, average="macro", zero_division=0))


def _is_text(column: "pd.Series[Any]") -> bool:
    return not (is_numeric_dtype(column) or is_datetime64_any_dtype(column))


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if is_datetime64_any_dtype(column):
        return (column - _EPOCH) / pd.Timedelta(days=1) + _EPOCH.toordinal()
    if is_numeric_dtype(column) and not is_bool_dtype(column):
        return column.astype(float)
    return column.map(lambda value: str(value).lower() if isinstance(value, bool) else value).astype(object)


def _classed(frame: pd.DataFrame, label: str, positive: str | None) -> pd.DataFrame:
    if positive is None:
        return frame
    comparison, operand = positive.split()
    return frame.assign(**{label: _COMPARISONS[comparison](frame[label], float(operand))})


def _pipeline(numeric: list[str], features: list[str]) -> Pipeline:
    texts = [name for name in features if name not in numeric]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    filled = SimpleImputer(strategy="constant", fill_value="missing")
    one_hot = make_pipeline(filled, OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("numbers", numbers, numeric), ("texts", one_hot, texts)], sparse_threshold=0)
    return make_pipeline(columns, AdaBoostClassifier(random_state=42))
