"""Every estimator's exported scorer against scikit-learn itself: the same decisions, and the same bytes every time."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn import datasets

from shared.documents import Document, encode
from shared.errors import Rejected
from shared.evaluation.vector_scorer import VectorScorer
from shared.scorer.classifiers import LOADERS
from shared.scorer.classifiers.trees import Tree, leaf_nodes
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.training.classifiers import build_classifier, family_of
from shared.training.decision_threshold import with_threshold
from shared.training.model_selection import COMPARED
from shared.training.pipelines import check_parity, export, fit, importances
from tests.support.datasets import TEXTS, Codes, Matrix, categories_for, dataset_of, in_fresh_processes, with_gaps

SETTINGS = Settings("bucket", "label")
BUNDLED: dict[str, Callable[..., tuple[Matrix, Codes]]] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "digits": datasets.load_digits,
    "breast cancer": datasets.load_breast_cancer,
}
LIGHT = [name for name in COMPARED if name not in {"gradient_boosting", "hist_gradient_boosting"}]


def scorer_of(dataset: Dataset, estimator: str) -> Scorer:
    """The exported scorer, after the check that it agrees with scikit-learn's pipeline on all rows."""
    pipeline = fit(dataset, estimator)
    scorer = VectorScorer.load(export(pipeline, dataset, SETTINGS), "scorer.json")
    assert check_parity(pipeline, scorer, dataset) == len(dataset.train) + len(dataset.test)
    return scorer.plain


@pytest.mark.parametrize("estimator", COMPARED)
@pytest.mark.parametrize("binary", [False, True], ids=["all classes", "two classes"])
@pytest.mark.parametrize("name", BUNDLED)
def test_decides_as_scikit_learn_does(name: str, binary: bool, estimator: str) -> None:
    values, codes = BUNDLED[name](return_X_y=True)
    rows = slice(0, None, 4) if name == "digits" else slice(None)
    labels = (codes % 2 if binary else codes)[rows].astype(np.int32)
    scorer_of(dataset_of(with_gaps(values[rows]), labels, categories_for(labels)), estimator)


CELLS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.1, 1e-30, 1e30, np.nan]),
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6),
)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Matrix, Codes, Matrix]:
    """A few rows with ties, extreme magnitudes, missing values and categories; two to four classes."""
    width, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    values = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=3 * classes, max_size=40))
    text = st.one_of(st.just(np.nan), st.integers(0, len(TEXTS) - 1).map(float))
    texts = draw(st.lists(text, min_size=len(values), max_size=len(values)))
    codes = draw(st.lists(st.integers(0, classes - 1), min_size=len(values), max_size=len(values)))
    return np.array(values), np.array(codes, np.int32), np.array(texts)[:, None]


def agrees(problem: tuple[Matrix, Codes, Matrix], estimator: str) -> None:
    dataset = dataset_of(*problem)
    try:
        pipeline = fit(dataset, estimator)
    except Rejected:
        return
    for threshold in (None, 0.25, 2 / 3) if len(pipeline.classes_) == 2 else (None,):
        scorer = VectorScorer.load(export(pipeline, dataset, SETTINGS, threshold), "scorer.json")
        try:
            check_parity(with_threshold(pipeline, threshold), scorer, dataset)
        except Rejected as refusal:
            assert "scikit-learn cannot score" in str(refusal) or "too far" in str(refusal)  # noqa: PT017


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("estimator", LIGHT)
@examples(max_examples=20)
@given(problem=problems())
def test_generated_problems_decide_as_scikit_learn_does(estimator: str, problem: tuple[Matrix, Codes, Matrix]) -> None:
    agrees(problem, estimator)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("estimator", ["gradient_boosting", "hist_gradient_boosting"])
@examples(max_examples=10)
@given(problem=problems())
def test_generated_problems_are_boosted_as_scikit_learn_does(
    estimator: str, problem: tuple[Matrix, Codes, Matrix]
) -> None:
    agrees(problem, estimator)


def sample(rows: int = 300, classes: int = 3) -> Dataset:
    """Numbers and categories that tell the classes apart but for noise."""
    chance = np.random.default_rng(5)
    values = chance.normal(size=(rows, 4))
    codes = np.clip(np.round(values[:, 0] + 0.3 * chance.normal(size=rows)) + 1, 0, classes - 1).astype(np.int32)
    return dataset_of(with_gaps(values), codes, categories_for(codes))


@pytest.mark.parametrize("estimator", COMPARED)
def test_values_on_the_thresholds_decide_as_scikit_learn_does(estimator: str) -> None:
    dataset = sample(classes=2)
    pipeline = fit(dataset, estimator)
    document = json.loads(export(pipeline, dataset, SETTINGS))
    thresholds = [bound for tree in document.get("trees", []) for bound in tree["threshold"]] or [0.0, 1.0]
    around = np.array(
        [np.nextafter(bound, side) for bound in thresholds[:300] for side in (-9e9, 9e9)] + thresholds[:300]
    )
    rows = np.resize(dataset.test.values, (len(around), len(dataset.features))).copy()
    means, scales = np.array(document["means"]), np.array(document["scales"])
    rows[:, : len(means)] = around[:, None] * scales + means
    scorer = Scorer.load(encode(document), "scorer.json")
    answers = [scorer.answer(cells) for cells in dataset.encoding.cells(rows)]
    frame = dataset.encoding.frame(rows)
    assert [scorer.classes[index] for index, _ in answers] == pipeline.predict(frame).tolist()
    assert np.abs(np.array([found for _, found in answers]) - pipeline.predict_proba(frame)).max() <= 1e-12


