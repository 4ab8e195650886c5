"""The sample: scikit-learn's breast cancer data, cut into a test set and six slots whose order tells a story.

The data comes with scikit-learn, so nothing is fetched. The first slots are small and one is partly mislabelled, later
ones bring what is missing: some candidates are promoted, some are kept.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

LABEL: Final = "diagnosis"
SEED: Final = 7
TEST_ROWS: Final = 169
SLOT_ROWS: Final = (24, 30, 40, 60, 96, 150)
MISLABELLED_SLOT: Final = 3
MISLABELLED_SHARE: Final = 0.4


@dataclass(frozen=True)
class Sample:
    """Where the files of the sample are."""

    test: Path
    slots: tuple[Path, ...]


def write_sample(directory: Path) -> Sample:
    """Write the sample's CSV files: 30 numeric features and the column ``diagnosis``, benign or malignant."""
    directory.mkdir(parents=True, exist_ok=True)
    frame = _frame()
    test = directory / "test.csv"
    frame.iloc[:TEST_ROWS].to_csv(test, index=False)
    slots = []
    start = TEST_ROWS
    for number, rows in enumerate(SLOT_ROWS, 1):
        slot = frame.iloc[start : start + rows].copy()
        if number == MISLABELLED_SLOT:
            _mislabel(slot)
        slots.append(directory / f"slot_{number}.csv")
        slot.to_csv(slots[-1], index=False)
        start += rows
    return Sample(test, tuple(slots))


def _frame() -> pd.DataFrame:
    data = load_breast_cancer()
    frame = pd.DataFrame(data.data, columns=[name.replace(" ", "_") for name in data.feature_names])
    frame[LABEL] = data.target_names[data.target]
    return frame.sample(frac=1, random_state=SEED, ignore_index=True)


def _mislabel(slot: pd.DataFrame) -> None:
    """Swap the labels of some rows, as a tired annotator would."""
    wrong = np.random.default_rng(SEED).random(len(slot)) < MISLABELLED_SHARE
    swapped = slot[LABEL].map({"benign": "malignant", "malignant": "benign"})
    slot.loc[wrong, LABEL] = swapped[wrong]
