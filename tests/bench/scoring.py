"""The scorer: one row, and 10,000 rows, against ``pipeline.predict`` of the same scikit-learn model."""

from collections.abc import Callable

import numpy as np

from shared.evaluation.vector_scorer import VectorScorer
from shared.settings import Settings
from shared.tables.dataset import Dataset, assemble
from shared.tables.schema import infer_schema
from shared.training.model_selection import COMPARED
from shared.training.pipelines import export, fit
from tests.bench.figures import Bound, Figure, Measure, Options, compare, seconds_of
from tests.bench.samples import LABEL, held_out, labelled

ROW = "scorer"
MANY = 10_000


def measure(options: Options) -> list[Figure]:
    """Measure each estimator."""
    figures = []
    for position, estimator in enumerate(COMPARED):
        figures += _figures(options, estimator, default=position == 0)
    return figures


def _figures(options: Options, estimator: str, *, default: bool) -> list[Figure]:
    dataset = dataset_of(options.pick(2_000, 120))
    pipeline = fit(dataset, estimator)
    many = VectorScorer.load(export(pipeline, dataset, Settings("bucket", LABEL)), "scorer.json")
    scorer = many.plain
    values = np.resize(dataset.test.values, (options.pick(MANY, 50), len(dataset.features)))
    frame, cells = dataset.encoding.frame(values), dataset.encoding.cells(values)
    one, row = frame.iloc[:1], cells[0]
    calls, rounds = options.pick(20, 1), options.rounds or options.pick(15 if default else 5, 1)
    return [
        compare(
            ROW,
            f"{estimator}, one row: scikit-learn / scorer",
            _each(lambda: pipeline.predict(one), calls),
            _each(lambda: scorer.answer(row), calls * 50),
            rounds=rounds,
            unit="µs",
            bound=Bound("least", 1_000 if default else 20),
        ),
        compare(
            ROW,
            f"{estimator}, {len(cells):,} rows: scorer / scikit-learn",
            _each(lambda: [scorer.answer(cell) for cell in cells], 1),
            _each(lambda: pipeline.predict(frame), options.pick(3, 1)),  # as long as the scorer, to meet as much noise
            rounds=rounds,
            unit="µs",
            bound=Bound("most", 3) if default else None,
        ),
        compare(
            ROW,
            f"{estimator}, {len(cells):,} rows: scorer for many rows / scikit-learn",
            _each(lambda: many.answer(values, dataset.encoding), options.pick(3, 1)),
            _each(lambda: pipeline.predict(frame), options.pick(3, 1)),
            rounds=rounds,
            unit="µs",
            bound=Bound("most", 1) if default else None,
        ),
    ]


def _each(action: Callable[[], object], calls: int) -> Measure:
    """Microseconds of one call, the mean of several."""
    return lambda: seconds_of(lambda: [action() for _ in range(calls)]) / calls * 1e6


def dataset_of(rows: int) -> Dataset:
    """A model's training rows, so many, and the held-out rows."""
    tests = [held_out().table()]
    return assemble([labelled(rows).table()], tests, infer_schema(tests), truth=False)
