"""AdaBoost of stumps, many times as fast as scikit-learn's on many rows, with the same stumps to the last bit.

scikit-learn sorts every feature in each round. Here each is sorted once, and a round needs the rows' weights by bin
alone (`stump_search` says why that is enough). Everything else of a round is scikit-learn's own code.
"""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.multiclass import check_classification_targets

from shared.training.stump_search import MAX_CLASSES, Split, StumpSearch, Weights

PATIENCE: Final = 5

Array = NDArray[Any]
Codes = NDArray[np.int8]
_Boosted = tuple[Weights | None, float | None, float | None]


class PresortedAdaBoostClassifier(AdaBoostClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """scikit-learn's AdaBoostClassifier with another search for stumps: same parameters, same fitted model.

    It is quicker for the default estimator (``DecisionTreeClassifier(max_depth=1)``), dense features, two to four
    classes and positive sample weights. Everything else is fitted by the parent class, with the same result.

    Parameters
    ----------
    estimator, n_estimators, learning_rate, algorithm, random_state
        As of ``sklearn.ensemble.AdaBoostClassifier``.

    Attributes
    ----------
    fallback_rounds_ : int
        Rounds whose stump scikit-learn's own tree searched: those where two splits are nearer to each other than
        rounding can tell apart, and all of them where the data are none of the above.
    presort_from : int, class attribute
        With fewer rows all rounds are scikit-learn's, which is quicker there.

    The other attributes are those of the parent class. Of a tree, `impurity`, `value` and `weighted_n_node_samples` are
    the same up to rounding, all else exactly.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(5_000, random_state=0)
    >>> model = PresortedAdaBoostClassifier(random_state=0).fit(X, y)
    >>> own = AdaBoostClassifier(random_state=0).fit(X, y)
    >>> bool((model.decision_function(X) == own.decision_function(X)).all())
    True
    """

    presort_from = 2_000
    _rounds: "_Rounds | None" = None

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit as the parent class does; see there for shapes and errors."""
        self.fallback_rounds_ = 0
        self._rounds = None
        try:
            super().fit(X, y, sample_weight)
            self._rename()
        finally:
            del self._rounds
        return self

    def as_scikit_learn(self) -> AdaBoostClassifier:
        """The fitted model as one of the parent class, which can be unpickled where scikit-learn alone is installed."""
        model = AdaBoostClassifier(**self.get_params(deep=False))
        model.__dict__.update(self.__dict__)
        return model

    def _boost(self, iboost: int, X: Array, y: Array, sample_weight: Weights, random_state: object) -> _Boosted:  # noqa: N803
        if iboost == 0 and self._is_quicker(X, y, sample_weight):
            self._rounds = _Rounds.of(X, y)
        if self._rounds is None:
            self.fallback_rounds_ += 1
        labels = self._rounds.codes if self._rounds else y
        boosted: _Boosted = super()._boost(iboost, X, labels, sample_weight, random_state)
        return boosted

    def _make_estimator(self, append: bool = True, random_state: object = None) -> object:
        tree = super()._make_estimator(append=append, random_state=random_state)
        return _Round(tree, self._rounds, self) if self._rounds else tree

    def _is_quicker(self, X: Array, y: Array, sample_weight: Weights) -> bool:  # noqa: N803
        if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "fiub" or len(X) < self.presort_from:
            return False
        default = DecisionTreeClassifier(max_depth=1).get_params()
        if type(self.estimator_) is not DecisionTreeClassifier or self.estimator_.get_params() != default:
            return False
        check_classification_targets(y)
        return bool(np.all(sample_weight > 0)) and 2 <= len(np.unique(y)) <= MAX_CLASSES

    def _rename(self) -> None:
        """Give the trees, which were fitted to the classes' numbers, the classes themselves."""
        if self._rounds is not None:
            for model in (self, *self.estimators_):
                model.classes_ = self._rounds.labels


class _Rounds:
    """What all rounds of a fit share."""

    def __init__(self, labels: Array, codes: Codes, search: StumpSearch) -> None:
        self.labels, self.codes, self.search = labels, codes, search
        self.missed = 0

    @classmethod
    def of(cls, X: Array, y: Array) -> "_Rounds | None":  # noqa: N803
        """The rounds on these rows; None where scikit-learn has an error to raise."""
        with np.errstate(over="ignore"):
            columns = [np.ascontiguousarray(X[:, feature], np.float32) for feature in range(X.shape[1])]
        if not all(np.isfinite(values).all() for values in columns):
            return None
        labels, codes = np.unique(y, return_inverse=True)
        small = codes.astype(np.int8)
        return cls(labels, small, StumpSearch(columns, small, len(labels)))

    def split(self, weights: Weights) -> Split | None:
        """The stump of the round; None where scikit-learn has to find it.

        Where that happens round after round (two features are the same), the search is in vain and is given up.
        """
        if self.missed >= PATIENCE:
            return None
        split = self.search.best(weights)
        self.missed = 0 if split else self.missed + 1
        return split


class _Round:
    """One round's tree, as the parent's `_boost` uses it: fitted to the rows and asked for them again."""

    def __init__(self, tree: DecisionTreeClassifier, rounds: _Rounds, model: PresortedAdaBoostClassifier) -> None:
        self._tree, self._rounds, self._model = tree, rounds, model

    @property
    def classes_(self) -> Array:
        found: Array = self._tree.classes_
        return found

    def fit(self, X: Array, y: Codes, sample_weight: Weights) -> None:  # noqa: N803
        split = self._rounds.split(sample_weight)
        if split is None:
            self._model.fallback_rounds_ += 1
            self._tree.fit(X, y, sample_weight=sample_weight)
            self._decided: Codes = self._tree.predict(X)
            return
        goes_left = self._rounds.search.columns[split.feature] <= split.threshold
        _fit_to(self._tree, split, X.shape[1], goes_left)
        self._decided = np.where(goes_left, split.left.argmax(), split.right.argmax()).astype(np.int8)

    def predict(self, X: Array) -> Codes:  # noqa: ARG002, N803
        return self._decided


def _fit_to(tree: DecisionTreeClassifier, split: Split, features: int, goes_left: NDArray[np.bool_]) -> None:
    """Fit the tree to two values with the weights of both sides, so that it has no other split to find.

    The counts of the rows, and the side of most of them, are all that such a tree lacks.
    """
    classes = len(split.left)
    values = np.zeros((2 * classes, features), np.float32)
    values[:, split.feature] = np.repeat([split.before, split.after], classes)
    tree.fit(values, np.tile(np.arange(classes), 2), sample_weight=np.concatenate([split.left, split.right]))
    rows, left = len(goes_left), int(np.count_nonzero(goes_left))
    tree.tree_.n_node_samples[:] = (rows, left, rows - left)
    tree.tree_.missing_go_to_left[0] = 2 * left > rows
