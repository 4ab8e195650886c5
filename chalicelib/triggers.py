"""The triggers: each one a doorbell. None of them reads its event; each imports its function when it is called."""

from typing import Any, Final

from chalice import Blueprint, Rate

from chalicelib.runtime import launcher, settings, slots, store
from shared.bucket import keys

triggers = Blueprint(__name__)

CREATED: Final = "s3:ObjectCreated:*"
REMOVED: Final = "s3:ObjectRemoved:*"
HOURLY: Final = Rate(1, unit=Rate.HOURS)

# An event of nobody's: the function says whether it could work, and does nothing.
SMOKE_TEST = "vintner.smoke-test"

Summary = dict[str, Any]


@triggers.on_s3_event(bucket=settings().bucket, events=[CREATED, REMOVED], prefix=keys.DATA, name="ingest_and_retrain")
def ingest_and_retrain(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """An upload was created, replaced or removed."""
    return _ingest_and_retrain(event)


@triggers.schedule(HOURLY, name="ingest_and_retrain_sweep")
def ingest_and_retrain_sweep(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """The hourly sweep: do what a lost event left undone."""
    return _ingest_and_retrain(event)


@triggers.on_s3_event(
    bucket=settings().bucket,
    events=[CREATED],
    prefix=keys.MODELS,
    suffix=keys.SCORE_SUFFIX,
    name="promote",
)
def promote(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """A candidate was scored."""
    return _promote(event)


@triggers.schedule(HOURLY, name="promote_sweep")
def promote_sweep(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """The hourly sweep: do what a lost event left undone."""
    return _promote(event)


@triggers.on_s3_event(bucket=settings().bucket, events=[CREATED], prefix=keys.BATCH, name="predict_batch")
def predict_batch(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """A file came whose rows are to be predicted."""
    return _predict_batch(event)


@triggers.schedule(HOURLY, name="predict_batch_sweep")
def predict_batch_sweep(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    """The hourly sweep: do what a lost event left undone, and what waited for a first model."""
    return _predict_batch(event)


def _ingest_and_retrain(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    if _is_smoke_test(event):
        return _ready("functions.ingest_and_retrain", "shared.training.train")
    from chalicelib.telemetry import observed  # noqa: PLC0415  (the API function never loads it)
    from functions import ingest_and_retrain as function  # noqa: PLC0415

    seconds_left = lambda: event.context.get_remaining_time_in_millis() / 1000  # noqa: E731
    with observed("ingest_and_retrain", event) as observation:
        report = function.run(store(), settings(), seconds_left=seconds_left, slots=slots(), launcher=launcher())
        observation.ingested(report)
    return report.summary()


def _is_smoke_test(event: Any) -> bool:  # noqa: ANN401  (Chalice's events have no types)
    return bool(event.to_dict().get("source") == SMOKE_TEST)


def _ready(*modules: str) -> Summary:
    """Load what the function needs and look at the bucket: a layer or a policy that does not fit fails here."""
    from importlib import import_module  # noqa: PLC0415  (the API function never needs it)

    for name in ("chalicelib.telemetry", *modules):
        import_module(name)
    return {"ready": list(modules), "production": any(True for _ in store().list(keys.PRODUCTION))}


def _promote(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    if _is_smoke_test(event):
        return _ready("functions.promote", "shared.promotion.round")
    from chalicelib.telemetry import observed  # noqa: PLC0415  (the API function never loads it)
    from functions import promote as function  # noqa: PLC0415

    with observed("promote", event) as observation:
        report = function.run(store(), settings(), slots=slots())
        observation.judged(report)
    return report.summary()


def _predict_batch(event: Any) -> Summary:  # noqa: ANN401  (Chalice's events have no types)
    if _is_smoke_test(event):
        return _ready("functions.predict_batch")
    from chalicelib.telemetry import observed  # noqa: PLC0415  (the API function never loads it)
    from functions import predict_batch as function  # noqa: PLC0415

    with observed("predict_batch", event) as observation:
        report = function.run(store(), settings())
        observation.answered(report)
    return report.summary()
