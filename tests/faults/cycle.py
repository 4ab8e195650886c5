"""A full cycle: a test set and a slot come, a better slot follows; ingest, train, score, promote, predict, twice.

Every event is delivered again until its function succeeds, as S3 and Lambda do it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from functions import ingest_and_retrain, promote
from functions.predict import predict
from shared.bucket.s3 import READ_CONFIG, WRITE_CONFIG, S3Store, _session
from shared.bucket.store import Reader, Store
from shared.errors import VintnerError
from shared.serving.production_cache import NotServing, ProductionCache
from shared.settings import Settings
from tests.faults.memory_s3 import MemoryS3
from tests.faults.wire import Wire
from tests.support.stage import SLOT, TEST, csv_of, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET: Final = "vintner"
SETTINGS: Final = Settings(bucket=BUCKET, label="label")
DELIVERIES: Final = 3
ROW: Final = json.dumps({"a": 2.0, "b": 0.0}).encode()


def rows(*points: float, threshold: float = 1.0) -> bytes:
    """A CSV whose label says whether the first feature is above a threshold: one stump learns it."""
    return csv_of([(point, 0, "yes" if point > threshold else "no") for point in points]).encode()


UPLOADS: Final = {
    TEST: rows(-3.5, -2.5, -1.5, -0.5, 0.25, 0.75, 1.5, 2.5, 3.5),
    f"{SLOT}1.csv": rows(-3, -2, 2, 3),  # learns a threshold of 0: F1 0.75
    # With it the threshold is 1: F1 1. It has rows enough for a fresh score of the first model.
    f"{SLOT}2.csv": rows(*(0.5 + 0.02 * step for step in range(21)), *(1.1 + 0.02 * step for step in range(12))),
}


class Crashed(AssertionError):
    """A function raised what is no error of the project."""


@dataclass
class Cycle:
    """`store` is what the functions write with, `user` what uploads, `reader` what the API function reads with."""

    store: Store
    reader: Reader
    upload: Callable[[str, bytes], None]
    settings: Settings = SETTINGS

    def __post_init__(self) -> None:
        self.cache = ProductionCache(self.reader, refresh_seconds=0)
        self.served: list[str | None] = []

    def first(self) -> None:
        """A test set and a slot come into an empty bucket."""
        self._deliver(lambda: self.upload(TEST, UPLOADS[TEST]))
        self._deliver(lambda: self.upload(f"{SLOT}1.csv", UPLOADS[f"{SLOT}1.csv"]))
        self.ring()
        self.predict()

    def next(self) -> None:
        """A slot comes that makes a better model."""
        self.predict()
        self._deliver(lambda: self.upload(f"{SLOT}2.csv", UPLOADS[f"{SLOT}2.csv"]))
        self.ring()
        self.predict()

    def ring(self) -> None:
        """Deliver both events."""
        self._deliver(lambda: ingest_and_retrain.run(self.store, self.settings, pause=_no_pause))
        self._deliver(lambda: promote.run(self.store, self.settings))

    def predict(self) -> None:
        """Ask once."""
        try:
            self.served.append(predict(self.cache, ROW, "application/json")["model_id"])
        except NotServing:
            self.served.append(None)

    def _deliver(self, act: Callable[[], object]) -> None:
        for _ in range(DELIVERIES - 1):
            try:
                act()
                return
            except VintnerError:
                continue
            except Exception as error:
                raise Crashed(f"expected an error of the project, found {type(error).__name__}: {error}") from error
        act()


def _no_pause(_seconds: float) -> None:
    pass


class Clients:
    """Two boto3 clients that never leave this process: their requests go to whatever wire is present."""

    def __init__(self) -> None:
        client = partial(_session().client, "s3", "us-east-1", endpoint_url="http://127.0.0.1:1")  # nobody listens
        # Signing takes a fifth of the time of a call, and to put together what client this is nearly as much.
        plain = Config(signature_version=UNSIGNED, user_agent="vintner")
        self.reading: S3Client = client(config=READ_CONFIG.merge(plain))
        self.writing: S3Client = client(config=WRITE_CONFIG.merge(plain))
        self.wire = Wire(MemoryS3().send)
        for one in (self.reading, self.writing):
            one.meta.events.register("before-call.s3", self._begin)
            one.meta.events.register("before-send.s3", self._carry)

    def _begin(self, **event: Any) -> None:  # noqa: ANN401  (botocore's own)
        self.wire.begin(**event)

    def _carry(self, **event: Any) -> AWSResponse:  # noqa: ANN401  (botocore's own)
        return self.wire.carry(**event)

    def store(self, wire: Wire) -> S3Store:
        """A store whose calls go over a wire."""
        self.wire = wire
        return S3Store(BUCKET, reading=self.reading, writing=self.writing)


def uploader(store: Store) -> Callable[[str, bytes], None]:
    """Upload as a user does, from a file."""
    return partial(upload, store)
