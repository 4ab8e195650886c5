"""Promotion on a changed test set: memory must not grow with the rows that production was trained on."""

import json
import os
import sys
from typing import TYPE_CHECKING, cast

from chalicelib import runtime
from shared.bucket.inventory import Inventory
from shared.evaluation.comparison import compare_with
from tests.bench.figures import Bound, Figure, Options, related
from tests.bench.line import Line, in_a_process
from tests.bench.retrain import peak_mb, put_slots, slot_key, with_test_set
from tests.bench.samples import labelled

if TYPE_CHECKING:
    from shared.documents import ScoreDocument

ROW = "promote"
SLOT_ROWS = 10_000


def measure(options: Options, up: Line) -> list[Figure]:
    """Measure what a comparison with production on the present test set takes, for few and many rows in slots."""
    sizes = (options.pick(1_000_000, 3_000), options.pick(100_000, 1_000))
    many, few = (_peak_of(up, rows, min(SLOT_ROWS, rows // 5)) for rows in sizes)
    name = f"changed test set, peak: {sizes[0]:,} rows in slots / {sizes[1]:,}"
    return [related(ROW, name, [(many, few)], unit="MB", bound=Bound("most", 1.2))]


def _peak_of(up: Line, rows: int, slot_rows: int) -> float:
    store = with_test_set(up)
    parts = labelled(rows).split(rows // slot_rows)
    put_slots(store, up.settings, {slot_key(number): part for number, part in enumerate(parts)})
    peak: float = in_a_process("tests.bench.promotion", bucket=store.bucket, label=up.settings.label)
    return peak


def _run(bucket: str, label: str) -> float:
    """Compare with a production model that was trained on all slots."""
    os.environ |= {"VINTNER_BUCKET": bucket, "VINTNER_LABEL": label}
    store, settings = runtime.store(), runtime.settings()
    inventory = Inventory.take(store, settings)
    lineage = [
        {"upload": source.upload.key, "etag": source.upload.etag, "slot": source.slot}
        for source in inventory.sources("slot")
    ]
    production = {"settings": settings.training(), "lineage": lineage, "classes": [0, 1]}
    found = compare_with(store, cast("ScoreDocument", production), inventory, settings, slots=runtime.slots())
    if found.counted != found.total:
        raise RuntimeError(f"expected no test row in a slot, found {found.total - found.counted}")
    return peak_mb()


if __name__ == "__main__":
    print(json.dumps(_run(**json.loads(sys.argv[1]))))