@pytest.mark.parametrize("estimator", COMPARED)
def test_importances_name_the_telling_features(estimator: str) -> None:
    dataset = sample()
    shares = importances(fit(dataset, estimator), dataset.encoding)
    assert tuple(shares) == dataset.features
    assert sum(shares.values()) == pytest.approx(1.0)
    assert min(shares.values()) >= 0
    assert shares["number 0"] + shares["category 0"] + shares["category 1"] > 0.5


@pytest.mark.parametrize("estimator", COMPARED)
def test_a_value_that_is_too_large_is_named(estimator: str) -> None:
    values: Matrix = 1e-9 * np.arange(200, dtype=np.float64)[:, None]
    scorer = scorer_of(dataset_of(values, (np.arange(200) > 99).astype(np.int32)), estimator)
    with pytest.raises(OutOfRange, match="number 0"):
        scorer.answer([3e38])
    assert scorer.answer([1.0])[0] == 1


TWICE = """
import hashlib
from shared.training import pipelines
from shared.training.pipelines import export, fit
from shared.training.model_selection import COMPARED
from tests.shared.scorer.test_classifiers import SETTINGS, sample
import numpy as np
for estimator in COMPARED:
    print(hashlib.sha256(export(fit(sample(1200), estimator), sample(1200), SETTINGS)).hexdigest())
pipelines.FEW_ROWS = 0  # as on many rows, on which threads share the work
print(hashlib.sha256(export(fit(sample(90), "hist_gradient_boosting"), sample(90), SETTINGS)).hexdigest())
"""


def test_training_in_fresh_processes_gives_the_same_bytes() -> None:
    outputs = in_fresh_processes(TWICE)
    assert len(outputs) == 1
    assert len(set(outputs.pop().split())) == len(COMPARED) + 1


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    """A scorer's document of each kind, of three classes."""
    dataset = sample()
    exported = {name: json.loads(export(fit(dataset, name), dataset, SETTINGS)) for name in COMPARED}
    return {document["kind"]: document for document in exported.values()}


def test_there_is_a_loader_for_each_kind(documents: dict[str, Document]) -> None:
    assert documents.keys() == LOADERS.keys()
    assert {family_of(build_classifier(name)).kind for name in COMPARED} == LOADERS.keys()


DAMAGED: dict[str, tuple[str, dict[str, Any]]] = {
    "forest: no leaves": ("forest", {"leaves": []}),
    "forest: a leaf of two classes": ("forest", {"leaves": [[0.5, 0.5]]}),
    "forest: a leaf that is no number": ("forest", {"leaves": None}),
    "forest: no trees": ("forest", {"trees": []}),
    "forest: another precision": ("forest", {"precision": "float16"}),
    "boosting: no start": ("boosting", {"start": []}),
    "boosting: a start for two classes": ("boosting", {"start": [0.0]}),
    "boosting: an unknown tie": ("boosting", {"tie": 2}),
    "boosting: no tie": ("boosting", {"tie": None}),
    "boosting: no leaves": ("boosting", {"leaves": []}),
    "boosting: leaves of texts": ("boosting", {"leaves": ["a"]}),
    "linear: no coefficients": ("linear", {"coefficients": []}),
    "linear: a coefficient too few": ("linear", {"coefficients": [[0.0]] * 3}),
    "linear: intercepts for two classes": ("linear", {"intercepts": [0.0]}),
    "linear: an intercept that is nothing": ("linear", {"intercepts": [None] * 3}),
}


@pytest.mark.parametrize(("kind", "changes"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_scorer_is_rejected(documents: dict[str, Document], kind: str, changes: Document) -> None:
    with pytest.raises(Rejected, match=r"scorer.json: expected a complete scorer"):
        Scorer.load(encode({**documents[kind], **changes}), "scorer.json")


def test_a_round_of_trees_that_is_not_whole_is_rejected(documents: dict[str, Document]) -> None:
    boosting = documents["boosting"]
    with pytest.raises(Rejected, match="a round of trees is not whole"):
        Scorer.load(encode({**boosting, "trees": boosting["trees"][:-1]}), "scorer.json")


def test_rare_trees_without_a_split_are_no_obstacle() -> None:
    values, codes = np.zeros((60, 1)), (np.arange(60) % 4 == 0).astype(np.int32)
    values[:, 0] = np.arange(60) // 2
    for estimator in COMPARED:
        scorer_of(dataset_of(values, codes), estimator)


def test_trees_share_the_nodes_of_their_leaves() -> None:
    """Made anew for each tree, they would cost trees times leaves: minutes for boosting of a hundred classes."""
    leaves = leaf_nodes([0.5, -0.5])
    stump = Tree([0, -1, -1], [0.0] * 3, [1, 0, 0], [2, 0, 0], [0, 1, 0])
    first, second = stump.grow(leaves), stump.grow(leaves)
    assert first[2] is second[2] is leaves[1]
    assert first[3] is second[3] is leaves[0]
