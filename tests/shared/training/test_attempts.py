"""Trainings that end the function are tried three times; errors, and trainings that still run, are no kills."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from functions import ingest_and_retrain
from shared.documents import encode
from shared.errors import Unavailable
from shared.settings import Settings
from shared.training.attempts import MAX_KILLS
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, Stage, sample


@pytest.fixture
def stage() -> Stage:
    stage = Stage(FakeStore(), Settings("bucket", "label", estimator="decision_tree"))
    stage.put_samples(1)
    return stage


def killed(stage: Stage, times: int, seconds: float = math.inf, error: BaseException | None = None) -> None:
    """Train so often, and end it in the middle: from outside unless it is by an error."""
    assert isinstance(stage.store, FakeStore)
    for _ in range(times):
        stage.store.fail("create", "model.joblib", error=error or KeyboardInterrupt())
        with pytest.raises(type(error) if error else KeyboardInterrupt):
            run(stage, seconds)


def run(stage: Stage, seconds: float = math.inf) -> ingest_and_retrain.IngestReport:
    return ingest_and_retrain.run(stage.store, stage.settings, seconds_left=lambda: seconds, pause=lambda _: None)


def test_the_third_kill_is_the_last(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
    killed(stage, MAX_KILLS)
    report = run(stage)
    assert report.candidate.state == "refused"
    [reason] = stage.refusals()
    assert "found one that ended the function 3 times, out of time or memory" in reason
    assert "more memory (it has 3008 MB), by lambda_memory_size in .chalice/config.json" in reason
    stage.put(f"{SLOT}2.csv", sample(2))
    assert [len(score["lineage"]) for score in run(stage).trained] == [2]


def test_two_kills_are_none_too_many(stage: Stage) -> None:
    killed(stage, MAX_KILLS - 1)
    assert len(run(stage).trained) == 1
    assert stage.refusals() == []


def test_an_error_is_no_kill(stage: Stage) -> None:
    killed(stage, MAX_KILLS + 2, error=Unavailable("the store is away"))
    assert len(run(stage).trained) == 1


def test_a_training_that_may_still_run_is_not_given_up(stage: Stage) -> None:
    killed(stage, MAX_KILLS, seconds=900)
    assert len(run(stage).trained) == 1


def test_a_training_whose_function_has_had_its_time_is_over(stage: Stage) -> None:
    killed(stage, MAX_KILLS, seconds=900)
    before = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="milliseconds")
    for key in [key for key in stage.listing("models/") if "/attempts/" in key]:
        stage.put(key, encode({**stage.json(key), "until": before}))
    assert run(stage).candidate.state == "refused"


def test_rows_that_give_no_model_say_so_and_not_that_they_ended(stage: Stage) -> None:
    stage.put(f"{SLOT}1.csv", "a,b,label\n1,2,yes\n2,3,yes\n")
    assert run(stage).candidate.state == "refused"
    assert "at least two classes" in stage.refusals()[0]
    assert not [key for key in stage.listing("models/") if key.endswith(".ended.json")]
