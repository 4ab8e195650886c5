"""Deliberate mistakes in handing over to the engine and in what its bytes rest on, and the checks that notice them."""

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest

from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.errors import Unknown
from shared.settings import Settings
from shared.tables.table import Table
from shared.training.candidate import Candidate, candidate_of
from tests.faults.mutants import Mutant
from tests.support.fake_launcher import FakeLauncher
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, Stage, sample

HANDING: Final = "shared.jobs.handing_over"
GRID: Final = "engine.grid"
TREES: Final = "engine.trees"
ROWS: Final = "engine.slot_rows"
FEATURES: Final = "engine.features"
COUNTING: Final = "engine.counting"

ENGINE_MUTANTS: Final = (
    Mutant(
        "launch before it is written",
        HANDING,
        "    write_job(store, candidate, number, name)\n    launcher.launch(name, candidate.model_id)",
        "    launcher.launch(name, candidate.model_id)\n    write_job(store, candidate, number, name)",
        "written first",
    ),
    Mutant("launch beside a job that runs", HANDING, "if other := _running(", "if other := not _running(", "one runs"),
    Mutant("count a death as an attempt", HANDING, 'state.status == "absent"', "False", "a death is repaired"),
    Mutant(
        "launch beside itself",
        HANDING,
        'state.status == "running":\n        return _view',
        "False:\n        return _view",
        "one runs",
    ),
    Mutant("try for ever", HANDING, "number < MAX_ATTEMPTS", "True", "three attempts"),
    Mutant("forget the engine's words", HANDING, "state.reason or", '"" or', "three attempts"),
    Mutant(
        "refuse what was scored meanwhile", HANDING, "is not None:  # it was", "is False:  # it was", "a late score"
    ),
    Mutant(
        "leave probabilities off the grid",
        GRID,
        "np.rint(np.concatenate([1.0 - above[:0:-1], above]) * GRADIENT_STEPS) / GRADIENT_STEPS",
        "np.concatenate([1.0 - above[:0:-1], above])",
        "exact sums",
    ),
    Mutant(
        "leave shares off the grid",
        GRID,
        "shares = np.rint(shares * GRADIENT_STEPS) / GRADIENT_STEPS",
        "shares = shares * 1.0",
        "exact sums",
    ),
    Mutant("leave leaves off the grid", GRID, "round(value * LEAF_STEPS) / LEAF_STEPS", "value", "leaves on the grid"),
    Mutant("take the edge above", TREES, "edges[int(bound) - 1]", "edges[int(bound) % len(edges)]", "the edge below"),
    Mutant(
        "name a text by its number",
        ROWS,
        "column if vocabulary is None else _numbers_of_texts(column, vocabulary, half)",
        "column",
        "names by text",
    ),
    Mutant("one half for both", ROWS, "float(half)", "0.0", "two halves"),
    Mutant("a value at an edge goes right", FEATURES, 'side="left"', 'side="right"', "at the edge"),
    Mutant("count what is gone", COUNTING, "codes[~gone]", "codes", "what counts"),
)
CHECKS: Final[dict[str, Callable[[ModuleType], None]]] = {}
JOB: Final = "vintner"


