"""The profile of a candidate's data: counts that add up, the most shifted column first, and a bounded size."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from shared.bucket.inventory import Inventory
from shared.documents import encode
from shared.ingestion.loading import load_dataset
from shared.quality.profile import BINS, CATEGORIES, SHOWN_CLASSES, SHOWN_COLUMNS, SHOWN_SLOTS, profile
from shared.settings import Settings
from shared.training.candidate import candidate_of
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of

MOST_BYTES = 200_000


def drawn(
    settings: Settings, header: Sequence[str], test: Sequence[Sequence[Any]], *slots: Sequence[Sequence[Any]]
) -> Any:  # noqa: ANN401  (JSON)
    """The profile of some tables whose label is the last column."""
    stage = Stage(FakeStore(), settings)
    stage.put(TEST, csv_of(test, header))
    for number, rows in enumerate(slots):
        stage.put(f"{SLOT}{number}.csv", csv_of(rows, header))
    stage.ingest()
    inventory = Inventory.take(stage.store, settings)
    candidate = candidate_of(inventory, settings)
    assert not isinstance(candidate, str)
    dataset = load_dataset(stage.store, candidate.slots, inventory, settings)
    return profile(dataset, candidate.slots)


def numbers(rows: int, start: float = 0.0, scale: float = 1.0) -> list[tuple[object, ...]]:
    spread = np.random.default_rng(int(start) + rows)
    return [
        (round(start + spread.normal() * scale, 4), "ab"[row % 2] if row % 5 else "", "yn"[row % 3 == 0])
        for row in range(rows)
    ]


def test_counts_add_up(settings: Settings) -> None:
    found = drawn(settings, ("x", "colour", "label"), numbers(60), numbers(200, 1), numbers(100, 2))
    assert found["rows"] == {"train": 300, "test": 60}
    assert [slot["rows"] for slot in found["slots"]] == [100, 200]
    for column in found["columns"]:
        bins = len(column["edges"]) + 1 if "edges" in column else len(column["categories"])
        assert len(column["train"]) == len(column["test"]) == bins <= BINS
        assert sum(column["train"]) + column["missing"]["train"] == 300
        assert sum(column["test"]) + column["missing"]["test"] == 60
        assert [sum(one["counts"]) + one["missing"] for one in column["slots"]] == [100, 200]
    [colour] = [column for column in found["columns"] if column["name"] == "colour"]
    assert (colour["categories"], colour["missing"]) == (["a", "b"], {"train": 60, "test": 12})
    assert found["classes"]["labels"] == ["n", "y"]
    assert [sum(counts) for counts in (found["classes"]["train"], *found["classes"]["slots"])] == [300, 100, 200]


def test_the_most_shifted_column_comes_first(settings: Settings) -> None:
    rows = [(value, value % 7, "yn"[value % 2]) for value in range(100)]
    moved = [(value, 50 + value % 7, label) for value, _, label in rows]
    found = drawn(
        settings, ("same", "moved", "label"), rows, [(one + 0.5, other, label) for one, other, label in moved]
    )
    first, second = found["columns"]
    assert (first["name"], second["name"]) == ("moved", "same")
    assert first["shift"] > 0.25 > second["shift"]


def test_chance_alone_is_no_shift(settings: Settings) -> None:
    """Slots of the same distribution: without a correction every second one of 100 rows would be far off."""
    spread = np.random.default_rng(5)

    def rows(count: int) -> list[tuple[object, ...]]:
        return [(*spread.normal(size=8).round(6), "yn"[row % 2]) for row in range(count)]

    header = [*(f"x{number}" for number in range(8)), "label"]
    found = drawn(settings, header, rows(200), *(rows(100) for _ in range(5)))
    shifts = [slot["shift"] for column in found["columns"] for slot in column["slots"]]
    assert len(shifts) == 40
    assert max(shifts) < 0.25
    assert sum(shifts) / len(shifts) < 0.05


@pytest.mark.parametrize("values", [range(3), (7,), range(BINS)], ids=["three", "one", "as many as bins"])
def test_few_values_have_a_bin_each(settings: Settings, values: Sequence[int]) -> None:
    rows = [(values[row % len(values)], row, "yn"[row % 2]) for row in range(64)]
    found = drawn(settings, ("few", "other", "label"), rows, [(one, other + 0.5, label) for one, other, label in rows])
    [few] = [column for column in found["columns"] if column["name"] == "few"]
    assert [count for count in few["test"] if count] == [
        64 // len(values) + (row < 64 % len(values)) for row in range(len(values))
    ]


def test_it_is_bounded(settings: Settings) -> None:
    """500 columns with long names, categories and classes without end, ten slots."""
    header = [*(f"{'long' * 40}{number}" for number in range(500)), "label"]

    def rows(seed: int) -> list[list[object]]:
        spread = np.random.default_rng(seed)
        made = []
        for row in range(60):
            words = [f"{'w' * 90}{value}" for value in spread.integers(0, 18, 250)]
            made.append([*spread.normal(size=250).round(3), *words, f"{'class' * 30}{row % 30}"])
        return made

    found = drawn(settings, header, rows(0), *(rows(seed) for seed in range(1, 9)))
    assert len(found["columns"]) == SHOWN_COLUMNS
    assert found["left_out"] == 400
    assert len(found["slots"]) == SHOWN_SLOTS
    assert len(found["classes"]["labels"]) == SHOWN_CLASSES
    assert all(len(column.get("categories", [])) <= CATEGORIES + 1 for column in found["columns"])
    assert len(encode(found)) <= MOST_BYTES
