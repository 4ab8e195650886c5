"""Datasets for tests of training: arrays with missing values and categories, put together as uploads are."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.formats.columns import Column
from shared.tables.dataset import Dataset, assemble
from shared.tables.schema import Schema
from shared.tables.table import Table

ROOT = Path(__file__).parents[2]

Matrix = NDArray[np.float64]
Codes = NDArray[np.int32]
TEXTS = tuple(f"text {number}" for number in range(10))


def dataset_of(values: Matrix, codes: Codes, categories: Matrix | None = None) -> Dataset:
    """Two of three rows to train on, the others to test on; NaN is missing.

    `categories` (rows, columns) are indices into TEXTS.
    """
    extra = np.empty((len(values), 0)) if categories is None else categories
    columns = [Column(f"number {position}") for position in range(values.shape[1])]
    columns += [Column(f"category {position}", "category") for position in range(extra.shape[1])]
    labels, own = np.unique(codes, return_inverse=True)
    table = Table(
        tuple(column.name for column in columns),
        np.column_stack([values, extra]),
        tuple(f"class {label}" for label in labels),
        own.astype(np.int32),
        tuple(TEXTS if column.kind == "category" else None for column in columns),
    )
    held_out = np.arange(len(table)) % 3 == 0
    return assemble([table.rows(~held_out)], [table.rows(held_out)], Schema(tuple(columns)), truth=False)


def with_gaps(values: Matrix, share: float = 0.15, seed: int = 7) -> Matrix:
    """The same values, some of them missing."""
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


def categories_for(codes: Codes, columns: int = 2, seed: int = 3) -> Matrix:
    """Texts that say something of the class, some of them missing."""
    chance = np.random.default_rng(seed)
    texts = (codes[:, None] + chance.integers(0, 4, (len(codes), columns))) % len(TEXTS)
    return with_gaps(texts.astype(np.float64), seed=seed)


def in_fresh_processes(code: str) -> set[str]:
    """What a program prints, in two processes of other hash seeds and numbers of threads."""
    return {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, threads in [("1", "1"), ("2", "2")]
    }
