"""What fixed uploads and models come to: the digests of rows, the candidate's name, the numbers of the scorers.

A bucket keeps what it has as long as the names say that nothing changed. If other bytes came out under an unchanged
version, buckets that exist would keep the old rows and models, and new ones would get others.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.bucket.inventory import READER_VERSION, Inventory
from shared.documents import Document, decode, digest
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.loading import load_dataset
from shared.ingestion.slot_file import slot_digest
from shared.settings import AUTO, ESTIMATORS, Positive, Settings
from shared.tables.dataset import Dataset
from shared.tables.schema import Override
from shared.training.candidate import Candidate, candidate_of
from shared.training.model_selection import select
from shared.training.pipelines import export, fit
from shared.training.threshold_choice import choose_threshold
from shared.training.versions import TRAINER_VERSION, versions
from tests.support.datasets import dataset_of
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage

FOLDER: Final = Path(__file__).parent
FILE: Final = FOLDER / "golden.json"
UPLOADS: Final = FOLDER / "uploads"
DIGITS: Final = 9  # logarithms, powers and matrix products differ in the last digits from one processor to another
COMMAND: Final = "python -m tests.golden"

THREE_CLASSES: Final = Settings(bucket="vintner", label="grade", ignore=("id",))
TWO_CLASSES: Final = replace(THREE_CLASSES, positive=Positive.parse("== good"))
READINGS: Final[dict[str, tuple[str, Settings]]] = {
    "three classes": ("first.csv", THREE_CLASSES),
    "two classes": ("first.csv", TWO_CLASSES),
    "semicolons and decimal commas": ("second.csv", THREE_CLASSES),
    "another spelling of missing": ("first.csv", replace(THREE_CLASSES, missing=("", "red"))),
    "rows left out": ("spoiled.csv", replace(THREE_CLASSES, max_bad_share=0.5)),
}
SCHEMA: Final = Override.parse(b'{"columns": {"code": "category"}}', "data/schema.json")


@dataclass(frozen=True)
class Part:
    """What one version stands for. A bucket keeps such `outputs` under `names`, which have the version in them."""

    version: int
    names: Mapping[str, str]
    outputs: Mapping[str, Any]


def reader() -> Part:
    """The rows of each upload, alone and by the test set's schema, and the names of their receipts."""
    stage = _stage(THREE_CLASSES)
    outputs = {name: _read(*reading) for name, reading in READINGS.items()}
    outputs |= {f"by the schema: {key}": _kept(receipt) for key, receipt in stage.receipts().items()}
    return Part(READER_VERSION, _names(stage), outputs)


def trainer() -> Part:
    """Each estimator's scorer, and the name of a candidate; the libraries' versions are a part of it."""
    names = {"model_id": _candidate(_stage(THREE_CLASSES)).model_id, **versions()}
    scorers = {
        f"{name}, {classes}": _trained(settings, name)
        for classes, settings in (("three classes", THREE_CLASSES), ("two classes", TWO_CLASSES))
        for name in ESTIMATORS
        if settings.positive or name != AUTO
    }
    return Part(TRAINER_VERSION, names, scorers | _thresholds())


def _thresholds() -> dict[str, Any]:
    """A scorer with a threshold of each kind, and what cross-validation chooses on rows with a rare class."""
    named = {f"{name}, at 0.3": _trained(TWO_CLASSES, name, 0.3) for name in ("adaboost", "random_forest")}
    chosen = choose_threshold(_rare(), "adaboost", AUTO)
    return {**named, "threshold by cross-validation": digest(_rounded(asdict(chosen)))}


def _rare() -> Dataset:
    """Rows of two classes, of which the second is rare; whole numbers, so that any processor has the same."""
    rows = np.arange(900)
    codes = (rows % 10 == 0).astype(np.int32)
    return dataset_of(np.column_stack([rows * 37 % 101 + 40 * codes, rows * 53 % 89]).astype(np.float64), codes)


def _read(upload: str, settings: Settings) -> Document:
    reading = read_csv((UPLOADS / upload).read_bytes(), settings, SCHEMA.columns)
    left_out = [[reason.line, reason.column] for reason in reading.left_out]
    return {"slot": slot_digest(reading.table), "rows": reading.rows, "left_out": left_out}


def _kept(receipt: Document) -> Document:
    return {"slot": receipt["slot"], "rows": receipt["rows"]["kept"]}


def _names(stage: Stage) -> dict[str, str]:
    return {upload.key: upload.digest for upload in Inventory.take(stage.store, stage.settings).uploads}


def _stage(settings: Settings) -> Stage:
    """A bucket with all uploads, read."""
    stage = Stage(FakeStore(), replace(settings, max_bad_share=0.5, estimator="decision_tree"))
    stage.put("data/schema.json", json.dumps({"format": 1, **SCHEMA.as_document()}))
    stage.put(TEST, (UPLOADS / "test.csv").read_bytes())
    for name in ("first.csv", "second.csv", "spoiled.csv"):
        stage.put(f"{SLOT}{name}", (UPLOADS / name).read_bytes())
    stage.ingest()
    return stage


def _candidate(stage: Stage) -> Candidate:
    candidate = candidate_of(Inventory.take(stage.store, stage.settings), stage.settings)
    if isinstance(candidate, str):
        raise TypeError(f"the golden uploads call for no candidate: {candidate}")
    return candidate


def _trained(settings: Settings, estimator: str, threshold: float | None = None) -> str:
    """The digest of a scorer's numbers, to nine digits."""
    stage = _stage(settings)
    candidate = _candidate(stage)
    dataset = load_dataset(stage.store, candidate.slots, candidate.inventory, settings)
    chosen = select(dataset, estimator).estimator
    document = decode(export(fit(dataset, chosen), dataset, settings, threshold), "scorer.json")
    return digest([chosen, _rounded(document)])


def _rounded(value: Any) -> Any:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
