"""The classifiers that can be trained, and each one's export as plain numbers for the portable scorer.

The defaults are scikit-learn's but for what keeps a scorer small (trees of at most a thousand leaves) or a fit from
failing (no early stopping, which needs each class more than once).
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from shared.documents import Document
from shared.training.presorted_adaboost import PresortedAdaBoostClassifier

RANDOM_STATE: Final = 42
MAX_LEAVES: Final = 1_000
MAX_ITERATIONS: Final = 1_000

Importances = NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """Classifiers that are exported alike. `importances` gives a share for each input (inputs,), all together 1 or 0.

    `precision` is that of the inputs that scikit-learn's own code sees; `has_log_odds` says that of two classes the
    log odds of the second decide, which scikit-learn calls the decision function.
    """

    kind: str
    export: Callable[[Any], Document]
    importances: Callable[[Any], Importances] = operator.attrgetter("feature_importances_")
    precision: str = "float32"
    has_log_odds: bool = True


def build_classifier(estimator: str) -> Any:  # noqa: ANN401  (scikit-learn has no types)
    """A classifier by the name that `VINTNER_ESTIMATOR` gives it, not fitted."""
    return _CLASSIFIERS[estimator]()


def as_scikit_learn(classifier: Any) -> Any:  # noqa: ANN401
    """A fitted classifier as one that can be unpickled where scikit-learn alone is installed."""
    return classifier.as_scikit_learn() if isinstance(classifier, PresortedAdaBoostClassifier) else classifier


def family_of(classifier: object) -> Family:
    """How a fitted classifier is exported."""
    return _FAMILIES[type(classifier)]


def _adaboost(ensemble: Any) -> Document:  # noqa: ANN401
    return {
        "weights": ensemble.estimator_weights_[: len(ensemble.estimators_)].tolist(),
        "weight_sum": float(ensemble.estimator_weights_.sum()),
        "trees": [
            _tree(one.tree_, one.tree_.value[:, 0, :].argmax(axis=1), one.tree_.n_node_samples)
            for one in ensemble.estimators_
        ],
    }


def _forest(ensemble: Any) -> Document:  # noqa: ANN401
    """Trees that agree in all classes share a leaf, since most leaves of a deep tree hold one class alone."""
    trees = [one.tree_ for one in getattr(ensemble, "estimators_", [ensemble])]
    shares = np.concatenate([tree.value[tree.children_left < 0, 0, :] for tree in trees])
    leaves, numbers = np.unique(shares, axis=0, return_inverse=True)
    remaining = iter(numbers.ravel().tolist())
    documents = [_tree(tree, [next(remaining) if end else 0 for end in tree.children_left < 0]) for tree in trees]
    return {"trees": documents, "leaves": leaves.tolist()}


def _gradient_boosting(ensemble: Any) -> Document:  # noqa: ANN401
    trees = [one.tree_ for one in ensemble.estimators_.ravel()]
    start = ensemble._raw_predict_init(np.zeros((1, ensemble.n_features_in_), np.float32))  # noqa: SLF001
    values = [ensemble.learning_rate * tree.value[:, 0, 0] for tree in trees]
    leaves, numbers = _numbered(values, [tree.children_left < 0 for tree in trees])
    documents = [_tree(tree, leaf) for tree, leaf in zip(trees, numbers, strict=True)]
    return {"start": start[0].tolist(), "tie": 1, "leaves": leaves, "trees": documents}


def _hist_gradient_boosting(ensemble: Any) -> Document:  # noqa: ANN401
    nodes = [one.nodes for one in _predictors(ensemble)]
    leaves, numbers = _numbered([one["value"] for one in nodes], [one["is_leaf"] == 1 for one in nodes])
    documents = [
        _columns(
            one["is_leaf"] == 1,
            feature=one["feature_idx"],
            threshold=one["num_threshold"],
            left=one["left"],
            right=one["right"],
            leaf=leaf,
            rows=one["count"],
        )
        for one, leaf in zip(nodes, numbers, strict=True)
    ]
    start = ensemble._baseline_prediction.ravel().tolist()  # noqa: SLF001
    return {"start": start, "tie": 0, "leaves": leaves, "trees": documents}


def _predictors(ensemble: Any) -> Iterable[Any]:  # noqa: ANN401
    return (one for each_round in ensemble._predictors for one in each_round)  # noqa: SLF001


def _logistic_regression(model: Any) -> Document:  # noqa: ANN401
    return {"coefficients": model.coef_.tolist(), "intercepts": model.intercept_.tolist()}


def _gains(ensemble: Any) -> Importances:  # noqa: ANN401
    """The gain of all splits by input, as scikit-learn's other trees have it; this one keeps the gains alone."""
    total = np.zeros(ensemble.n_features_in_)
    for one in _predictors(ensemble):
        inner = one.nodes[one.nodes["is_leaf"] == 0]
        np.add.at(total, inner["feature_idx"], np.maximum(inner["gain"], 0.0))
    return _shares(total)


