"""The small real tables that scikit-learn brings along, in files of the same shape."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from sklearn import datasets

from tests.tables.table import Dialect, Facts, Imitation, imitate

LOADERS: Final[Mapping[str, Callable[..., Any]]] = {
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "iris": datasets.load_iris,
    "digits": datasets.load_digits,
}


@cache
def bundled(name: str) -> Imitation:
    """The table of this name; its classes are the data set's own names for them."""
    loaded = LOADERS[name](as_frame=True)
    kinds = [str(kind) for kind in loaded.target_names]
    frame = loaded.data.assign(target=[kinds[code] for code in loaded.target])
    frame = frame.sample(frac=1, random_state=42, ignore_index=True)  # the data sets come sorted by class
    shares = frame["target"].value_counts(normalize=True).to_dict()
    missing = dict.fromkeys(loaded.feature_names, 0.0)
    return imitate(name, frame, Facts(label="target", classes=shares, missing=missing), Dialect())
