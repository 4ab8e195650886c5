"""The presorted AdaBoost against scikit-learn's own: the same stumps, weights and decisions to the last bit."""

import doctest
import io
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from shared.training import presorted_adaboost
from shared.training.classifiers import as_scikit_learn, build_classifier
from shared.training.feature_bins import smallest_gap
from shared.training.presorted_adaboost import PresortedAdaBoostClassifier
from shared.training.stump_search import MAX_CLOSE, Split, StumpSearch, proxy
from tests.support.boosting import SMALL, Always, Problem, chance, scorer_of
from tests.support.boosting import scaled as scaled_as_the_pipeline_does

pytestmark = [
    pytest.mark.filterwarnings("ignore:Sample weights have reached infinite values"),
    pytest.mark.filterwarnings("ignore:divide by zero encountered in log"),
]


def outcome(model: AdaBoostClassifier, values: NDArray[Any], labels: NDArray[Any], **more: Any) -> object:  # noqa: ANN401
    """All that a fit decides, or what it refuses."""
    try:
        model.fit(values, labels, **more)
    except ValueError as error:
        return str(error)
    trees = [(t.tree_.feature, t.tree_.threshold, t.tree_.n_node_samples, t.random_state) for t in model.estimators_]
    numbers = [model.estimator_weights_, model.estimator_errors_, model.predict_proba(values)]
    texts = [model.classes_, model.predict(values), *(tree.classes_ for tree in model.estimators_)]
    return repr([[[part.tolist() if hasattr(part, "tolist") else part for part in tree] for tree in trees]] + [
        part.tolist() for part in [*numbers, *texts]
    ])  # fmt: skip


def assert_same(values: NDArray[Any], labels: NDArray[Any], **parameters: Any) -> PresortedAdaBoostClassifier:  # noqa: ANN401
    ours, theirs = (kind(random_state=42, **parameters) for kind in (Always, AdaBoostClassifier))
    assert outcome(ours, values, labels) == outcome(theirs, values, labels)
    if hasattr(ours, "classes_"):
        assert scorer_of(ours) == scorer_of(theirs)
    return ours


@pytest.mark.parametrize("scaled", [False, True], ids=["as it is", "scaled"])
@pytest.mark.parametrize("load", SMALL.values(), ids=SMALL)
def test_small_tied_and_degenerate_rows(load: Callable[[], Problem], scaled: bool) -> None:
    assert_same(*(scaled_as_the_pipeline_does(load()) if scaled else load()))


def blobs(rows: int, classes: int = 2, seed: int = 5) -> Problem:
    """Rows of eight features that say something of the class."""
    draw = chance(seed)
    values = draw.normal(size=(rows, 8))
    score = values @ np.linspace(1, -1, 8) + draw.normal(size=rows)
    return values, np.searchsorted(np.quantile(score, np.arange(1, classes) / classes), score)


MANY: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "floats": lambda values: values,
    "float32": lambda values: values.astype(np.float32),
    "four decimals": lambda values: values.round(4),
    "one decimal": lambda values: values.round(1),
    "integers": lambda values: (values * 3).round().astype(np.int64),
    "truth values": lambda values: values > 0,
    "skewed": lambda values: np.exp(3 * values),
    "mostly zero": lambda values: np.where(values > 1, values, 0.0),
    "column by column": np.asfortranarray,
}


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_many_rows(make: Callable[[NDArray[Any]], NDArray[Any]], classes: int) -> None:
    values, codes = blobs(30_000, classes)
    ours = assert_same(make(values), codes, n_estimators=12)
    assert ours.fallback_rounds_ <= 1


def test_light_rows_do_not_mislead() -> None:
    """Classes that are nearly apart: after many rounds most rows weigh next to nothing."""
    values, codes = blobs(4_000)
    codes = np.where(chance(8).random(4_000) < 0.002, 1 - codes, values @ np.linspace(1, -1, 8) > 0).astype(int)
    assert_same(values, codes, n_estimators=150, learning_rate=1.9)


