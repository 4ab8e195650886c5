"""Growth: what it costs to ingest the n-th slot, with nothing to train. Time grows with moto's own listings.

So the bound is on calls: two pages of listings for each thousand uploads, and all else constant.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from functions import ingest_and_retrain
from shared.bucket.s3 import READ_CONFIG, WRITE_CONFIG, S3Store
from shared.settings import Settings
from tests.bench.figures import Bound, Figure, Options, related, seconds_of
from tests.bench.line import Line
from tests.bench.retrain import put_slots, slot_key
from tests.bench.samples import labelled

ROW = "growth"
SIZES = (10, 100, 1_000, 10_000)
PAGE = 1_000
SLOT_ROWS = 20
LIST = "ListObjectsV2"


def measure(options: Options, up: Line) -> list[Figure]:
    """Measure at several sizes of one bucket, which has no test set, so that nothing is trained."""
    sizes = SIZES[:2] if options.quick else SIZES
    bucket = up.new_bucket().bucket
    found = {size: calls_at(S3Store(bucket), up.settings, size) for size in sizes}
    (smallest, (few, first)), *_ = found.items()
    figures = []
    for size, (calls, seconds) in found.items():
        others, before = (float(one.total() - one[LIST]) for one in (calls, few))
        pages = 2 * -(-size // PAGE)
        most = Bound("most", 1)
        figures += [
            related(
                ROW, f"slot {size:,}: calls but LIST / slot {smallest}", [(others, before)], unit="calls", bound=most
            ),
            related(
                ROW, f"slot {size:,}: LIST pages / 2 a 1,000 uploads", [(calls[LIST], pages)], unit="pages", bound=most
            ),
            related(ROW, f"slot {size:,}: time / slot {smallest}", [(seconds, first)], unit="s"),
        ]
    return figures


def calls_at(store: S3Store, settings: Settings, size: int) -> tuple[Counter[str], float]:
    """The storage calls, by operation, and the seconds to ingest the slot that makes a bucket `size` slots large."""
    there = len(store.list("data/slots/"))
    parts = labelled((size + 1) * SLOT_ROWS).split(size + 1)
    put_slots(store, settings, {slot_key(number): parts[number] for number in range(there, size - 2)})
    _ingest(store, settings, size - 2, parts[size - 2].csv())  # from here on the view knows the newest receipts
    with counted(store.bucket) as (calls, counting):
        seconds = _ingest(counting, settings, size - 1, parts[size - 1].csv())
    return calls, seconds


def _ingest(store: S3Store, settings: Settings, number: int, body: bytes) -> float:
    boto3.client("s3").put_object(Bucket=store.bucket, Key=slot_key(number), Body=body)
    return seconds_of(lambda: ingest_and_retrain.run(store, settings))


@contextmanager
def counted(bucket: str) -> Iterator[tuple[Counter[str], S3Store]]:
    """A store, and the requests that it sends, by operation."""
    calls: Counter[str] = Counter()

    def count(event_name: str, **_: object) -> None:
        calls[event_name.rpartition(".")[2]] += 1

    clients = [boto3.client("s3", config=config) for config in (READ_CONFIG, WRITE_CONFIG)]
    for client in clients:
        client.meta.events.register("before-send.s3", count)
    yield calls, S3Store(bucket, reading=clients[0], writing=clients[1])
