"""Whole files: a batch answered block by block, against pandas and ``pipeline.predict_proba`` on the same file."""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from shared.documents import decode
from shared.settings import Settings
from shared.training.pipelines import export, fit
from tests.bench.figures import Bound, Figure, Options, compare
from tests.bench.samples import LABEL
from tests.bench.scoring import dataset_of

ROW = "batch"
ESTIMATORS: Final = ("adaboost", "random_forest")
_BATCH: Final = """
import sys
from pathlib import Path
from shared.evaluation.batch_answer import BatchAnswer
from shared.evaluation.vector_scorer import VectorScorer
from shared.settings import Settings
source, model, target = map(Path, sys.argv[1:4])
scorer = VectorScorer.load(model.with_suffix(".json").read_bytes(), "scorer.json")
def parts():
    with source.open("rb") as file:
        while part := file.read(8_000_000):
            yield part
def work():
    with target.open("wb") as out:
        for part in BatchAnswer.open(parts(), scorer, Settings("bucket", "label")).parts():
            out.write(part)
"""
_PANDAS: Final = """
import sys
import joblib, pandas as pd
source, model, target = sys.argv[1:4]
pipeline = joblib.load(model)
def work():
    frame = pd.read_csv(source)
    chances = pipeline.predict_proba(frame)
    frame["prediction"] = pipeline.classes_[chances.argmax(axis=1)]
    frame["probability"] = chances.max(axis=1)
    frame.to_csv(target, index=False)
"""
_MEASURED: Final = """
import json, re, time
started = time.perf_counter()
work()
took = time.perf_counter() - started
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())  # of this program, not of its parent
print(json.dumps({"format": 1, "seconds": took, "mb": int(peak[1]) / 1024}))
"""


def measure(options: Options) -> list[Figure]:
    """Measure each estimator: seconds, and megabytes at the peak, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return [figure for name in ESTIMATORS for figure in _figures(options, name, Path(folder))]


def _figures(options: Options, estimator: str, folder: Path) -> list[Figure]:
    import joblib  # noqa: PLC0415  (only this needs it)

    dataset = dataset_of(options.pick(2_000, 120))
    pipeline = fit(dataset, estimator)
    model, source = folder / "model.joblib", folder / "rows.csv"
    joblib.dump(pipeline, model)
    model.with_suffix(".json").write_bytes(export(pipeline, dataset, Settings("bucket", LABEL)))
    rows = options.pick(1_000_000, 200)
    chosen = np.random.default_rng(0).integers(len(dataset.test.values), size=rows)
    dataset.encoding.frame(dataset.test.values[chosen]).to_csv(source, index=False)

    def run(code: str, field: str) -> float:
        command = [sys.executable, "-c", code + _MEASURED, str(source), str(model), str(folder / "answer.csv")]
        printed = subprocess.run(command, check=True, capture_output=True).stdout
        return float(decode(printed, "figures")[field])

    name = f"{estimator}, {rows:,} rows"
    rounds = options.rounds or options.pick(3, 1)
    return [
        compare(
            ROW,
            f"{name}: batch / pandas and predict_proba, {measured}",
            partial(run, _BATCH, field),
            partial(run, _PANDAS, field),
            rounds=rounds,
            unit=unit,
            bound=Bound("most", most),
        )
        for measured, field, unit, most in [("time", "seconds", "s", 1.5), ("memory at the peak", "mb", "MB", 0.5)]
    ]
