"""Retraining: wall time of ``ingest_and_retrain`` against a bare fit and score of the same arrays.

The test set is read beforehand; the upload of the rows does not count, reading them does.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sklearn.ensemble import AdaBoostClassifier

from chalicelib import runtime
from functions import ingest_and_retrain
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.s3 import S3Store
from shared.documents import encode
from shared.ingestion.slot_file import pack_slot, slot_digest
from shared.settings import ESTIMATORS, Settings
from shared.training.pipelines import build_pipeline
from tests.bench.figures import Bound, Figure, Options, absolute, related, seconds_of
from tests.bench.line import Line, in_a_process
from tests.bench.samples import ENCODING, Labelled, held_out, labelled

ROW = "retrain"
CLIENTS = 16
BYTES_OF_A_ROW = 250
BYTES_OF_A_BYTE = 4
TIMES = 3  # so that an upload is about as large as may be
TEST_KEY = f"{keys.TEST_UPLOADS}test.csv"
SLOT_KEY = f"{keys.SLOT_UPLOADS}slot.csv"


@dataclass(frozen=True)
class Took:
    """Seconds, and the process's memory in megabytes: before it does anything, and at its peak."""

    seconds: float
    start_mb: float
    peak_mb: float

    @property
    def grown_mb(self) -> float:
        """What the work took."""
        return self.peak_mb - self.start_mb


def measure(options: Options, up: Line) -> list[Figure]:
    """Measure small and middling numbers of rows."""
    figures = []
    for rows, rounds, bound in ((1_000, 7, None), (100_000, 3, Bound("most", 1.25))):
        sample = labelled(options.pick(rows, rows // 100 + 50))
        pairs = [(_ours(up, sample).seconds, bare(sample)) for _ in range(options.rounds or options.pick(rounds, 1))]
        figures.append(related(ROW, f"{len(sample.codes):,} rows / fit + score", pairs, unit="s", bound=bound))
    return figures


def measure_large(options: Options, up: Line) -> list[Figure]:
    """Measure a million rows, in one upload and in many slots, in one round; each against a bare fit right after it."""
    sample = labelled(options.pick(1_000_000, 2_000))
    slots = options.pick(10_000, 20)
    whole, after_whole = _ours(up, sample), bare(sample)
    parts, after_parts = _of_slots(up, sample, slots), bare(sample)
    boosted = _of_slots(up, sample, slots, "hist_gradient_boosting")
    header, body = sample.csv().split(b"\n", 1)
    body = header + b"\n" + body * TIMES
    read = _read(up, body)
    rows = f"{len(sample.codes):,} rows"
    return [
        related(ROW, f"{rows} / fit + score", [(whole.seconds, after_whole)], unit="s", bound=Bound("most", 0.35)),
        related(
            ROW,
            f"training on {rows} in {slots:,} slots / fit + score",
            [(parts.seconds, after_parts)],
            unit="s",
            bound=Bound("most", 0.6),
        ),
        absolute("memory", f"retraining on {rows}, peak", whole.peak_mb, "MB"),
        absolute("memory", f"retraining on {rows} in {slots:,} slots, peak", parts.peak_mb, "MB"),
        absolute(
            "memory",
            f"from {slots:,} slots to a model, {rows}: peak above the start",
            parts.grown_mb * 1e6 / len(sample.codes),
            "bytes/row",
            BYTES_OF_A_ROW,
        ),
        absolute(
            "memory",
            f"the same, hist_gradient_boosting, {rows}: peak above the start",
            boosted.grown_mb * 1e6 / len(sample.codes),
            "bytes/row",
            BYTES_OF_A_ROW,
        ),
        absolute(
            "memory",
            f"reading an upload of {TIMES} times {rows}: peak above the start",
            read.grown_mb * 1e6 / len(body),
            "bytes/byte",
            BYTES_OF_A_BYTE,
        ),
    ]


def bare(sample: Labelled) -> float:
    """Seconds to fit and score the same pipeline with scikit-learn's own AdaBoost, with everything in memory."""
    frame, test = sample.frame(), held_out()
    test_frame = test.frame()
    own = build_pipeline(ENCODING).set_params(classifier=AdaBoostClassifier(random_state=42))
    return seconds_of(lambda: own.fit(frame, sample.codes).score(test_frame, test.codes))


def _ours(up: Line, sample: Labelled) -> Took:
    store = with_test_set(up)
    up.upload(SLOT_KEY, sample.csv(), store)
    return _trained(store, up.settings)


def _read(up: Line, body: bytes) -> Took:
    """An upload that is read alone: without a test set nothing is trained."""
    store = up.new_bucket()
    up.upload(SLOT_KEY, body, store)
    return _trained(store, up.settings, trainings=0)


def _of_slots(up: Line, sample: Labelled, slots: int, estimator: str = ESTIMATORS[0]) -> Took:
    """The same rows in many slots that are read already."""
    store = with_test_set(up)
    put_slots(store, up.settings, {slot_key(number): part for number, part in enumerate(sample.split(slots))})
    return _trained(store, up.settings, estimator)


def with_test_set(up: Line) -> S3Store:
    """A bucket of its own with the test set, which is read."""
    store = up.new_bucket()
    up.upload(TEST_KEY, held_out().csv(), store)
    ingest_and_retrain.run(store, up.settings)
    return store


def slot_key(number: int) -> str:
    """The key of the n-th upload."""
    return f"{keys.SLOT_UPLOADS}{number:06d}.csv"


def put_slots(store: S3Store, settings: Settings, parts: dict[str, Labelled]) -> None:
    """Put uploads into a bucket as if they had been read."""
    names = {key: slot_digest(part.table()) for key, part in parts.items()}
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda key: store.create(key, key.encode()), parts))
        list(pool.map(lambda key: store.create(keys.slot_key(names[key]), pack_slot(parts[key].table())), parts))
        uploads = [upload for upload in Inventory.take(store, settings).uploads if upload.key in parts]
        receipts = [(keys.receipt_key(one.digest, names[one.key]), one) for one in uploads]
        list(pool.map(lambda found: store.create(found[0], _receipt(found[1], names[found[1].key])), receipts))


