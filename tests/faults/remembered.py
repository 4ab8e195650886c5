"""Pure functions that histories ask the same again and again: each answer is worked out once in a process.

What they give is made read-only, so that nobody can change what another one is given.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.pipeline import Pipeline

from shared.formats.columns import Column
from shared.ingestion.csv_reader import Reading, read_csv
from shared.ingestion.slot_file import unpack_slot
from shared.settings import Settings
from shared.tables.dataset import Dataset
from shared.tables.table import Table
from shared.training.train import Prepare

Fit = Callable[[Dataset, str], Pipeline]
MOST_PIPELINES: Final = 5_000  # a long run meets more of them than fit into memory
_readings: dict[Any, Reading] = {}
_tables: dict[bytes, Table] = {}
_pipelines: dict[Any, Pipeline] = {}


def read_once(
    body: bytes,
    settings: Settings,
    columns: Mapping[str, Column] | None = None,
    known_labels: Collection[str] | None = None,
) -> Reading:
    """What `read_csv` gives."""
    labels = None if known_labels is None else tuple(sorted(known_labels))
    key = body, settings, tuple((columns or {}).items()), labels
    if key not in _readings:
        _readings[key] = read_csv(body, settings, columns, known_labels)
        _read_only(_readings[key].table.values, _readings[key].table.codes, _readings[key].kept)
    return _readings[key]


def unpack_once(body: bytes, key: str) -> Table:
    """What `unpack_slot` gives."""
    if body not in _tables:
        _tables[body] = unpack_slot(body, key)
        _read_only(_tables[body].values, _tables[body].codes)
    return _tables[body]


@dataclass(frozen=True)
class _Fitted:
    """What was fitted before."""

    pipeline: Pipeline

    def fit(self) -> Pipeline:
        return self.pipeline


def fitting_once(fit: Fit) -> Prepare:
    """A training that gives the pipeline of before to the same training rows."""

    def once(dataset: Dataset, estimator: str) -> _Fitted:
        rows, encoding = dataset.train, dataset.encoding
        known = dataset.classes, encoding.columns, encoding.vocabularies
        key = fit, estimator, rows.values.tobytes(), rows.codes.tobytes(), known
        if key not in _pipelines:
            if len(_pipelines) > MOST_PIPELINES:
                _pipelines.clear()
            _pipelines[key] = fit(dataset, estimator)
        return _Fitted(_pipelines[key])

    return once


def _read_only(*arrays: np.ndarray[Any, Any]) -> None:
    for array in arrays:
        array.setflags(write=False)