def check(name: str) -> Callable[[Callable[[ModuleType], None]], Callable[[ModuleType], None]]:
    def register(function: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        CHECKS[name] = function
        return function

    return register


def large() -> tuple[Stage, FakeLauncher, Candidate]:
    """A candidate for the engine, of which nothing is written."""
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label", estimator="decision_tree", threshold=0.5))
    stage.put_samples(1)
    stage.ingest()
    for key in stage.listing(keys.MODELS):
        stage.store.delete(key)
    stage.change(engine="dask", engine_mb=0.0)
    return stage, FakeLauncher(), candidate(stage)


def candidate(stage: Stage) -> Candidate:
    found = candidate_of(Inventory.take(stage.store, stage.settings), stage.settings)
    assert isinstance(found, Candidate)
    return found


@check("written first")
def _(module: ModuleType) -> None:
    stage, launcher, wanted = large()
    launcher.errors = [Unknown("lost")]
    with pytest.raises(Unknown):
        module.hand_over(stage.store, launcher, wanted, stage.settings)
    assert stage.listing(keys.JOBS) == [keys.job_key(wanted.model_id, 1)]


@check("one runs")
def _(module: ModuleType) -> None:
    stage, launcher, wanted = large()
    module.hand_over(stage.store, launcher, wanted, stage.settings)
    module.hand_over(stage.store, launcher, wanted, stage.settings)
    stage.put(f"{SLOT}2.csv", sample(2))
    stage.change(engine="function")
    stage.ingest()
    stage.change(engine="dask")
    module.hand_over(stage.store, launcher, candidate(stage), stage.settings)
    assert launcher.launches == [f"{JOB}-{wanted.model_id}-1"]


@check("a death is repaired")
def _(module: ModuleType) -> None:
    stage, launcher, wanted = large()
    module.hand_over(stage.store, launcher, wanted, stage.settings)
    launcher.jobs.clear()
    module.hand_over(stage.store, launcher, wanted, stage.settings)
    assert stage.listing(keys.JOBS) == [keys.job_key(wanted.model_id, 1)]


@check("three attempts")
def _(module: ModuleType) -> None:
    stage, launcher, wanted = large()
    for number in (1, 2, 3):
        module.hand_over(stage.store, launcher, wanted, stage.settings)
        launcher.end(f"{JOB}-{wanted.model_id}-{number}", "out of memory")
    view = module.hand_over(stage.store, launcher, wanted, stage.settings)
    assert (view.state, len(launcher.launches)) == ("refused", 3)
    assert "out of memory" in (view.reason or "")


@check("a late score")
def _(module: ModuleType) -> None:
    stage, launcher, wanted = large()
    module.hand_over(stage.store, launcher, wanted, stage.settings)
    launcher.end(f"{JOB}-{wanted.model_id}-1")
    stage.add_model(wanted.model_id, 0.9)
    assert module.hand_over(stage.store, launcher, wanted, stage.settings).state == "trained"
    assert len(launcher.launches) == 1


@check("exact sums")
def _(module: ModuleType) -> None:
    chance = np.random.default_rng(1)
    for outputs in (1, 3):
        odds = chance.normal(0, 3, (2_000, outputs)).astype(np.float32)
        classes = chance.integers(0, max(2, outputs), 2_000).astype(np.uint8)
        gradients, _ = module.objective_of(classes, np.zeros(outputs, np.float32))(odds, None)
        steps = gradients.astype(np.float64) * 2**20
        assert np.array_equal(steps, np.rint(steps))


@check("leaves on the grid")
def _(module: ModuleType) -> None:
    leaves = [module.on_leaf_grid(value) for value in np.random.default_rng(2).uniform(-1, 1, 200)]
    assert float(np.cumsum(np.array(leaves, np.float32), dtype=np.float32)[-1]) == math.fsum(leaves)


@check("the edge below")
def _(module: ModuleType) -> None:
    edges = np.array([1.0, 2.0, 3.0])
    assert [module._edge(edges, bound) for bound in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]


def texts(*words: str) -> Table:
    vocabulary = tuple(sorted(set(words)))
    values = np.array([[float(vocabulary.index(word))] for word in words])
    return Table(("colour",), values, ("no",), np.zeros(len(words), np.int32), (vocabulary,))


def part(module: ModuleType, table: Table) -> Any:  # noqa: ANN401  (rows of the module's own)
    return module.PartRows(
        table.values, table.vocabularies, table.labels, table.codes, np.zeros(len(table), np.int32), {}
    )


def named(module: ModuleType, *words: str) -> Sequence[Sequence[int]]:
    return [half.tolist() for half in module.names_of(part(module, texts(*words)))]


@check("names by text")
def _(module: ModuleType) -> None:
    (red, _), (also_red, _) = named(module, "red", "white"), named(module, "blue", "red")
    assert red[0] == also_red[1]
    assert red[0] != also_red[0]


@check("two halves")
def _(module: ModuleType) -> None:
    table = Table(("a",), np.array([[1.0], [2.0]]), ("no",), np.zeros(2, np.int32))
    first, second = module.names_of(part(module, table))
    assert not np.isin(first, second).any()


@check("at the edge")
def _(module: ModuleType) -> None:
    features = module.Features((0.0,), (np.array([1.0, 2.0]),), (None,))
    assert features.cut(np.array([[1.0], [1.5], [2.0], [3.0]]), [None])[:, 0].tolist() == [0, 1, 1, 2]


@check("what counts")
def _(module: ModuleType) -> None:
    def rows(*values: int) -> Any:  # noqa: ANN401  (names of the module's own)
        names = np.array(values, np.uint64)
        return module.Named(
            np.arange(len(values)), names, names, np.zeros(len(values), np.int32), np.zeros(len(values), np.int32)
        )

    found = module.count([rows(1, 2, 3)], [np.array([0], np.int32)], rows(3), "union", 1)
    assert (found.classes.tolist(), found.used, found.tested) == ([2], {0: 2}, {0: 1})
    assert [one.tolist() for one in found.gone] == [[2]]
