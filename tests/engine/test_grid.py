"""Numbers on a grid: sums that no order changes, and the objective against log loss itself."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.grid import FARTHEST, LOG_ODDS_STEPS, exponentials, objective_of, on_leaf_grid

ROWS = 5_000


def drawn(classes: int, seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Log odds (rows, outputs) and classes (rows,)."""
    chance = np.random.default_rng(seed)
    odds = chance.normal(0, 6, (ROWS, 1 if classes == 2 else classes)).astype(np.float32)
    return odds, chance.integers(0, classes, ROWS).astype(np.uint8)


def test_the_table_of_exponentials_is_right() -> None:
    found = exponentials()
    assert len(found) == FARTHEST * LOG_ODDS_STEPS + 1
    right = np.exp(-np.arange(len(found)) / LOG_ODDS_STEPS)
    assert np.abs(found / right - 1).max() < 4e-16


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_gradients_are_those_of_log_loss(classes: int) -> None:
    odds, own = drawn(classes)
    starts = np.linspace(-0.5, 0.5, odds.shape[1], dtype=np.float32)
    gradients, hessians = objective_of(own, starts)(odds, None)
    moved = np.clip(odds.astype(np.float64) + starts, -FARTHEST, FARTHEST) if classes == 2 else odds + starts
    both = np.column_stack([np.zeros(ROWS), moved]) if classes == 2 else moved
    powers = np.exp(both - both.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    right = shares - np.eye(classes)[own]
    assert np.abs(gradients - (right[:, 1:] if classes == 2 else right)).max() < 1e-4
    curved = shares * (1 - shares) * (1 if classes == 2 else 2)
    assert np.abs(hessians - (curved[:, 1:] if classes == 2 else curved)).max() < 2e-4
    assert hessians.min() > 0


@pytest.mark.parametrize("classes", [2, 5])
def test_sums_are_the_same_in_any_order(classes: int) -> None:
    odds, own = drawn(classes)
    outputs = odds.shape[1]
    for values in objective_of(own, np.zeros(outputs, np.float32))(odds, None):
        exact = math.fsum(values.ravel().tolist())
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(values.size)
            assert np.cumsum(values.ravel()[order].astype(np.float64))[-1] == exact


@pytest.mark.parametrize("classes", [2, 4])
def test_a_row_has_the_same_gradient_wherever_it_is(classes: int) -> None:
    odds, own = drawn(classes)
    starts = np.full(odds.shape[1], 0.25, np.float32)
    whole = objective_of(own, starts)(odds, None)[0]
    parts = [objective_of(own[rows], starts)(odds[rows], None)[0] for rows in (slice(0, 7), slice(7, None))]
    assert np.array_equal(np.concatenate(parts), whole)


def test_leaves_add_up_exactly_in_single_precision() -> None:
    chance = np.random.default_rng(3)
    leaves = [on_leaf_grid(value) for value in chance.uniform(-1, 1, 100)]
    assert all(float(np.float32(leaf)) == leaf for leaf in leaves)
    assert float(np.cumsum(np.array(leaves, np.float32), dtype=np.float32)[-1]) == math.fsum(leaves)
