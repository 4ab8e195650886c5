"""The bucket's layout: what each key means. Names say everything that a decision needs, so that listings are enough."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from shared.bucket.store import Entry
from shared.documents import digest

DATA: Final = "data/"
SLOT_UPLOADS: Final = "data/slots/"
TEST_UPLOADS: Final = "data/test/"
OVERRIDE: Final = "data/schema.json"
SLOTS: Final = "slots/"
RECEIPTS: Final = "receipts/"
MODELS: Final = "models/"
SCORE_SUFFIX: Final = "/score.json"
PRODUCTION: Final = "production.json"
PROMOTIONS: Final = "promotions/"
STATUS: Final = "status.json"
JOBS: Final = "jobs/"
BATCH: Final = "batch/"
PREDICTIONS: Final = "predictions/"
REJECTED: Final = "rejected"

SUFFIXES: Final = (".csv", ".csv.gz")

Kind = Literal["slot", "test", "schema"]

_MODEL_ID = r"[0-9a-f]{16}"
_RECEIPT = re.compile(r"receipts/([0-9a-f]{32})\.([0-9a-f]{32}|rejected)\.json")
_JOB = re.compile(rf"jobs/({_MODEL_ID})-(\d+)\.json")
_SCORE = re.compile(rf"models/({_MODEL_ID})/score\.json")
_DECISION = re.compile(rf"promotions/(\d+)-({_MODEL_ID})(?:\.([a-z0-9-]+))?\.json")


@dataclass(frozen=True)
class Upload:
    """A file that a user put under ``data/``: size in bytes, time of the last change in seconds since 1970."""

    key: str
    etag: str
    size: int
    digest: str
    modified: float = 0.0

    @property
    def kind(self) -> Kind | None:
        """What the place and the name of the upload make it."""
        if self.key == OVERRIDE:
            return "schema"
        if not self.key.lower().endswith(SUFFIXES):
            return None
        if self.key.startswith(SLOT_UPLOADS):
            return "slot"
        return "test" if self.key.startswith(TEST_UPLOADS) else None


def uploads(entries: Iterable[Entry]) -> list[Upload]:
    """The uploads of a listing of ``data/``, sorted by key, not yet named; empty folder markers are no uploads."""
    return [
        Upload(entry.key, entry.etag, entry.size, "", entry.modified.timestamp())
        for entry in sorted(entries, key=lambda entry: entry.key)
        if not (entry.key.endswith("/") and entry.size == 0)
    ]


def named(upload: Upload, fingerprint: str) -> Upload:
    """The upload under the digest that its receipt has. `fingerprint` names all that decides how it is read."""
    return replace(upload, digest=digest([upload.key, upload.etag, fingerprint])[:32])


def receipt_key(upload_digest: str, slot_digest: str | None) -> str:
    """The key of an upload's receipt; no slot digest means that the upload was rejected."""
    return f"{RECEIPTS}{upload_digest}.{slot_digest or REJECTED}.json"


def receipts(entries: Iterable[Entry]) -> dict[str, str | None]:
    """The slot digest (None: rejected) of each upload digest that has a receipt.

    Two functions that read the same upload at once write the same receipt, unless one of them gave up on it: then the
    rows win.
    """
    slots: dict[str, str | None] = {}
    for entry in entries:
        if match := _RECEIPT.fullmatch(entry.key):
            upload, slot = match.groups()
            slots[upload] = slots.get(upload) if slot == REJECTED else slot
    return slots


def slot_key(slot_digest: str) -> str:
    """The key of an upload's typed rows."""
    return f"{SLOTS}{slot_digest}.npz"


def attempt_key(upload_digest: str, number: int) -> str:
    """The key of the mark that an upload is about to be opened for the n-th time."""
    return f"attempts/{upload_digest}-{number}.json"


def model_key(model_id: str, name: str) -> str:
    """The key of one of a model's artefacts."""
    return f"{MODELS}{model_id}/{name}"


def job_key(model_id: str, number: int) -> str:
    """The key of what is written of the n-th job that a candidate was handed over to."""
    return f"{JOBS}{model_id}-{number}.json"


def jobs(entries: Iterable[Entry]) -> dict[str, list[int]]:
    """The numbers of each candidate's jobs, in a listing of ``jobs/``."""
    found: dict[str, list[int]] = {}
    for entry in entries:
        if match := _JOB.fullmatch(entry.key):
            found.setdefault(match[1], []).append(int(match[2]))
    return found


def attempts_prefix(model_id: str) -> str:
    """Where the marks of a candidate's trainings are."""
    return model_key(model_id, "attempts/")


def fresh_prefix(model_id: str) -> str:
    """Where a model's scores on newly arrived slots are."""
    return model_key(model_id, "fresh/")


def fresh_key(model_id: str, slot_digest: str) -> str:
    """The key of what a model in production scored on a newly arrived slot."""
    return f"{fresh_prefix(model_id)}{slot_digest}.json"


def fresh_slots(entries: Iterable[Entry]) -> list[str]:
    """The slot digests of a listing of a model's ``fresh/``."""
    return [entry.key.rpartition("/")[2].removesuffix(".json") for entry in entries]


def scored_models(entries: Iterable[Entry]) -> list[str]:
    """The ids of the models in a listing of ``models/`` that have a score."""
    return [match[1] for entry in entries if (match := _SCORE.fullmatch(entry.key))]


def prediction_keys(upload_key: str) -> tuple[str, str]:
    """The keys of the answer to a file under ``batch/``, and of the report on it."""
    name = upload_key.removeprefix(BATCH)
    if name.lower().endswith(".gz"):
        name = name[: -len(".gz")]
    if name.lower().endswith(".csv"):
        name = name[: -len(".csv")]
    return f"{PREDICTIONS}{name}.csv", f"{PREDICTIONS}{name}.json"


@dataclass(frozen=True)
class DecisionName:
    """What the key of a decision says. `remark` marks a decision that may come again, or a second one of its kind."""

    generation: int
    model_id: str
    remark: str | None

    @property
    def key(self) -> str:
        """The key in the bucket."""
        suffix = f".{self.remark}" if self.remark else ""
        return f"{PROMOTIONS}{self.generation:08d}-{self.model_id}{suffix}.json"

    @classmethod
    def parse(cls, key: str) -> "DecisionName | None":
        """Read a key; None when it is no decision."""
        match = _DECISION.fullmatch(key)
        return cls(int(match[1]), match[2], match[3]) if match else None


def is_model_id(text: str) -> bool:
    """Whether a text has the form of a model id."""
    return re.fullmatch(_MODEL_ID, text) is not None
