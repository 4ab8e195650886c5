"""The fields of ``status.json``, which people and pages are shown."""

from typing import NotRequired, TypedDict

from shared.documents import (
    CandidateState,
    Confusion,
    DecisionDocument,
    LineageEntry,
    ReceiptDocument,
    Stored,
)
from shared.registry.fresh_scores import FreshDocument


class CandidateDocument(TypedDict):
    """Where the candidate is, and what its score or its refusal says; `standing`: what became of it, as it is now."""

    state: CandidateState
    model_id: str | None
    reason: str | None
    f1: NotRequired[float | None]
    interval: NotRequired[list[float] | None]
    baseline: NotRequired[float | None]
    train_rows: NotRequired[int | None]
    standing: NotRequired[str | None]
    warnings: list[str]


class UploadCounts(TypedDict):
    """How many uploads there are: all, accepted slots, accepted test uploads, rejected ones."""

    total: int
    slots: int
    tests: int
    rejected: int


class ListedReceipt(ReceiptDocument):
    """A receipt and its key."""

    receipt: str


class ListedDecision(DecisionDocument):
    """A decision and its key; `standing` says where its model is now."""

    key: str
    standing: NotRequired[str]


class ScoreFacts(TypedDict):
    """What is shown of the production model's score; None where its score is gone.

    `interval`, `baseline`, `threshold`, `f1_at_half` (F1 at a threshold of 0.5), `warnings` (reasons to doubt it) are
    absent where an earlier version wrote the view.
    """

    interval: NotRequired[list[float] | None]
    baseline: NotRequired[float | None]
    threshold: NotRequired[float | None]
    f1_at_half: NotRequired[float | None]
    warnings: NotRequired[list[str]]
    metrics: dict[str, float]
    confusion: Confusion | None
    train_rows: int | None
    test_rows: int | None
    lineage: list[LineageEntry]


class ProductionDocument(ScoreFacts):
    """What is in production; `gone` are the uploads of its lineage that were removed or replaced since.

    `fresh` are its scores on the slots that arrived since it was trained, the latest first; absent as in `ScoreFacts`.
    """

    model_id: str
    score: float
    promoted_at: str
    generation: int
    hold: bool
    withdrawn: list[str]
    test_fingerprint: str
    fresh: NotRequired[list[FreshDocument]]
    stale: bool
    gone: list[str]


class StatusDocument(Stored):
    """The whole view; `at` is None while no function has looked at the bucket."""

    candidate: CandidateDocument
    uploads: UploadCounts
    receipts: list[ListedReceipt]
    production: ProductionDocument | None
    decisions: list[ListedDecision]
    at: NotRequired[str | None]
