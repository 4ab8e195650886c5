"""What an event function reports: a log record for each thing it did, and CloudWatch metrics of the call.

Only the event functions load this: the metrics library is in their layer.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from chalicelib.logs import DEPLOYED, NAMESPACE, called_for, configure
from chalicelib.runtime import settings

if TYPE_CHECKING:
    from functions import ingest_and_retrain, predict_batch, promote

log = logging.getLogger(__name__)

ERRORS: Final = "Errors"
DURATION: Final = "Duration"
ROWS_INGESTED: Final = "RowsIngested"
ROWS_LEFT_OUT: Final = "RowsLeftOut"
WARNINGS: Final = "Warnings"
SCORE_WARNINGS: Final = "ScoreWarnings"
DRIFTED_FEATURES: Final = "DriftedFeatures"
UPLOADS_REJECTED: Final = "UploadsRejected"
F1: Final = "F1"
FRESH_F1: Final = "FreshF1"
FRESH_WARNINGS: Final = "FreshWarnings"
PROMOTED: Final = "Promoted"
ROWS_PREDICTED: Final = "RowsPredicted"
ROWS_NOT_PREDICTED: Final = "RowsNotPredicted"
FILES_REJECTED: Final = "FilesRejected"

FRESH_FIELDS: Final = ("model_id", "upload", "rows", "f1", "interval", "reason", "warning")
SCORE_FIELDS: Final = ("model_id", "f1", "interval", "baseline", "train_rows", "test_rows", "sanity", "timings")


class Observation:
    """The metrics of one call."""

    def __init__(self, service: str) -> None:
        self._metrics = EphemeralMetrics(namespace=NAMESPACE, service=service)
        self._metrics.set_default_dimensions(Bucket=settings().bucket)

    def ingested(self, report: "ingest_and_retrain.IngestReport") -> None:
        """What became of the uploads, and what was trained."""
        for receipt in report.receipts:
            log.info("receipt", extra=_fields(receipt, ("upload", "status", "rows", "warnings", "reasons")))
        for fresh in report.fresh:
            log.info("fresh score", extra=_fields(fresh, FRESH_FIELDS))
            if fresh["f1"] is not None:
                self._metrics.add_metric(FRESH_F1, MetricUnit.NoUnit, fresh["f1"])
                self._metrics.add_metric(FRESH_WARNINGS, MetricUnit.Count, int(fresh["warning"] is not None))
        for score in report.trained:
            log.info("scored", extra=_fields(score, SCORE_FIELDS))
            self._metrics.add_metric(F1, MetricUnit.NoUnit, score["f1"])
            self._metrics.add_metric(SCORE_WARNINGS, MetricUnit.Count, len(score.get("sanity", [])))
        accepted = [receipt for receipt in report.receipts if receipt["status"] != "rejected"]
        for name, count in {
            ROWS_INGESTED: sum(receipt["rows"]["kept"] for receipt in accepted),
            ROWS_LEFT_OUT: sum(receipt["rows"]["read"] - receipt["rows"]["kept"] for receipt in accepted),
            UPLOADS_REJECTED: len(report.receipts) - len(accepted),
            WARNINGS: sum(len(receipt["warnings"]) for receipt in accepted),
            DRIFTED_FEATURES: sum(len(receipt.get("drift", {})) for receipt in accepted),
        }.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)

    def judged(self, report: "promote.PromotionReport") -> None:
        """The decisions."""
        for decision in report.decisions:
            names = ("model_id", "decision", "candidate_score", "production_score", "reason", "generation")
            log.info("decision", extra=_fields(decision, names))
        promoted = sum(decision["decision"] == "promoted" for decision in report.decisions)
        self._metrics.add_metric(PROMOTED, MetricUnit.Count, promoted)

    def answered(self, run: "predict_batch.BatchRun") -> None:
        """What became of the files whose rows were to be predicted."""
        for report in run.reports:
            log.info("batch", extra=_fields(report, ("upload", "status", "model_id", "rows", "reasons")))
        for name, count in {
            ROWS_PREDICTED: sum(report["rows"]["predicted"] for report in run.reports),
            ROWS_NOT_PREDICTED: sum(report["rows"]["problems"] for report in run.reports),
            FILES_REJECTED: sum(report["status"] != "answered" for report in run.reports),
        }.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)

    def ended(self, seconds: float, *, failed: bool) -> None:
        """Write the metrics where CloudWatch finds them: on standard output of a deployed function."""
        log.info("done", extra={"duration_ms": round(seconds * 1000, 3), "failed": failed})
        self._metrics.add_metric(ERRORS, MetricUnit.Count, int(failed))
        self._metrics.add_metric(DURATION, MetricUnit.Milliseconds, seconds * 1000)
        if DEPLOYED:
            self._metrics.flush_metrics()
        else:
            self._metrics.clear_metrics()


@contextmanager
def observed(service: str, event: Any) -> Iterator[Observation]:  # noqa: ANN401  (Chalice's events have no types)
    """Observe one call: what fails is logged, counted and raised again, so that Lambda calls the function again."""
    configure()
    called_for(service=service, request_id=event.context.aws_request_id, **_doorbell(event.to_dict()))
    observation, started, failed = Observation(service), time.perf_counter(), True
    try:
        yield observation
        failed = False
    except Exception:
        log.exception("failed")
        raise
    finally:
        observation.ended(time.perf_counter() - started, failed=failed)


def _fields(document: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
    """Some fields of a document; one that an earlier version wrote may lack some."""
    return {name: document[name] for name in names if name in document}


def _doorbell(event: dict[str, Any]) -> dict[str, object]:
    """The event that called: for the log alone, it decides nothing."""
    records = event.get("Records") or [{}]
    key = ((records[0].get("s3") or {}).get("object") or {}).get("key")
    fields = {
        "event_id": event.get("id") or (records[0].get("responseElements") or {}).get("x-amz-request-id"),
        "event_name": event.get("detail-type") or records[0].get("eventName"),
        "key": unquote_plus(key) if key else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
