"""The engine's figures, side by side in one run: ``make bench-engine`` (``ENGINE="--rows 1000000"``).

Rows are made here and read from a folder, so that what is measured is the engine. Times are each the only training that
runs; a ratio compares two of one run.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import xgboost
from numpy.typing import NDArray

from engine import boosting, grid, training
from engine.cluster import local_cluster
from engine.features import Features
from engine.gathering import Scale
from engine.trees import Trees
from engine.workers import InThisProcess, Workers
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.store import Blob, Entry
from shared.documents import ScoreDocument, decode
from shared.errors import NotFound
from shared.evaluation.vector_scorer import VectorScorer
from shared.ingestion.slot_file import pack_slot, slot_digest
from shared.settings import Settings
from shared.tables.table import Table
from shared.training.candidate import Candidate
from tests.support.fake_store import EPOCH, FakeStore

FEATURES: Final = 11
TEST_ROWS: Final = 100_000
SETTINGS: Final = Settings(bucket="bench", label="label", estimator="hist_gradient_boosting", threshold=0.5)


def made(seed: int, rows: int) -> Table:
    """Rows with interactions, a step, noise, and a few repetitions."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(rows, FEATURES))
    values[:, 8] = np.round(values[:, 8] * 10)
    values[:, 9] = np.round(values[:, 9], 1)
    score = values[:, 0] + 0.7 * values[:, 1] * values[:, 2] - 0.5 * np.abs(values[:, 3]) + 0.3 * values[:, 4]
    score += 0.2 * np.sin(3 * values[:, 5]) + 0.8 * chance.normal(size=rows)
    values[-50:], score[-50:] = values[:50], score[:50]
    names = tuple(f"f{number}" for number in range(FEATURES))
    return Table(names, values, ("no", "yes"), (score > -0.3).astype(np.int32))


@dataclass(frozen=True)
class Folder:
    """A bucket's slots as files."""

    path: Path

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """Read a file."""
        try:
            return Blob((self.path / key.replace("/", "-")).read_bytes(), etag or "")
        except FileNotFoundError:
            raise NotFound(key) from None

    def read_changed(self, key: str, etag: str) -> Blob | None:
        """Not needed."""
        raise NotImplementedError

    def list(self, prefix: str) -> list[Entry]:
        """Not needed."""
        raise NotImplementedError


class Bucket(FakeStore):
    """A store in memory whose slots are in a folder."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self.folder = folder

    def read(self, key: str, *, etag: str | None = None) -> Blob:
        """From the folder, if it is a slot."""
        return self.folder.read(key) if key.startswith(keys.SLOTS) else super().read(key, etag=etag)

    def list(self, prefix: str) -> list[Entry]:
        """The folder's files too."""
        found = [
            Entry(path.name.replace("-", "/", 1), "", path.stat().st_size, EPOCH) for path in self.folder.path.iterdir()
        ]
        return [*(one for one in found if one.key.startswith(prefix)), *super().list(prefix)]


