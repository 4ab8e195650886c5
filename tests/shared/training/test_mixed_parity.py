"""Generated tables of every mix of kinds: the scorer decides as the pipeline does."""

import io
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.values import MISSING
from shared.ingestion.csv_reader import read_csv
from shared.scorer.scorer import Scorer
from shared.settings import Settings
from shared.tables.dataset import Dataset, assemble
from shared.tables.schema import infer_schema
from shared.training.pipelines import check_parity, export, fit

SETTINGS = Settings("bucket", "label", max_bad_share=1.0)
GAP = st.sampled_from(["", "NA", "?"])
CELLS = {
    "number": st.floats(-1e6, 1e6, width=32).map(repr) | st.integers(-3, 3).map(str) | GAP,
    "category": st.sampled_from(["red", "green", "blue", "Größe", "a,b", "1", "2.5", "missing"]) | GAP,
    "boolean": st.sampled_from(["yes", "no"]) | GAP,
    "date": st.dates().map(lambda day: day.isoformat()) | GAP,
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str]:
    """A test set and a slot with columns of the same kinds, as CSV texts."""
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5))
    labels = draw(st.sampled_from([("x", "y"), ("1", "2", "3"), ("a", "b", "c", "d")]))
    row = st.tuples(*(CELLS[kind] for kind in kinds), st.sampled_from(labels))
    header = [f"{kind}_{number}" for number, kind in enumerate(kinds)] + ["label"]
    parts = [draw(st.lists(row, min_size=size, max_size=40)) for size in (3, 8)]
    test, slot = (pd.DataFrame(rows, columns=header).to_csv(index=False) for rows in parts)
    return test, slot


def dataset_of(test: str, slot: str) -> Dataset:
    tests = [read_csv(test.encode(), SETTINGS).table]
    schema = infer_schema(tests)
    columns = {column.name: column for column in schema.columns}
    return assemble([read_csv(slot.encode(), SETTINGS, columns).table], tests, schema, truth=False)


@given(tables())
@examples(max_examples=60)
def test_the_scorer_decides_as_the_pipeline(texts: tuple[str, str]) -> None:
    try:
        dataset = dataset_of(*texts)
        pipeline = fit(dataset)
    except Rejected:
        assume(False)
    body = export(pipeline, dataset, SETTINGS)
    scorer = VectorScorer.load(body, "scorer.json")
    assert check_parity(pipeline, scorer, dataset) == len(dataset.test) + len(dataset.train)
    assert export(fit(dataset), dataset, SETTINGS) == body
    _check_requests(pipeline, scorer.plain, dataset, texts[0])


def _check_requests(pipeline: Any, scorer: Scorer, dataset: Dataset, test: str) -> None:  # noqa: ANN401
    """Cells of the test file, read one by one as a request is, get the answers of the whole column's reading."""
    cells = pd.read_csv(io.StringIO(test), dtype=str, keep_default_na=False)
    frame = dataset.encoding.frame(dataset.test.values)
    expected = pipeline.predict(frame).tolist()
    for row, label in zip(cells.to_dict("records"), expected, strict=True):
        values = [column.parse(row[column.name], MISSING) for column in scorer.columns]
        assert scorer.classes[scorer.answer(values)[0]] == label


def test_unknown_categories_and_rare_ones_are_what_scikit_learn_makes_of_them() -> None:
    random = np.random.default_rng(5)
    towns = [f"town {number}" for number in range(400)]
    lines = [f"{random.choice(towns)},{random.normal():.3f},{random.choice(['x', 'y'])}" for _ in range(3000)]
    dataset = dataset_of("town,size,label\n" + "\n".join(lines[:1000]), "town,size,label\n" + "\n".join(lines[1000:]))
    pipeline = fit(dataset)
    scorer = Scorer.load(export(pipeline, dataset, SETTINGS), "k")
    [category] = scorer.inputs.categories
    assert (len(category.categories), category.width) == (255, 256)
    asked = [*towns[:50], "nowhere", None]
    frame = pd.DataFrame({"town": pd.Series(asked, dtype=object).fillna(np.nan), "size": np.zeros(len(asked))})
    expected = pipeline.predict_proba(frame)[:, 1]
    found = [scorer.answer([town, 0.0])[1][1] for town in asked]
    assert np.abs(expected - found).max() <= 1e-12
    assert category.rare
