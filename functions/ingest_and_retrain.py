"""Ingest and retrain: read every upload that has no receipt, then train the candidate that the bucket calls for.

An event is only a doorbell: the function takes nothing from it, looks at the bucket and writes what is
missing. Calling it again, late, twice or at the same time does no harm.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from shared.bucket.inventory import Inventory
from shared.bucket.store import Reader, Store
from shared.documents import Document, ScoreDocument
from shared.errors import Rejected, Unavailable, VintnerError
from shared.registry.fresh_scores import FreshDocument
from shared.registry.models import outcome_of
from shared.registry.status_documents import ListedReceipt
from shared.registry.status_view import CandidateView, update_uploads
from shared.settings import Settings
from shared.training.candidate import Candidate, candidate_of

if TYPE_CHECKING:
    from shared.ingestion.ingest import ReadBy, Receipt
    from shared.jobs.launcher import Launcher

log = logging.getLogger(__name__)

SECONDS_TO_SPARE: Final = 30.0

Train = Callable[[Store, Candidate, Settings], ScoreDocument]


@dataclass
class IngestReport:
    """What one call did: the receipts, fresh scores and scores that it wrote, and the candidate's state now."""

    receipts: list[ListedReceipt] = field(default_factory=list)
    fresh: list[FreshDocument] = field(default_factory=list)
    trained: list[ScoreDocument] = field(default_factory=list)
    candidate: CandidateView = field(default_factory=lambda: CandidateView("none"))

    def summary(self) -> Document:
        """The report in short, as JSON."""
        return {
            "receipts": [
                {
                    "upload": receipt["upload"],
                    "status": receipt["status"],
                    "rows": receipt["rows"],
                    "reasons": receipt["reasons"],
                }
                for receipt in self.receipts
            ],
            "fresh": [
                {"model_id": fresh["model_id"], "upload": fresh["upload"], "f1": fresh["f1"], "rows": fresh["rows"]}
                for fresh in self.fresh
            ],
            "trained": [
                {"model_id": score["model_id"], "f1": score["f1"], "train_rows": score["train_rows"]}
                for score in self.trained
            ],
            "candidate": asdict(self.candidate),
        }


def run(
    store: Store,
    settings: Settings,
    *,
    seconds_left: Callable[[], float] = lambda: math.inf,
    pause: Callable[[float], None] = time.sleep,
    slots: Reader | None = None,
    train: Train | None = None,
    launcher: "Launcher | None" = None,
) -> IngestReport:
    """Drain the uploads, train once if the candidate is not there, and list once more after that.

    `slots` reads the uploads' rows: the store, unless another reader of the same bucket is given. `launcher` starts the
    jobs of candidates that are too large for this function.
    Raise Unavailable when time runs out while uploads wait: the event is then delivered again.
    """
    report = IngestReport()
    while True:
        inventory, complete = _drain(store, settings, report, seconds_left=seconds_left, pause=pause, slots=slots)
        if not complete:
            continue
        candidate = candidate_of(inventory, settings)
        report.candidate = _state_of(store, candidate)
        if report.candidate.state == "training":
            report.fresh += _score_fresh(store, inventory, settings, slots)
        update_uploads(store, inventory, report.receipts, report.candidate)
        if isinstance(candidate, str) or report.candidate.state != "training":
            return report
        if candidate.trainer != "function":
            report.candidate = _hand_over(store, launcher, candidate, settings)
            update_uploads(store, inventory, report.receipts, report.candidate)
            return report
        _train(train or _trainer(slots, seconds_left), store, candidate, settings, report)
        if seconds_left() < SECONDS_TO_SPARE:
            update_uploads(store, inventory, report.receipts, report.candidate)
            return report


