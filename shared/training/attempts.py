"""Attempts: marks of trainings that began, by which a candidate that ends the function each time is given up.

A function that runs out of time or memory leaves nothing behind that says so. So each training leaves a mark before it
begins, and a second one beside it when it ends in an error. A mark alone is a training that was ended from outside, or
one that still runs: until the time that its function has is over.
"""

import math
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.bucket import keys
from shared.bucket.store import Store, read_document, settle
from shared.documents import Stored, encode, timestamp
from shared.errors import Rejected

MAX_KILLS: Final = 3
_MARK: Final = re.compile(r"([0-9]+)(\.ended)?\.json")


class TrainingAttemptDocument(Stored):
    """``models/<id>/attempts/``: a training begins; `until` is when its function ends at the latest, where known."""

    run: str
    at: str
    until: str | None


@contextmanager
def attempted(store: Store, model_id: str, seconds_left: Callable[[], float]) -> Iterator[None]:
    """A training: mark that it begins, and that it ended where it raises; raise Rejected after three kills."""
    folder = keys.attempts_prefix(model_id)
    marks = [match for entry in store.list(folder) if (match := _MARK.fullmatch(entry.key.removeprefix(folder)))]
    ended = {int(match[1]) for match in marks if match[2]}
    begun = sorted(int(match[1]) for match in marks if not match[2])
    alone = [number for number in begun if number not in ended]
    if len(alone) >= MAX_KILLS and all(_is_over(store, folder, number) for number in alone):
        raise Rejected(_given_up(len(alone)))
    number = _begin(store, folder, max(begun, default=0) + 1, seconds_left())
    try:
        yield
    except Rejected:  # which is written down by itself
        raise
    except Exception:
        settle(store, f"{folder}{number}.ended.json", encode({"at": timestamp()}))
        raise


def _begin(store: Store, folder: str, number: int, seconds: float) -> int:
    """Leave a mark under the next free number."""
    until = None
    if math.isfinite(seconds):
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    attempt: TrainingAttemptDocument = {"run": uuid.uuid4().hex, "at": timestamp(), "until": until}
    mark = encode(attempt)
    while settle(store, f"{folder}{number}.json", mark) != mark:
        number += 1
    return number


def _is_over(store: Store, folder: str, number: int) -> bool:
    """Whether the function of a mark has had its time; where the mark does not say how much, it is not waited for."""
    until = read_document(store, f"{folder}{number}.json", TrainingAttemptDocument).get("until")
    return until is None or datetime.fromisoformat(until) < datetime.now(UTC)


def _given_up(kills: int) -> str:
    memory = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    has = f" (it has {memory} MB)" if memory else ""
    return (
        f"expected a training that ends, found one that ended the function {kills} times, out of time or memory: give "
        f"ingest_and_retrain more memory{has}, by lambda_memory_size in .chalice/config.json, set VINTNER_ESTIMATOR to "
        "a faster one, or remove slots; the next change of a slot or a setting is tried again"
    )
