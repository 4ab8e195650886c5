"""The scorer for many rows decides as the one for a single row, on every family, and agrees with the pipeline."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris

from shared.documents import encode
from shared.errors import Rejected
from shared.evaluation.vector_scorer import BLOCK_ROWS, VectorScorer
from shared.formats.columns import Column
from shared.scorer.preprocessing import OutOfRange
from shared.settings import ESTIMATORS, Settings
from shared.tables.dataset import Dataset
from shared.tables.encoding import Encoding
from shared.training.pipelines import export, fit
from tests.support.datasets import Matrix, categories_for, dataset_of, with_gaps
from tests.support.stage import stump

SETTINGS = Settings("bucket", "label")
FAMILIES = ESTIMATORS[:-1]
CLASSES = {"two classes": load_breast_cancer, "three classes": load_iris}


@pytest.fixture(scope="module", params=[(name, classes) for classes in CLASSES for name in FAMILIES], ids="-".join)
def trained(request: pytest.FixtureRequest) -> tuple[Dataset, VectorScorer]:
    """A model of numbers with gaps and of categories, and what it was trained on."""
    estimator, classes = request.param
    bunch = CLASSES[classes]()
    values, codes = bunch.data[:, :8], bunch.target.astype(np.int32)
    dataset = dataset_of(with_gaps(values), codes, categories_for(codes))
    body = export(fit(dataset, estimator), dataset, SETTINGS)
    return dataset, VectorScorer.load(body, "scorer.json")


def around(dataset: Dataset, rows: int = 4_000, seed: int = 11) -> Matrix:
    """Rows of values that training has seen, mixed anew, some of them missing, some far away, some unknown texts."""
    random = np.random.default_rng(seed)
    seen = np.concatenate([dataset.train.values, dataset.test.values])
    values = np.column_stack([random.choice(column, rows) for column in seen.T])
    moved = random.random(values.shape) < 0.2
    numbers = np.array([vocabulary is None for vocabulary in dataset.encoding.vocabularies])
    return np.where(moved & numbers, values * random.choice([-1.0, 0.5, 1.0000001, 1e6], values.shape), values)


def plain_answers(scorer: VectorScorer, numbers: Matrix) -> list[int]:
    return [scorer.plain.answer(row)[0] for row in numbers.astype(object).tolist()]


def test_every_decision_is_the_plain_scorers(trained: tuple[Dataset, VectorScorer]) -> None:
    dataset, scorer = trained
    values = np.concatenate([dataset.train.values, dataset.test.values, around(dataset)])
    indices, probabilities = scorer.answer(values, dataset.encoding)
    expected = [scorer.plain.answer(row) for row in dataset.encoding.cells(values)]
    assert indices.tolist() == [index for index, _ in expected]
    assert np.abs(probabilities - np.array([row for _, row in expected])).max() <= 1e-12


def test_blocks_change_nothing(trained: tuple[Dataset, VectorScorer]) -> None:
    dataset, scorer = trained
    values = around(dataset, 500)
    many = np.tile(values, (BLOCK_ROWS // 500 + 2, 1))
    once, often = scorer.answer(values, dataset.encoding), scorer.answer(many, dataset.encoding)
    assert np.array_equal(often[0], np.tile(once[0], len(many) // 500))
    assert np.array_equal(often[1], np.tile(once[1], (len(many) // 500, 1)))


def test_texts_that_training_has_not_seen(trained: tuple[Dataset, VectorScorer]) -> None:
    dataset, scorer = trained
    vocabularies = tuple(None if known is None else ("nowhere", known[0]) for known in dataset.encoding.vocabularies)
    encoding = Encoding(dataset.encoding.columns, vocabularies)
    values = np.where([known is None for known in vocabularies], dataset.test.values[:40], np.arange(40)[:, None] % 2)
    indices, _ = scorer.answer(values, encoding)
    assert indices.tolist() == [scorer.plain.answer(row)[0] for row in encoding.cells(values)]


def test_no_rows_are_no_answers(trained: tuple[Dataset, VectorScorer]) -> None:
    dataset, scorer = trained
    indices, probabilities = scorer.answer(dataset.test.values[:0], dataset.encoding)
    assert (len(indices), probabilities.shape) == (0, (0, len(scorer.plain.classes)))


def test_the_first_value_out_of_range_is_named() -> None:
    scorer = VectorScorer.load(stump(0.5), "scorer.json")
    encoding = Encoding((Column("a"), Column("b")), (None, None))
    with pytest.raises(OutOfRange, match="feature b is too large"):
        scorer.answer(np.array([[1.0, 2.0], [1.0, 1e39], [1e39, 1.0]]), encoding)


def test_a_row_on_the_threshold_goes_left() -> None:
    scorer = VectorScorer.load(stump(0.1), "scorer.json")
    values = np.array([[0.1, 0.0], [np.nextafter(np.float32(0.1), np.float32(1)), 0.0], [0.0999, 0.0]])
    indices, _ = scorer.answer(values, Encoding((Column("a"), Column("b")), (None, None)))
    assert indices.tolist() == plain_answers(scorer, values)


@pytest.mark.parametrize("body", [b"", encode({"kind": "unknown"}), stump()[:-9]], ids=["empty", "kind", "cut"])
def test_a_damaged_scorer_is_rejected(body: bytes) -> None:
    with pytest.raises(Rejected, match=r"scorer\.json"):
        VectorScorer.load(body, "scorer.json")


def test_a_tie_of_a_linear_model_is_decided_exactly() -> None:
    document: dict[str, object] = {
        "kind": "linear",
        "precision": "float64",
        "features": ["a", "b"],
        "classes": ["no", "yes"],
    }
    document |= {"label": "label", "ignored": [], "fills": [0.0, 0.0], "means": [0.0, 0.0], "scales": [1.0, 1.0]}
    body = encode({**document, "coefficients": [[0.1, -0.3]], "intercepts": [0.0]})
    scorer = VectorScorer.load(body, "scorer.json")
    values = np.array([[3.0, 1.0], [0.3, 0.1], [6.0, 2.0], [3.0000000000000004, 1.0]])
    indices, _ = scorer.answer(values, Encoding((Column("a"), Column("b")), (None, None)))
    assert indices.tolist() == plain_answers(scorer, values)