def _drain(
    store: Store,
    settings: Settings,
    report: IngestReport,
    *,
    seconds_left: Callable[[], float],
    pause: Callable[[float], None],
    slots: Reader | None,
) -> tuple[Inventory, bool]:
    """Read what is pending. False says that an upload, or what the slots are read by, changed meanwhile: list again."""
    inventory = Inventory.take(store, settings)
    if not inventory.pending:
        return inventory, inventory.is_settled
    from shared.ingestion.ingest import ingest  # noqa: PLC0415  (seconds, which a sweep without work does not take)
    from shared.ingestion.uploads import Changed  # noqa: PLC0415

    written: dict[str, str | None] = {}
    known = {source.slot for source in inventory.sources("slot")}
    try:
        read_by = _read_by(store, inventory, settings, slots)
        for upload in inventory.pending:
            if seconds_left() < SECONDS_TO_SPARE:
                raise Unavailable(f"time ran out before {upload.key} was read: the next event goes on from there")
            receipt = ingest(store, upload, settings, read_by=read_by, known_slots=known, pause=pause)
            _log_receipt(receipt)
            written[upload.digest] = receipt.slot
            if upload.kind == "slot" and receipt.slot:
                known.add(receipt.slot)
            report.receipts.append({"receipt": receipt.key, **receipt.document})
    except Changed as change:
        log.info("%s", change)
        return inventory, False
    return inventory.with_receipts(written), inventory.is_settled


def _read_by(store: Store, inventory: Inventory, settings: Settings, slots: Reader | None) -> "ReadBy":
    """What the pending uploads are read by."""
    from shared.ingestion.ingest import ReadBy  # noqa: PLC0415
    from shared.ingestion.loading import load_reference  # noqa: PLC0415
    from shared.ingestion.uploads import read_override  # noqa: PLC0415

    override = read_override(store, inventory)
    if not inventory.is_settled:
        return ReadBy(override)
    try:
        return ReadBy(override, load_reference(store, inventory, settings, slots=slots))
    except Rejected as problem:
        log.warning("slots are read unchecked, there will be no candidate: %s", problem)
        return ReadBy(override)


def _log_receipt(receipt: "Receipt") -> None:
    document = receipt.document
    log.info("%s %s: %d rows", document["status"], document["upload"], document["rows"]["kept"])


def _score_fresh(store: Store, inventory: Inventory, settings: Settings, slots: Reader | None) -> list[FreshDocument]:
    """What production does on the slots that have arrived, before they are trained on."""
    from shared.evaluation.fresh import score_fresh  # noqa: PLC0415  (seconds, which a sweep without work does not take)

    return score_fresh(store, inventory, settings, slots=slots)


def _state_of(store: Store, candidate: Candidate | str) -> CandidateView:
    """The candidate's state: waiting for data, trained, refused or to be trained now."""
    if isinstance(candidate, str):
        return CandidateView("waiting", reason=candidate)
    return CandidateView(outcome_of(store, candidate.model_id) or "training", candidate.model_id)


def _hand_over(store: Store, launcher: "Launcher | None", candidate: Candidate, settings: Settings) -> CandidateView:
    """Let the engine train the candidate."""
    from shared.jobs.handing_over import hand_over  # noqa: PLC0415  (a sweep without a large candidate does without)

    if launcher is None:
        raise VintnerError("expected what starts the engine's jobs, found none: this function was called without it")
    view = hand_over(store, launcher, candidate, settings)
    log.info("%s %s: %s", view.state, candidate.model_id, view.reason)
    return view


def _trainer(slots: Reader | None, seconds_left: Callable[[], float]) -> Train:
    """The trainer, which is loaded when there is something to train."""
    from shared.training.train import train  # noqa: PLC0415

    return partial(train, slots=slots, seconds_left=seconds_left)


def _train(train: Train, store: Store, candidate: Candidate, settings: Settings, report: IngestReport) -> None:
    from shared.ingestion.uploads import Changed  # noqa: PLC0415

    log.info("training %s on %d slots", candidate.model_id, len(candidate.slots))
    try:
        score = train(store, candidate, settings)
    except Changed as change:
        log.info("listing again: %s", change)
        return
    except Rejected as refusal:
        log.warning("refused %s: %s", candidate.model_id, refusal)
        report.candidate = CandidateView("refused", candidate.model_id, str(refusal))
        return
    log.info("scored %s: F1 %.4f on %d rows", candidate.model_id, score["f1"], score["test_rows"])
    report.trained.append(score)
    report.candidate = CandidateView("trained", candidate.model_id)
