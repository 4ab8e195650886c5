"""The exported scorer against scikit-learn itself: the same decisions on every row, and the same bytes every time."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import AdaBoostClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from shared.documents import Label
from shared.errors import Rejected
from shared.evaluation.metrics import evaluate, f1_of
from shared.evaluation.predictions import score_rows
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.columns import Column
from shared.scorer.scorer import Scorer
from shared.settings import ESTIMATORS, Settings
from shared.tables.dataset import Dataset, Rows
from shared.tables.encoding import Encoding
from shared.tables.schema import Schema
from shared.training.pipelines import PARITY_ROWS, build_pipeline, check_parity, export, fit
from shared.training.versions import versions
from tests.support.datasets import in_fresh_processes

SETTINGS = Settings("bucket", "label", ignore=("Id",))
Matrix = NDArray[np.float64]
Codes = NDArray[np.int32]

BUNDLED: dict[str, Callable[..., tuple[Matrix, Codes]]] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
    "breast cancer": datasets.load_breast_cancer,
}


def plain(features: int) -> Encoding:
    """Features that are plain numbers."""
    return Encoding(tuple(Column(f"f{number}") for number in range(features)), (None,) * features)


def dataset_of(values: Matrix, codes: Codes, test: Matrix | None = None, classes: tuple[Label, ...] = ()) -> Dataset:
    """Rows to train on and rows to test on; without the latter every third row is a test row."""
    codes = codes.astype(np.int32)
    train = (
        Rows(values, codes)
        if test is not None
        else Rows(values[np.arange(len(codes)) % 3 > 0], codes[np.arange(len(codes)) % 3 > 0])
    )
    held_out = Rows(values[::3], codes[::3]) if test is None else Rows(test, np.zeros(len(test), np.int32))
    return Dataset(
        encoding=plain(values.shape[1]),
        schema=Schema(plain(values.shape[1]).columns),
        classes=classes or tuple(range(int(codes.max()) + 1)),
        train=train,
        origin=np.zeros(len(train), np.int32),
        test=held_out,
        used=(len(train),),
        left_out=(None,),
        rows=(len(train),),
        repeated=(0,),
        duplicates=0,
        in_test_set=0,
        scored=(1,),
        test_in_slots=np.zeros(len(held_out), bool),
    )


def around(pipeline: Pipeline, values: Matrix, limit: int = 400) -> Matrix:
    """Rows that lie on the thresholds of the trees after scaling, and one step of float32 or float64 beside them."""
    scaler = pipeline["features"].named_transformers_["numbers"]["scaler"]
    rows: list[Matrix] = []
    for tree in (estimator.tree_ for estimator in pipeline["classifier"].estimators_):
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            if feature < 0:
                continue
            single = np.float32(threshold)
            steps = [
                threshold,
                single,
                np.nextafter(single, np.float32(np.inf)),
                np.nextafter(single, np.float32(-np.inf)),
            ]
            steps += [np.nextafter(threshold, bound) for bound in (-np.inf, np.inf)]
            for step in steps:
                row = values[len(rows) % len(values)].copy()
                row[feature] = float(step) * scaler.scale_[feature] + scaler.mean_[feature]
                rows.append(row)
    return np.array(rows[:limit])


def exported(dataset: Dataset, pipeline: Pipeline | None = None) -> bytes:
    """The scorer of a dataset."""
    return export(pipeline or fit(dataset), dataset, SETTINGS)


def assert_same(pipeline: Pipeline, values: Matrix) -> None:
    """The scorer decides as the pipeline does on every row."""
    dataset = dataset_of(values, np.zeros(len(values), np.int32))
    scorer = VectorScorer.load(exported(dataset, pipeline), "scorer.json")
    frame = dataset.encoding.frame(values)
    indices, probabilities = score_rows(scorer, dataset.encoding, Rows(values, np.zeros(len(values), np.int32)))
    assert [scorer.plain.classes[index] for index in indices] == pipeline.predict(frame).tolist()
    assert np.abs(probabilities - pipeline.predict_proba(frame)).max() <= 1e-12


@pytest.mark.parametrize("load", BUNDLED.values(), ids=BUNDLED)
@pytest.mark.parametrize("binary", [False, True], ids=["all classes", "two classes"])
def test_decides_as_scikit_learn_does(load: Callable[..., tuple[Matrix, Codes]], binary: bool) -> None:
    values, codes = load(return_X_y=True)
    dataset = dataset_of(values, codes % 2 if binary else codes)
    pipeline = fit(dataset)
    missing = values.copy()
    missing[np.random.default_rng(7).random(values.shape) < 0.2] = np.nan
    assert_same(pipeline, np.concatenate([values, missing, around(pipeline, values)]))
    assert check_parity(pipeline, VectorScorer.load(exported(dataset, pipeline), "k"), dataset) == len(values)


@pytest.mark.parametrize("depth", [2, 3, None])
@pytest.mark.parametrize("name", ["iris", "breast cancer"])
def test_deeper_trees_decide_as_scikit_learn_does(depth: int | None, name: str) -> None:
    values, codes = BUNDLED[name](return_X_y=True)
    boosted = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=10, random_state=42)
    pipeline = Pipeline([*build_pipeline(plain(values.shape[1])).steps[:-1], ("classifier", boosted)])
    pipeline.fit(plain(values.shape[1]).frame(values[::2]), codes[::2])
    assert_same(pipeline, np.concatenate([values, around(pipeline, values)]))


CELLS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.1, 1e-30, 1e30, np.nan]),
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6),
)


@st.composite
def problems(draw: st.DrawFn, cells: st.SearchStrategy[float] = CELLS) -> tuple[Matrix, Codes]:
    """A few rows with ties, constant features, extreme magnitudes and missing values; two to four classes."""
    width, classes = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=classes, max_size=25))
    values = np.array(rows, np.float64)
    if draw(st.booleans()):
        values[:, draw(st.integers(0, width - 1))] = draw(cells)
    chosen = draw(st.lists(st.integers(0, classes - 1), min_size=len(rows), max_size=len(rows)))
    codes = np.array([*range(classes), *chosen][: len(rows)], np.int32)
    return values, codes


@examples(max_examples=40)
@given(problems())
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_generated_problems_decide_as_scikit_learn_does(problem: tuple[Matrix, Codes]) -> None:
    values, codes = problem
    dataset = dataset_of(values, codes, test=values)
    try:
        pipeline = fit(dataset)
        check_parity(pipeline, VectorScorer.load(exported(dataset, pipeline), "k"), dataset)
    except Rejected:
        return
    assert_same(pipeline, values)
    near = around(pipeline, values)
    if len(near) and not np.isinf(near).any():
        assert_same(pipeline, near)


def test_a_constant_or_empty_feature_is_no_obstacle() -> None:
    values = np.column_stack([np.arange(40.0), np.full(40, 3.5), np.full(40, np.nan)])
    codes = (np.arange(40) > 20).astype(np.int32)
    pipeline = fit(dataset_of(values, codes))
    assert_same(pipeline, values)
    assert_same(pipeline, np.full((1, 3), np.nan))


def test_the_pipeline_is_the_documented_one() -> None:
    features, classifier = (step for _, step in build_pipeline(plain(2)).steps)
    [(name, numbers, columns)] = features.transformers
    imputer, scaler = (step for _, step in numbers.steps)
    assert (name, columns) == ("numbers", ["f0", "f1"])
    assert isinstance(imputer, SimpleImputer)
    assert imputer.strategy == "median"
    assert isinstance(scaler, StandardScaler)
    assert isinstance(classifier, AdaBoostClassifier)
    assert classifier.random_state == 42


LABELS: dict[str, tuple[Label, Label]] = {
    "texts": ("no", "yes"),
    "numbers": (3, 8),
    "booleans": (False, True),
}


@pytest.mark.parametrize("classes", LABELS.values(), ids=LABELS)
def test_classes_keep_their_type(classes: tuple[Label, Label]) -> None:
    values, codes = datasets.load_breast_cancer(return_X_y=True)
    scorer = Scorer.load(exported(dataset_of(values, codes, classes=classes)), "k")
    assert scorer.classes == classes
    assert [type(label) for label in scorer.classes] == [type(label) for label in classes]


def test_the_export_says_what_a_request_needs() -> None:
    values, codes = datasets.load_iris(return_X_y=True)
    scorer = Scorer.load(exported(dataset_of(values, codes)), "k")
    assert (scorer.features, scorer.label, scorer.ignored) == (("f0", "f1", "f2", "f3"), "label", ("Id",))


def test_no_row_to_train_on() -> None:
    dataset = dataset_of(np.empty((0, 2)), np.empty(0, np.int32), test=np.ones((1, 2)), classes=("x", "y"))
    with pytest.raises(Rejected, match="expected training rows, found none that fit the test set and are not in it"):
        fit(dataset)


def test_one_class_only() -> None:
    dataset = dataset_of(np.ones((4, 1)), np.ones(4, np.int32), classes=("x", "y"))
    with pytest.raises(Rejected, match="at least two classes in the training rows, found only 'y'"):
        fit(dataset)


def test_labels_that_are_measurements_are_refused() -> None:
    values, codes = datasets.load_breast_cancer(return_X_y=True)
    with pytest.raises(Rejected, match="expected class labels, found the decimal number"):
        fit(dataset_of(values, codes, classes=(0.5, 1.5)))


def test_rows_that_no_stump_can_tell_apart_are_refused_with_the_estimators_that_take_them() -> None:
    values, codes = np.ones((40, 1)), (np.arange(40) % 2).astype(np.int32)
    dataset = dataset_of(values, codes, test=values[:2])
    with pytest.raises(Rejected, match=r"adaboost cannot fit these rows \(.*worse than random") as refused:
        fit(dataset)
    _, _, named = str(refused.value).partition("set VINTNER_ESTIMATOR to one of ")
    for estimator in set(named.split(", ")) - {"auto"}:
        assert_same(fit(dataset, estimator), values[:1])
    assert set(named.split(", ")) == {*ESTIMATORS} - {"adaboost"}


def _changed(body: bytes, name: str, value: object) -> VectorScorer:
    return VectorScorer.load(json.dumps({**json.loads(body), name: value}).encode(), "k")


def test_a_scorer_that_does_not_agree_is_refused() -> None:
    values, codes = datasets.load_breast_cancer(return_X_y=True)
    dataset = dataset_of(values, codes)
    pipeline = fit(dataset)
    body = exported(dataset, pipeline)
    document = json.loads(body)
    for name, value in [("means", [0.0] * 30), ("weight_sum", document["weight_sum"] * (1 + 1e-9))]:
        with pytest.raises(Rejected, match="expected a scorer that agrees with the pipeline on 569 rows"):
            check_parity(pipeline, _changed(body, name, value), dataset)


def test_parity_is_checked_on_a_sample_of_many_rows() -> None:
    values: Matrix = np.random.default_rng(3).random((25_000, 2))
    dataset = dataset_of(values, (values.sum(axis=1) > 1).astype(np.int32), test=values[:100])
    pipeline = fit(dataset)
    compared = check_parity(pipeline, VectorScorer.load(exported(dataset, pipeline), "k"), dataset)
    assert 100 + PARITY_ROWS // 2 < compared <= 100 + PARITY_ROWS


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_test_row_out_of_range_is_refused() -> None:
    values = np.array([[number * 1e-20] for number in range(40)])
    codes = (np.arange(40) > 20).astype(np.int32)
    dataset = dataset_of(values, codes, test=np.array([[3e38]]))
    with pytest.raises(Rejected, match=r"scikit-learn cannot score these rows|too far from the training data"):
        check_parity(fit(dataset), VectorScorer.load(exported(dataset), "k"), dataset)


TWICE = """
import hashlib
from sklearn import datasets
from tests.shared.training.test_pipelines import dataset_of, exported
values, codes = datasets.load_wine(return_X_y=True)
print(hashlib.sha256(exported(dataset_of(values, codes))).hexdigest())
"""


def test_training_twice_gives_the_same_bytes() -> None:
    values, codes = datasets.load_wine(return_X_y=True)
    assert len({exported(dataset_of(values, codes)) for _ in range(3)}) == 1


def test_training_in_fresh_processes_gives_the_same_bytes() -> None:
    outputs = in_fresh_processes(TWICE)
    assert len(outputs) == 1


def test_versions_name_what_decides_a_fit() -> None:
    assert versions().keys() == {"trainer", "numpy", "pandas", "scikit-learn"}


TRUTH = np.array([0, 1, 1, 0, 1], np.int32)
GUESS = np.array([0, 1, 0, 1, 1], np.int32)


def test_metrics_of_two_classes_are_for_the_second() -> None:
    spread = np.column_stack([1 - GUESS, GUESS]).astype(float)
    found = evaluate(TRUTH, GUESS, spread, ("no", "yes"), (1,))
    assert found["f1"] == found["metrics"]["f1"] == pytest.approx(2 / 3)
    assert found["f1_of"] == {"positive_class": "yes"}
    assert found["confusion"] == {"labels": ["no", "yes"], "matrix": [[1, 1], [1, 2]]}
    assert found["metrics"]["accuracy"] == pytest.approx(0.6)
    assert "roc_auc" in found["metrics"]


def test_metrics_of_three_classes_are_means() -> None:
    found = evaluate(TRUTH, GUESS, np.zeros((5, 3)), ("a", "b", "c"), (0, 1, 2))
    assert found["f1_of"] == "macro"
    assert found["f1"] == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert "roc_auc" not in found["metrics"]


def test_a_test_set_of_one_class_has_metrics() -> None:
    ones = np.ones(3, np.int32)
    assert evaluate(ones, ones, np.ones((3, 2)), ("no", "yes"), (1,))["f1"] == 1.0
    assert evaluate(ones, ones * 0, np.ones((3, 2)), ("no", "yes"), (1,))["f1"] == 0.0


F1: dict[str, tuple[list[int], list[int], tuple[int, ...]]] = {
    "two classes": ([0, 1, 1, 0, 1], [0, 1, 0, 1, 1], (1,)),
    "three classes": ([0, 1, 2, 0, 1], [0, 1, 2, 2, 1], (0, 1, 2)),
    "none found": ([1, 1], [0, 0], (1,)),
    "only negatives": ([0, 0], [0, 0], (1,)),
}


@pytest.mark.parametrize(("truth", "guess", "scored"), F1.values(), ids=F1)
def test_f1_alone_is_that_of_the_metrics(truth: list[int], guess: list[int], scored: tuple[int, ...]) -> None:
    expected, found = np.array(truth, np.int32), np.array(guess, np.int32)
    assert f1_of(expected, found, scored) == evaluate(expected, found, np.zeros((len(truth), 3)), "abc", scored)["f1"]


def test_a_class_that_the_test_set_lacks_is_a_wrong_guess() -> None:
    assert f1_of(np.array([0, 1, 1], np.int32), np.array([0, 1, 2], np.int32), (1,)) == pytest.approx(2 / 3)
