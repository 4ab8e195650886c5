"""The whole line with an engine: uploads over the threshold become one job, which ends in production."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Final

import pytest

from engine.gathering import Scale
from shared.bucket import keys
from shared.documents import sha256
from tests.engine import tables
from tests.support.line import Line, running_line
from tests.support.patience import eventually
from tests.support.processes import Process, alive, family

ENGINE: Final = {
    "VINTNER_LABEL": "label",
    "VINTNER_REFRESH_SECONDS": "0",
    "VINTNER_ENGINE": "dask",
    "VINTNER_ENGINE_MB": "0",
    "VINTNER_ENGINE_ROLE": "arn:aws:iam::123456789012:role/vintner-engine",
    "VINTNER_ENGINE_IMAGE": "vintner-engine",
    "VINTNER_THRESHOLD": "0.5",
}
SECONDS: Final = 120


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with running_line(tmp_path_factory.mktemp("engine") / "project", ENGINE) as running:
        yield running


def drivers(line: Line) -> list[Process]:
    """The processes of jobs that run."""
    return [one for one in family(line.cloud.pid) if alive(one) and " -m engine " in one.command]


def jobs(line: Line) -> list[str]:
    return [entry.key for entry in line.store.list(keys.JOBS)]


def test_a_killed_job_is_tried_again_and_ends_in_production(line: Line) -> None:
    uploads = tables.numbers()
    for key in sorted(uploads, key=lambda key: key.startswith(keys.TEST_UPLOADS)):  # without it nothing is trained
        line.put(key, uploads[key])
    eventually(lambda: drivers(line), "there is a job", seconds=SECONDS)
    status = line.vintner("status").stdout
    assert "the job vintner-" in status
    os.kill(drivers(line)[0].pid, signal.SIGKILL)
    eventually(lambda: not drivers(line), "the job has ended", seconds=SECONDS)
    eventually(lambda: second_job(line), "there is a second job", seconds=SECONDS)
    *_, last = line.follow("data/slots/3.csv")
    assert last.decision
    assert last.decision["decision"] == "promoted"
    assert last.score
    assert last.score["estimator"] == "hist_gradient_boosting"
    assert line.ask("/predict", b'{"a": 2.0, "b": 5, "c": 0.1}')[1]["prediction"] == "high"
    stage = tables.untrained(uploads)
    scorer = line.store.read(keys.model_key(last.score["model_id"], "scorer.json")).body
    assert sha256(scorer) == tables.train_here(stage, Scale())["sha256"]["scorer.json"]
    eventually(lambda: not drivers(line), "the second job has ended", seconds=SECONDS)


def second_job(line: Line) -> bool:
    """Ring ingest's bell, by an upload that is no CSV; whether the candidate was handed over again."""
    line.put("data/slots/bell.csv", f"no table {time.monotonic()}")
    time.sleep(1)
    return any(key.endswith("-2.json") for key in jobs(line))
