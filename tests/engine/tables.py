"""Tables for the engine: what a cluster could get wrong is in them, as few rows as show it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.gathering import Scale
from engine.training import train
from engine.workers import InThisProcess
from shared.bucket.inventory import Inventory
from shared.documents import ScoreDocument
from shared.settings import Settings
from shared.training.candidate import Candidate, candidate_of
from tests.support import mixed
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage, csv_of

SETTINGS: Final = Settings(bucket="vintner", label="label", estimator="hist_gradient_boosting")
HEADER: Final = ("a", "b", "c", "label")


def three_classes(seed: int, count: int) -> Sequence[tuple[object, ...]]:
    """Rows of few different values, some of them repeated and some with gaps."""
    chance = random.Random(seed)  # noqa: S311  (reproducible samples, no secrets)
    found: list[tuple[object, ...]] = []
    for _ in range(count):
        a, b, c = round(chance.gauss(0, 1), 1), chance.randrange(6), round(chance.gauss(0, 1), 3)
        label = ("low", "middle", "high")[(a + 0.3 * b > 0.4) + (a + 0.3 * b > 1.6)]
        found.append((a, b if chance.random() > 0.1 else "", c, label))
    return [*found, *found[: count // 10]]


def numbers() -> Mapping[str, str]:
    """Three slots that overlap each other and the test set."""
    first, second, third = (three_classes(seed, 150) for seed in (1, 2, 3))
    test = three_classes(4, 80)
    return {
        "data/test/test.csv": csv_of(test, HEADER),
        "data/slots/1.csv": csv_of(first, HEADER),
        "data/slots/2.csv": csv_of([*second, *first[:40], *test[:20]], HEADER),
        "data/slots/3.csv": csv_of([*third, *second[-30:]], HEADER),
    }


def kinds() -> Mapping[str, str]:
    """Columns of every kind, with gaps, in slots each of which has texts of its own."""
    rows = [list(mixed.rows(seed, 160)) for seed in (1, 2, 3)]
    rare = [{**row, "colour": f"shade {number}"} for number, row in enumerate(rows[2])]
    return {
        "data/schema.json": mixed.SCHEMA,
        "data/test/test.csv": mixed.table(list(mixed.rows(1000, 80))),
        "data/slots/1.csv": mixed.table(rows[0]),
        "data/slots/2.csv": mixed.table([*rows[1], *rows[0][:50]]),
        "data/slots/3.csv": mixed.table(rare),
    }


def upload(stage: Stage, uploads: Mapping[str, str]) -> None:
    """Put the uploads there, and let them be read."""
    for key, text in uploads.items():
        stage.put(key, text)
    stage.ingest()


SMALL: Final = Scale(part_bytes=1, bucket_rows=60, rounds=12)
"""Each slot a part of its own, and several buckets, in spite of the few rows; few trees."""


def candidate(stage: Stage) -> Candidate:
    """What the bucket calls for."""
    found = candidate_of(Inventory.take(stage.store, stage.settings), stage.settings)
    assert isinstance(found, Candidate)
    return found


def untrained(uploads: Mapping[str, str], **settings: Any) -> Stage:  # noqa: ANN401  (the settings' own types)
    """A stage in memory whose uploads are read and whose candidate is not trained."""
    wanted = replace(SETTINGS, **settings)
    stage = Stage(FakeStore(), replace(wanted, estimator="decision_tree", threshold=0.5))
    upload(stage, uploads)
    for key in stage.listing("models/"):
        stage.store.delete(key)
    return replace(stage, settings=wanted)


def train_here(stage: Stage, scale: Scale = SMALL) -> ScoreDocument:
    """Train the candidate in this process."""
    return train(stage.store, candidate(stage), stage.settings, InThisProcess(2), lambda: stage.store, scale=scale)