def _receipt(upload: keys.Upload, slot: str) -> bytes:
    fields = {"upload": upload.key, "etag": upload.etag, "kind": "slot", "slot": slot, "status": "accepted"}
    return encode({**fields, "at": "2025-01-01T00:00:00.000Z", "rows": {"read": 0, "kept": 0, "new": 0}})


def _trained(store: S3Store, settings: Settings, estimator: str = ESTIMATORS[0], trainings: int = 1) -> Took:
    """Run the function in a process of its own, so that the peak is its own."""
    arguments = {"bucket": store.bucket, "label": settings.label, "estimator": estimator, "trainings": trainings}
    return Took(**in_a_process("tests.bench.retrain", **arguments))


def _run(bucket: str, label: str, estimator: str, trainings: int) -> dict[str, float]:
    os.environ |= {"VINTNER_BUCKET": bucket, "VINTNER_LABEL": label, "VINTNER_ESTIMATOR": estimator}
    store, settings = runtime.store(), runtime.settings()  # what the function has
    start_mb, started = peak_mb(), time.perf_counter()
    report = ingest_and_retrain.run(store, settings, slots=runtime.slots())
    seconds = time.perf_counter() - started
    if len(report.trained) != trainings:
        raise RuntimeError(f"expected {trainings} trainings, found {report.summary()}")
    return {"seconds": seconds, "start_mb": start_mb, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """The high-water mark of this program alone: that of getrusage also knows the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1_024 / 1e6


if __name__ == "__main__":
    print(json.dumps(_run(**json.loads(sys.argv[1]))))