PARAMETERS: dict[str, dict[str, Any]] = {
    "five classes": {},
    "deeper trees": {"estimator": DecisionTreeClassifier(max_depth=2)},
    "another criterion": {"estimator": DecisionTreeClassifier(max_depth=1, criterion="entropy")},
    "leaves of some rows": {"estimator": DecisionTreeClassifier(max_depth=1, min_samples_leaf=50)},
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
def test_what_is_not_quicker_is_the_parents(parameters: dict[str, Any]) -> None:
    values, codes = blobs(3_000, 2 if parameters else 5)
    ours = assert_same(values, codes, n_estimators=6, **parameters)
    assert ours.fallback_rounds_ == len(ours.estimators_)


WEIGHTS: dict[str, Callable[[int], NDArray[Any]]] = {
    "any": lambda rows: chance(3).random(rows) + 0.01,
    "whole numbers": lambda rows: chance(3).integers(1, 4, rows).astype(float),
    "some are zero": lambda rows: chance(3).integers(0, 3, rows).astype(float),
    "far apart": lambda rows: 10.0 ** chance(3).integers(-14, 1, rows),
}


@pytest.mark.parametrize("weigh", WEIGHTS.values(), ids=WEIGHTS)
def test_sample_weights(weigh: Callable[[int], NDArray[Any]]) -> None:
    values, codes = blobs(5_000)
    models = [kind(random_state=1) for kind in (Always, AdaBoostClassifier)]
    ours, theirs = (outcome(model, values, codes, sample_weight=weigh(len(codes))) for model in models)
    assert ours == theirs


REFUSED: dict[str, Problem] = {
    "beyond float32": (np.array([[1e300], [1.0]] * 20), np.arange(40) % 2),
    "missing": (np.array([[np.nan], [1.0]] * 20), np.arange(40) % 2),
    "labels are measurements": (np.arange(40.0)[:, None], np.arange(40) % 3 + 0.5),
    "one class": (np.arange(40.0)[:, None], np.zeros(40, int)),
    "another number of labels": (np.arange(40.0)[:, None], np.zeros(39, int)),
}


@pytest.mark.parametrize(("values", "labels"), REFUSED.values(), ids=REFUSED)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_refusals_are_the_parents(values: NDArray[Any], labels: NDArray[Any]) -> None:
    ours, theirs = (kind(random_state=42) for kind in (Always, AdaBoostClassifier))
    expected = outcome(theirs, values, labels)
    assert repr(outcome(ours, values, labels)).replace("Always", "AdaBoostClassifier") == repr(expected)


def verdicts(model: AdaBoostClassifier) -> dict[str, str]:
    """What becomes of each of scikit-learn's checks of an estimator."""
    return {one["check_name"]: one["status"] for one in check_estimator(model, on_skip=None, on_fail=None)}


@pytest.mark.filterwarnings("default")
def test_is_an_estimator_as_its_parent_is_one() -> None:
    ours, theirs = verdicts(Always()), verdicts(AdaBoostClassifier())
    assert ours == theirs
    failed = {name for name, verdict in ours.items() if verdict == "failed"}
    assert failed == {f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")}
    assert len(ours) > 50


def test_trees_are_scikit_learns_up_to_rounding() -> None:
    values, codes = blobs(10_000)
    ours, theirs = (kind(random_state=42).fit(values, codes) for kind in (Always, AdaBoostClassifier))
    for own, their in zip(ours.estimators_, theirs.estimators_, strict=True):
        for name in ("children_left", "children_right", "feature", "threshold", "n_node_samples", "missing_go_to_left"):
            assert getattr(own.tree_, name).tolist() == getattr(their.tree_, name).tolist()
        for name in ("impurity", "value", "weighted_n_node_samples"):
            np.testing.assert_allclose(getattr(own.tree_, name), getattr(their.tree_, name), rtol=1e-9)
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, rtol=1e-9)


def test_the_same_columns_are_searched_in_vain_only_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    best = StumpSearch.best

    def counted(search: StumpSearch, weights: NDArray[np.float64]) -> Split | None:
        asked.append(search)
        return best(search, weights)

    monkeypatch.setattr(StumpSearch, "best", counted)
    values, codes = blobs(5_000)
    ours = Always(random_state=42).fit(np.hstack([values, values]), codes)
    assert ours.fallback_rounds_ == 50
    assert len(asked) == presorted_adaboost.PATIENCE


def test_few_rows_are_the_parents() -> None:
    values, codes = blobs(PresortedAdaBoostClassifier.presort_from - 1)
    assert PresortedAdaBoostClassifier(n_estimators=3).fit(values, codes).fallback_rounds_ == 3


OPEN = """
import pickle, sys
sys.modules["shared"] = None
model = pickle.load(sys.stdin.buffer)
print(type(model).__module__, type(model).__name__, len(model.estimators_))
"""


def test_the_fitted_model_opens_with_scikit_learn_alone(tmp_path: Path) -> None:
    values, codes = blobs(3_000)
    model = as_scikit_learn(build_classifier("adaboost").fit(values, codes))
    assert (model.predict(values) == Always(random_state=42).fit(values, codes).predict(values)).all()
    done = subprocess.run(
        [sys.executable, "-c", OPEN], input=pickle.dumps(model), cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == ["sklearn.ensemble._weight_boosting", "AdaBoostClassifier", "50"]


def test_a_pickled_one_is_the_same() -> None:
    values, codes = blobs(3_000)
    model = Always(random_state=42).fit(values, codes)
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    assert (joblib.load(buffer).decision_function(values) == model.decision_function(values)).all()


def test_the_example_of_its_documentation_holds() -> None:
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder().find(PresortedAdaBoostClassifier, globs=vars(presorted_adaboost)):
        runner.run(example)
    assert runner.summarize() == (0, 5)


def test_every_adaboost_is_a_presorted_one() -> None:
    assert type(build_classifier("adaboost")) is PresortedAdaBoostClassifier


def all_gains(values: NDArray[np.float32], codes: NDArray[np.int8], weights: NDArray[np.float64]) -> float:
    """The greatest proxy of all splits of a feature, one by one."""
    one_hot = np.where(codes == np.arange(2)[:, None], weights, 0.0)
    bounds = np.unique(values)[:-1]
    sides = [(one_hot[:, values <= at].sum(axis=1), one_hot[:, values > at].sum(axis=1)) for at in bounds]
    return max(float(proxy(left[:, None], right[:, None])[0]) for left, right in sides)


@pytest.mark.parametrize("seed", range(8))
def test_the_search_finds_the_greatest_gain(seed: int) -> None:
    draw = chance(seed)
    columns = list(draw.normal(size=(3, 3_000)).round(int(draw.integers(1, 5))).astype(np.float32))
    codes = (columns[0] + draw.normal(size=3_000) > 0).astype(np.int8)
    weights = draw.random(3_000) + 1e-3
    found = StumpSearch(columns, codes, 2).best(weights)
    assert found is not None
    assert found.gain == pytest.approx(max(all_gains(values, codes, weights) for values in columns), rel=1e-12)


def two_sided(gap: float) -> tuple[StumpSearch, NDArray[np.float64]]:
    """Two features; the better split of the one is that of the other but for a row of this weight."""
    values = np.arange(64, dtype=np.float32)
    codes = (values >= 32).astype(np.int8)
    codes[[3, 50]] = 1 - codes[[3, 50]]
    weights = np.full(64, 1 / 64)
    weights[50] += gap
    search = StumpSearch([values, np.roll(values[::-1], 0)], codes, 2)
    return search, weights


def test_two_features_that_rounding_cannot_tell_apart_are_left_to_scikit_learn() -> None:
    search, weights = two_sided(0.0)
    assert search.best(weights) is None


def test_no_feature_to_split_at() -> None:
    assert StumpSearch([np.ones(50, np.float32)], (np.arange(50) % 2).astype(np.int8), 2).best(np.ones(50)) is None


def test_too_many_close_calls_are_left_to_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    split = Split(0, 0.0, 1.0, np.ones(2), np.zeros(2), 1.0)
    search = StumpSearch([np.arange(50, dtype=np.float32)], (np.arange(50) > 20).astype(np.int8), 2)
    assert search.best(np.ones(50)) is not None
    monkeypatch.setattr(search, "_near_the_best", lambda _: [split] * (MAX_CLOSE + 2))
    assert search.best(np.ones(50)) is None


@pytest.mark.parametrize("steps", range(4))
def test_neighbouring_floats_are_split_as_scikit_learn_splits_them(steps: int) -> None:
    """The middle between the two is no float32, and rounds to the one or to the other."""
    values = [np.float32(1)]
    for _ in range(steps + 1):
        values.append(np.nextafter(values[-1], np.float32(2)))
    assert smallest_gap() in {np.float32(0), np.float32(1e-7)}
    labels = (np.arange(40) % 2) ^ (np.arange(40) % 7 == 0)
    assert_same(np.array([[values[steps]], [values[steps + 1]]] * 20, np.float32), labels)
