"""F1 at a threshold of 0.5 and with ``VINTNER_THRESHOLD=auto``, on public tables of two classes.

The rarer class is the positive one. A quarter of each class is the test set, several times and each time another one;
the rest is a slot. Both F1 are of the same model on the same test set, as its score has them.
"""

import argparse
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from shared.settings import ESTIMATORS, Positive, Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage
from tests.tables.public import label_of, public_tables
from tests.tables.table import Dialect

TABLES: Final = 30
SPLITS: Final = 5
RARE: Final = 0.2
ROUNDING: Final = 1e-12  # where one split alone differs, its gain is its standard error


@dataclass(frozen=True)
class Compared:
    """A table: its rows, the share of the rarer class, and of each split the threshold and the F1 at it and at 0.5."""

    name: str
    rows: int
    share: float
    thresholds: tuple[float, ...]
    auto: tuple[float, ...]
    half: tuple[float, ...]

    @property
    def gain(self) -> float:
        """The mean over the splits of what the threshold adds."""
        return float(np.mean(self._gains))

    @property
    def standard_error(self) -> float:
        """Of the gain."""
        return float(np.std(self._gains, ddof=1) / np.sqrt(len(self.auto)))

    @property
    def verdict(self) -> str:
        """One word: ``better`` or ``worse`` by more than a standard error, else ``equal``."""
        if abs(self.gain) <= self.standard_error + ROUNDING:
            return "equal"
        return "better" if self.gain > 0 else "worse"

    @property
    def _gains(self) -> list[float]:
        return [tuned - own for tuned, own in zip(self.auto, self.half, strict=True)]

    def __str__(self) -> str:
        found = " ".join(f"{threshold:.4f}" for threshold in self.thresholds)
        return (
            f"{self.verdict:6}  {self.gain:+.4f} ± {self.standard_error:.4f}  {np.mean(self.half):.4f} -> "
            f"{np.mean(self.auto):.4f}  {self.rows:5} rows, {self.share:4.0%}  {self.name}  at {found}"
        )


def compare(name: str, frame: pd.DataFrame, label: str, splits: int, estimator: str = ESTIMATORS[0]) -> Compared | None:
    """Train on each split; None where a split gives no model."""
    counts = frame[label].value_counts()
    rarer = str(counts.idxmin())
    scores = []
    for seed in range(splits):
        train, test = train_test_split(frame, test_size=0.25, random_state=seed, stratify=frame[label])
        settings = Settings("bucket", label, positive=Positive("==", rarer), estimator=estimator)
        stage = Stage(FakeStore(), settings)
        stage.put(TEST, Dialect().write(test))
        stage.put(f"{SLOT}rows.csv", Dialect().write(train))
        trained = stage.ingest().trained
        if not trained:
            return None
        scores.append(trained[0])
    return Compared(
        name,
        len(frame),
        float(counts.min() / counts.sum()),
        tuple(score["threshold"] or 0.5 for score in scores),
        tuple(score["f1"] for score in scores),
        tuple(score["f1_at_half"] or 0.0 for score in scores),
    )


def comparisons(seed: int, splits: int, estimator: str) -> Iterator[Compared]:
    """The tables of two classes, in an order by chance."""
    for name, frame in public_tables(seed):
        label = label_of(frame)
        if label is None or frame[label].nunique() != 2:
            continue
        if found := compare(name, frame, label, splits, estimator):
            yield found


def summary(found: Sequence[Compared]) -> str:
    """The mean gain of tables, and how many are better, equal and worse."""
    verdicts = Counter(one.verdict for one in found)
    counts = ", ".join(f"{verdicts[name]} {name}" for name in ("better", "equal", "worse"))
    return f"{len(found)} tables: mean gain {np.mean([one.gain for one in found] or [0.0]):+.4f}; {counts}"


def main(arguments: list[str] | None = None) -> int:
    """Print each table and the sums; 1 where more than one table in thirty is worse by more than a standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.tables.thresholds", description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=TABLES, help=f"how many ({TABLES})")
    parser.add_argument("--splits", type=int, default=SPLITS, help=f"of each table ({SPLITS})")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the tables (1)")
    parser.add_argument("--estimator", default=ESTIMATORS[0], choices=ESTIMATORS, help=f"({ESTIMATORS[0]})")
    options = parser.parse_args(arguments)
    found = []
    for one in islice(comparisons(options.seed, options.splits, options.estimator), options.tables):
        found.append(one)
        print(one, flush=True)
    rare = [one for one in found if one.share < RARE]
    print(summary(found))
    print(f"with a class below {RARE:.0%}: {summary(rare)}")
    worse = sum(one.verdict == "worse" for one in found)
    return 1 if not found or worse * 30 > len(found) else 0


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable()
    sys.exit(main())
