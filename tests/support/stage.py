"""A stage under test: a store with settings, what users do to it, what its functions do, and what then stands in it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from functions import ingest_and_retrain, promote
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.s3 import S3Store
from shared.bucket.store import FileStore, Store, read_document
from shared.documents import Document, ScoreDocument, decode, encode, sha256
from shared.registry.pointer import Pointer, read_pointer
from shared.settings import Settings
from tests.support.fake_store import FakeStore

SLOT: Final = "data/slots/"
TEST: Final = "data/test/test.csv"


def csv_of(rows: Sequence[Sequence[object]], header: Sequence[str] = ("a", "b", "label")) -> str:
    """CSV text."""
    return "".join(",".join(map(str, row)) + "\n" for row in [header, *rows])


def sample(seed: int = 0, rows: int = 30, noise: float = 0.1) -> str:
    """Rows with two features; the label says, but for noise, whether the sum of the features is positive."""
    chance = random.Random(seed)  # noqa: S311  (reproducible samples, no secrets)
    points = [(round(chance.uniform(-5, 5), 3), round(chance.uniform(-5, 5), 3)) for _ in range(rows)]
    return csv_of([(a, b, "yes" if (a + b > 0) != (chance.random() < noise) else "no") for a, b in points])


def stump(
    threshold: float = 0.0,
    *,
    feature: int = 0,
    leaves: tuple[int, int] = (0, 1),
    features: Sequence[str] = ("a", "b"),
    classes: Sequence[object] = ("no", "yes"),
) -> bytes:
    """A portable scorer with one split and no scaling."""
    zeros, ones = [0.0] * len(features), [1.0] * len(features)
    tree = {
        "feature": [feature, -1, -1],
        "threshold": [threshold, 0.0, 0.0],
        "left": [1, 0, 0],
        "right": [2, 0, 0],
        "leaf": [0, *leaves],
    }
    return encode(
        {
            "kind": "adaboost",
            "features": list(features),
            "classes": list(classes),
            "label": "label",
            "ignored": [],
            "fills": zeros,
            "means": zeros,
            "scales": ones,
            "weights": [1.0],
            "weight_sum": 1.0,
            "trees": [tree],
        }
    )


def upload(store: Store, key: str, body: bytes) -> None:
    """Upload to the simulated S3 as a user does, from a file."""
    assert isinstance(store, S3Store)
    with TemporaryDirectory() as folder:
        path = Path(folder, "upload")
        path.write_bytes(body)
        store.upload(key, path)


@dataclass
class Stage:
    """`store` may be in memory or on the simulated S3."""

    store: Store
    settings: Settings

    def put(self, key: str, text: str | bytes) -> None:
        """Upload as a user does."""
        body = text.encode() if isinstance(text, str) else text
        if isinstance(self.store, FakeStore):
            self.store.put(key, body)
        else:
            upload(self.store, key, body)

    def put_samples(self, *seeds: int, noise: float = 0.1) -> None:
        """Upload the test set and a slot for each seed."""
        self.put(TEST, sample(1000, noise=0.0))
        for seed in seeds:
            self.put(f"{SLOT}{seed}.csv", sample(seed, noise=noise))

    def change(self, **settings: Any) -> None:  # noqa: ANN401  (the settings' own types)
        """Change settings."""
        self.settings = replace(self.settings, **settings)

    def ingest(self) -> ingest_and_retrain.IngestReport:
        """Ring the first bell."""
        return ingest_and_retrain.run(self.store, self.settings, pause=lambda _: None)

    def promote(self) -> promote.PromotionReport:
        """Ring the second bell."""
        return promote.run(self.store, self.settings)

    def file_store(self) -> FileStore:
        """The store as what reads and writes files in parts."""
        assert isinstance(self.store, FakeStore | S3Store)
        return self.store

    def listing(self, prefix: str = "") -> list[str]:
        """The keys under a prefix."""
        return [entry.key for entry in self.store.list(prefix)]

    def etags(self) -> dict[str, str]:
        """What stands in the bucket, by content."""
        return {entry.key: entry.etag for entry in self.store.list("")}

    def json(self, key: str) -> Document:
        """A document."""
        return decode(self.store.read(key).body, key)

    def score(self, model_id: str) -> ScoreDocument:
        """The score of a model."""
        return read_document(self.store, keys.model_key(model_id, "score.json"), ScoreDocument)

    def receipts(self) -> dict[str, Document]:
        """The receipts by the name of the upload, for uploads that are read once."""
        documents = [self.json(key) for key in self.listing(keys.RECEIPTS)]
        return {document["upload"]: document for document in documents}

    def refusals(self) -> list[str]:
        """Why candidates were refused."""
        return [str(self.json(key)["reason"]) for key in self.listing(keys.MODELS) if key.endswith("/refused.json")]

    def decisions(self) -> list[Document]:
        """All decisions, by key."""
        return [self.json(key) for key in self.listing(keys.PROMOTIONS)]

    @property
    def pointer(self) -> Pointer:
        """The production pointer."""
        pointer = read_pointer(self.store)
        assert pointer is not None
        return pointer

    @property
    def fingerprint(self) -> str:
        """The name of the current test set."""
        fingerprint = Inventory.of_tests(self.store, self.settings).test_fingerprint
        assert fingerprint is not None
        return fingerprint

    def add_model(
        self,
        model_id: str,
        f1: float,
        *,
        scorer: bytes | None = None,
        lineage: Sequence[Mapping[str, object]] = (),
        fingerprint: str | None = None,
        classes: Sequence[object] = ("no", "yes"),
    ) -> None:
        """Put a scored model into the bucket as training does, its score last."""
        body = scorer or stump()
        self.store.create(keys.model_key(model_id, "scorer.json"), body)
        score = {
            "model_id": model_id,
            "f1": f1,
            "metrics": {"f1": f1},
            "test_fingerprint": fingerprint or self.fingerprint,
            "test_rows": 30,
            "train_rows": 30,
            "lineage": [dict(entry) for entry in lineage],
            "features": ["a", "b"],
            "classes": list(classes),
            "settings": self.settings.training(),
            "versions": {},
            "sha256": {"scorer.json": sha256(body)},
        }
        self.store.create(keys.model_key(model_id, "score.json"), encode(score))

    def lineage(self) -> list[Document]:
        """The current slots as a model's lineage."""
        sources = Inventory.take(self.store, self.settings).sources("slot")
        return [{"upload": one.upload.key, "etag": one.upload.etag, "slot": one.slot, "rows": 30} for one in sources]


def model_id(number: int) -> str:
    """A model id that sorts like its number."""
    return f"{number:016x}"
