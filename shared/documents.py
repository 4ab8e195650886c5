"""JSON documents: one spelling for the bytes, the digests and the times in the bucket, and the fields of each kind.

A field is `NotRequired` where buckets hold documents that were written before it was added, or where it does not
always apply. What is read with a kind is not checked against it: `decode` sees to JSON and format alone.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NotRequired, TypedDict, TypeVar, overload

from shared.errors import Rejected

FORMAT: Final = 1

Document = dict[str, Any]
Kind = TypeVar("Kind", bound=Mapping[str, object])

Label = bool | int | float | str  # a class of the label column
DecisionKind = Literal["promoted", "kept", "waiting", "rolled_back"]
CandidateState = Literal["none", "waiting", "training", "trained", "refused"]


class Stored(TypedDict):
    """What every document in the bucket has; `encode` adds it."""

    format: NotRequired[int]


class AttemptDocument(Stored):
    """``attempts/``: an upload is about to be opened."""

    upload: str
    etag: str
    run: str
    at: str


class RowCounts(TypedDict):
    """Rows of an upload: in the file, kept of these, and distinct ones that no earlier upload had as a whole."""

    read: int
    kept: int
    new: int


class ReasonDocument(TypedDict):
    """Why an upload, or a row of it, cannot be used; None is the whole upload."""

    problem: str
    line: int | None
    column: str | None


class ReceiptDocument(Stored):
    """``receipts/``: what became of an upload. `slot` names its rows (None: rejected); `kind` None is no known one."""

    upload: str
    etag: str
    size: NotRequired[int]
    kind: Literal["slot", "test", "schema"] | None
    status: Literal["accepted", "duplicate", "rejected"]
    slot: str | None
    rows: RowCounts
    columns: NotRequired[list[str]]
    detected: NotRequired[Document]
    drift: NotRequired[Document]
    warnings: list[str]
    reasons: list[ReasonDocument]
    at: str


class LineageEntry(TypedDict):
    """An upload that a model was trained on, and how many rows it gave (not known of a refused one)."""

    upload: str
    etag: str
    slot: str
    rows: NotRequired[int]


class Confusion(TypedDict):
    """The confusion matrix: rows are the truth, columns the predictions, both in the order of `labels`."""

    labels: list[Label]
    matrix: list[list[int]]


class EvaluationDocument(Stored):
    """How a model does on the test set, as part of its score; `f1_of` says which classes the F1 is of."""

    f1: float
    interval: NotRequired[list[float]]  # the 95 % interval of F1: low, high
    baseline: NotRequired[float]  # F1 of the best constant answer
    metrics: dict[str, float]
    f1_of: NotRequired[str | dict[str, Label]]
    threshold: NotRequired[float | None]  # None for more than two classes, as the next
    f1_at_half: NotRequired[float | None]  # F1 of the same model at a threshold of 0.5
    confusion: NotRequired[Confusion]


class SanityDocument(TypedDict):
    """What would make a person doubt a score; `column` names the one that it is about."""

    doubt: str
    text: str
    column: str | None


class ScoreDocument(EvaluationDocument):
    """``models/<id>/score.json``: a trained candidate, what it scored and what it was made of."""

    model_id: str
    test_fingerprint: str
    test_rows: int
    train_rows: int
    duplicates: NotRequired[int]
    in_test_set: NotRequired[int]
    lineage: list[LineageEntry]
    warnings: NotRequired[list[str]]
    sanity: NotRequired[list[SanityDocument]]
    schema: NotRequired[list[Document]]
    features: list[str]
    estimator: NotRequired[str]
    selection: NotRequired[Document]
    fallback_rounds: NotRequired[int | None]
    importances: NotRequired[dict[str, float]]
    classes: list[Label]
    settings: dict[str, object]
    versions: dict[str, str]
    sha256: dict[str, str]
    parity_rows: NotRequired[int]
    timings: NotRequired[dict[str, float]]
    at: NotRequired[str]


class RefusalDocument(Stored):
    """``models/<id>/refused.json``: why a candidate cannot be trained."""

    model_id: str
    reason: str
    test_fingerprint: str
    lineage: list[LineageEntry]
    at: str


class CountedRows(TypedDict):
    """How many of the test rows a comparison was made on."""

    counted: int
    of: int


class RescoreDocument(Stored):
    """``models/<id>/rescores/``: the production model on a newer test set."""

    model_id: str
    f1: float
    test_fingerprint: str
    test_rows: CountedRows
    at: str


class DecisionDocument(Stored):
    """``promotions/``: what was decided about a candidate. `test_rows` is there when it was decided on part of them.

    `interval` is that of the candidate's score; `within_noise` says that production's score is inside it although the
    candidate's is better. `warnings` are the reasons to doubt the candidate's score.
    """

    model_id: str
    decision: DecisionKind
    candidate_score: float
    production_score: float | None
    production_model_id: str | None
    test_fingerprint: str
    rule: str
    reason: str
    generation: int
    write_id: str
    at: str
    test_rows: NotRequired[CountedRows]
    p_value: NotRequired[float]
    older: NotRequired[bool]
    interval: NotRequired[list[float]]
    within_noise: NotRequired[bool]
    warnings: NotRequired[list[str]]


class StepDocument(TypedDict):
    """One earlier state of the pointer."""

    generation: int
    model_id: str
    write_id: str


class PointerDocument(Stored):
    """``production.json``: what is in production."""

    model_id: str
    scorer_sha256: str
    score: float
    test_fingerprint: str
    promoted_at: str
    generation: int
    write_id: str
    decision: DecisionDocument
    history: list[StepDocument]
    withdrawn: list[str]
    hold: bool


def encode(fields: Mapping[str, object]) -> bytes:
    """The bytes of a document: sorted keys, no spaces, ``format`` added; the same fields give the same bytes."""
    return json.dumps({"format": FORMAT, **fields}, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@overload
def decode(body: bytes, key: str) -> Document: ...
@overload
def decode(body: bytes, key: str, kind: type[Kind]) -> Kind: ...
def decode(body: bytes, key: str, kind: type[Any] = dict) -> Any:  # noqa: ARG001  (says the type)
    """The fields of a document, typed as a kind; raise Rejected when it is damaged or of an unknown format."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{key}: expected a JSON document, found {body[:40]!r} ({error})") from None
    found = document.get("format") if isinstance(document, dict) else type(document).__name__
    if found != FORMAT:
        expected = f"expected a document of format {FORMAT}, found {found!r}"
        raise Rejected(f"{key}: {expected}; it was written by another version: update the software that reads it")
    return document


def digest(value: object) -> str:
    """SHA-256 of a JSON value in the spelling of `encode`, as 64 hexadecimal digits."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())


def sha256(body: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def timestamp(moment: datetime | None = None) -> str:
    """A moment (now) in UTC, ISO 8601 with milliseconds."""
    return (moment or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