def fill(folder: Path, rows: int, slots: int) -> Candidate:
    """Write slots and a test set; the candidate that they call for."""
    uploads, receipts = [], {}
    for number in range(slots + 1):
        table = made(number, TEST_ROWS if number == slots else rows // slots)
        digest = slot_digest(table)
        (folder / keys.slot_key(digest).replace("/", "-")).write_bytes(pack_slot(table))
        place = keys.TEST_UPLOADS if number == slots else keys.SLOT_UPLOADS
        uploads.append(keys.Upload(f"{place}{number:05}.csv", "", 0, digest))
        receipts[digest] = digest
    inventory = Inventory(tuple(uploads), receipts)
    return Candidate("0" * 16, tuple(inventory.sources("slot")), inventory, "0" * 32)


def trained(folder: Path, candidate: Candidate, workers: Workers) -> tuple[ScoreDocument, Bucket]:
    """Train once into an empty bucket."""
    reader = Folder(folder)
    bucket = Bucket(reader)
    return training.train(bucket, candidate, SETTINGS, workers, partial(Folder, folder), scale=Scale()), bucket


def peaks(workers: Workers) -> int:
    """The most memory that a worker has had, in MB."""
    return max(int(one) for one in workers.fetch([workers.submit(place, _peak) for place in range(workers.count)]))


def _peak() -> int:
    with Path("/proc/self/status").open(encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


def sizes_of_clusters(folder: Path, candidate: Candidate, sizes: str) -> Iterator[dict[str, Any]]:
    """One training for each size."""
    for size in sizes.split(","):
        workers, threads = map(int, size.split("x"))
        with local_cluster(workers, threads) as cluster:
            started = time.perf_counter()
            score, _ = trained(folder, candidate, cluster)
            yield {
                "workers": workers,
                "threads": threads,
                "seconds": round(time.perf_counter() - started, 1),
                "steps": score["timings"],
                "peak MB": peaks(cluster),
                "sha256": score["sha256"]["scorer.json"][:16],
            }


def against_xgboost(folder: Path, candidate: Candidate) -> dict[str, Any]:
    """The scorer and XGBoost itself on the test rows, one process; and the time of exact and of plain training."""
    score, bucket = trained(folder, candidate, InThisProcess())
    key = keys.model_key(candidate.model_id, "scorer.json")
    scorer = VectorScorer.load(bucket.read(key).body, key)
    table = made(len(candidate.slots), TEST_ROWS)
    booster = xgboost.Booster(model_file=bytearray(bucket.read(keys.model_key(candidate.model_id, "model.ubj")).body))
    edges = json.loads(booster.attr("bin_edges") or "[]")
    bins = np.column_stack([np.searchsorted(own, table.values[:, place]) for place, own in enumerate(edges)])
    theirs = booster.predict(xgboost.DMatrix(bins.astype(np.uint8)), output_margin=True).astype(np.float64)
    plain = scorer.plain
    document = decode(plain.body, key)
    rows = table.values.tolist()
    ours = np.array([_log_odds(document, row) for row in rows[:10_000]])
    answered = np.array([plain.answer(row)[0] for row in rows])
    return {
        "sha256": score["sha256"]["scorer.json"][:16],
        "f1": score["f1"],
        "accuracy": score["metrics"]["accuracy"],
        "rows": len(rows),
        "decisions that differ": int((answered != (theirs > 0)).sum()),
        "margins that differ in a bit": int((ours != theirs[: len(ours)]).sum()),
        "margins compared": len(ours),
    }


def _log_odds(document: dict[str, Any], row: list[float]) -> float:
    total = document["start"][0]
    for tree in document["trees"]:
        node = 0
        while tree["feature"][node] >= 0:
            goes_left = row[tree["feature"][node]] <= tree["threshold"][node]
            node = tree["left"][node] if goes_left else tree["right"][node]
        total += document["leaves"][tree["leaf"][node]]
    return float(total)


def exact_and_plain(rows: int, rounds: int = 100) -> dict[str, float]:
    """Seconds of training with gradients on the grid, and with XGBoost's own, on the same bins in turn, twice each."""
    table = made(1, rows)
    bins = Features.of(table.values[:200_000], [None] * FEATURES).cut(table.values, [None] * FEATURES)
    classes = table.codes.astype(np.uint8)
    found: dict[str, float] = {"exact": np.inf, "plain": np.inf}
    for _ in range(3):
        for name in ("exact", "plain"):
            started = time.perf_counter()
            _boosted(bins, classes, rounds, exact=name == "exact")
            found[name] = min(found[name], time.perf_counter() - started)
    return {name: round(seconds, 2) for name, seconds in found.items()} | {
        "exact / plain": round(found["exact"] / found["plain"], 3)
    }


def _boosted(bins: NDArray[np.uint8], classes: NDArray[np.uint8], rounds: int, *, exact: bool) -> xgboost.Booster:
    matrix = xgboost.QuantileDMatrix(bins, classes, max_bin=boosting.MAX_BINS)
    parameters = {**boosting.PARAMETERS, "objective": "binary:logistic", "base_score": 0.5}
    starts = np.zeros(1, np.float32)
    return xgboost.train(parameters, matrix, rounds, obj=grid.objective_of(classes, starts) if exact else None)


def scikit_learn(rows: int) -> dict[str, float]:
    """Accuracy of scikit-learn's boosting and of the engine's on the same rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  (after the clusters)

    table, test = made(1, rows), made(0, TEST_ROWS)
    features = Features.of(table.values, [None] * FEATURES)
    starts = np.zeros(1, np.float32)
    bins = features.cut(table.values, [None] * FEATURES)
    body = boosting.boost_here(bins, table.codes.astype(np.uint8), starts, 100)
    odds = Trees.of(body, [0.0], features).log_odds(features.cut(test.values, [None] * FEATURES))
    theirs = HistGradientBoostingClassifier(early_stopping=False, random_state=42).fit(table.values, table.codes)
    return {
        "engine": round(float(((odds[:, 0] > 0) == test.codes).mean()), 5),
        "scikit-learn": round(float(theirs.score(test.values, test.codes)), 5),
    }


def main(arguments: list[str]) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--slots", type=int, default=20)
    parser.add_argument("--sizes", default="1x1,2x1,2x2,3x1,2x1", help="workers x threads of each training")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        candidate = fill(folder, options.rows, options.slots)
        print(json.dumps({"rows": options.rows, "made of": hashlib.sha256(repr(options).encode()).hexdigest()[:8]}))
        for found in sizes_of_clusters(folder, candidate, options.sizes):
            print(json.dumps(found), flush=True)
        print(json.dumps({"one process": against_xgboost(folder, candidate)}), flush=True)
    print(json.dumps({"seconds": exact_and_plain(min(options.rows, 2_000_000))}), flush=True)
    print(json.dumps({"accuracy": scikit_learn(min(options.rows, 500_000))}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