def _magnitudes(model: Any) -> Importances:  # noqa: ANN401
    """The size of the coefficients, which is comparable since all numbers are scaled; the mean over the classes."""
    return _shares(np.abs(model.coef_).mean(axis=0))


def _shares(total: Importances) -> Importances:
    return total / total.sum() if total.any() else total


def _numbered(
    values: Sequence[NDArray[np.float64]], is_leaf: Sequence[NDArray[np.bool_]]
) -> tuple[list[float], list[NDArray[np.int64]]]:
    """The distinct values of the leaves in order, and the number of each tree's nodes (nodes,) among them."""
    leaves = np.unique(np.concatenate([one[ends] for one, ends in zip(values, is_leaf, strict=True)]))
    numbers = [np.where(ends, np.searchsorted(leaves, one), 0) for one, ends in zip(values, is_leaf, strict=True)]
    return leaves.tolist(), numbers


def _tree(tree: Any, leaf: ArrayLike, rows: ArrayLike | None = None) -> Document:  # noqa: ANN401
    """A tree's columns; its rows are those drawn to train it, unless they are given (nodes,)."""
    return _columns(
        tree.children_left < 0,
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        leaf=leaf,
        rows=tree.weighted_n_node_samples if rows is None else rows,
    )


def _columns(
    is_leaf: NDArray[np.bool_],
    *,
    feature: ArrayLike,
    threshold: ArrayLike,
    left: ArrayLike,
    right: ArrayLike,
    leaf: ArrayLike,
    rows: ArrayLike,
) -> Document:
    """A tree's columns (nodes,), with nothing in them that its nodes do not need."""
    return {
        "feature": np.where(is_leaf, -1, feature).tolist(),
        "threshold": np.where(is_leaf, 0.0, threshold).tolist(),
        "left": np.where(is_leaf, 0, left).tolist(),
        "right": np.where(is_leaf, 0, right).tolist(),
        "leaf": np.where(is_leaf, leaf, 0).tolist(),
        "rows": np.where(is_leaf, rows, 0).astype(np.int64).tolist(),
    }


_CLASSIFIERS: Final[dict[str, Callable[[], Any]]] = {
    "adaboost": partial(PresortedAdaBoostClassifier, random_state=RANDOM_STATE),
    "random_forest": partial(RandomForestClassifier, max_leaf_nodes=MAX_LEAVES, random_state=RANDOM_STATE),
    "extra_trees": partial(ExtraTreesClassifier, max_leaf_nodes=MAX_LEAVES, random_state=RANDOM_STATE),
    "gradient_boosting": partial(GradientBoostingClassifier, random_state=RANDOM_STATE),
    "hist_gradient_boosting": partial(HistGradientBoostingClassifier, early_stopping=False, random_state=RANDOM_STATE),
    "decision_tree": partial(DecisionTreeClassifier, max_leaf_nodes=MAX_LEAVES, random_state=RANDOM_STATE),
    "logistic_regression": partial(LogisticRegression, max_iter=MAX_ITERATIONS),
}
_FAMILIES: Final[dict[type, Family]] = {
    AdaBoostClassifier: Family("adaboost", _adaboost),
    PresortedAdaBoostClassifier: Family("adaboost", _adaboost),
    RandomForestClassifier: Family("forest", _forest, has_log_odds=False),
    ExtraTreesClassifier: Family("forest", _forest, has_log_odds=False),
    DecisionTreeClassifier: Family("forest", _forest, has_log_odds=False),
    GradientBoostingClassifier: Family("boosting", _gradient_boosting),
    HistGradientBoostingClassifier: Family("boosting", _hist_gradient_boosting, _gains, "float64"),
    LogisticRegression: Family("linear", _logistic_regression, _magnitudes, "float64"),
}
