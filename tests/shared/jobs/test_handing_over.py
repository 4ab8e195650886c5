"""Handing over: one job for each candidate, whatever bells ring, and each one followed to its end."""

from dataclasses import dataclass, replace

import pytest

from functions import ingest_and_retrain
from functions.ingest_and_retrain import IngestReport
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.errors import Unavailable, Unknown, VintnerError
from shared.jobs.documents import inventory_of, newest_job
from shared.jobs.launcher import JobState
from shared.settings import Settings
from shared.training.candidate import Candidate, candidate_of, who_trains
from tests.support.fake_launcher import FakeLauncher
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, sample

ENGINE = Settings(bucket="vintner", label="label", engine="dask", engine_mb=0.0005, engine_jobs="vintner-test")


@dataclass
class Handed:
    """A stage whose candidates go to an engine that a test plays."""

    stage: Stage
    launcher: FakeLauncher

    def ring(self) -> IngestReport:
        return ingest_and_retrain.run(self.stage.store, self.stage.settings, launcher=self.launcher)

    @property
    def candidate(self) -> Candidate:
        found = candidate_of(Inventory.take(self.stage.store, self.stage.settings), self.stage.settings)
        assert isinstance(found, Candidate)
        return found

    def name(self, number: int = 1) -> str:
        return f"vintner-test-{self.candidate.model_id}-{number}"

    def score(self) -> None:
        """Write the score as the job does."""
        self.stage.add_model(self.candidate.model_id, 0.9)


@pytest.fixture
def handed() -> Handed:
    found = Handed(Stage(FakeStore(), ENGINE), FakeLauncher())
    found.stage.put_samples(1)
    return found


@pytest.mark.parametrize(
    ("settings", "accepted", "trainer"),
    [
        ({}, 10**12, "function"),
        ({"engine": "dask"}, 2_000_000_000, "function"),
        ({"engine": "dask"}, 2_000_000_001, "dask"),
        ({"engine": "dask", "engine_mb": 0.0}, 1, "dask"),
        ({"engine": "function", "engine_mb": 0.0}, 1, "function"),
    ],
    ids=["no engine", "as much as fits", "a byte more", "everything", "a threshold alone"],
)
def test_who_trains(settings: dict[str, object], accepted: int, trainer: str) -> None:
    assert who_trains(replace(Settings("vintner", "label"), **settings), accepted) == trainer  # type: ignore[arg-type]


def test_the_cluster_has_no_part_in_the_name_of_a_model(handed: Handed) -> None:
    handed.ring()
    expected = handed.candidate.model_id
    for change in ({"engine_instances": 8.0}, {"engine_instance": "ml.m5.large"}, {"dask_scheduler": "tcp://one:1"}):
        handed.stage.change(**change)
        assert handed.candidate.model_id == expected
    handed.stage.change(engine="function")
    assert handed.candidate.model_id != expected


def test_a_candidate_above_the_threshold_is_written_and_launched_once(handed: Handed) -> None:
    view = handed.ring().candidate
    assert (view.state, view.model_id) == ("training", handed.candidate.model_id)
    assert f"the job {handed.name()}" in (view.reason or "")
    assert handed.launcher.launches == [handed.name()]
    for _ in range(9):
        view = handed.ring().candidate
    assert handed.launcher.launches == [handed.name()]
    assert handed.stage.listing(keys.JOBS) == [f"jobs/{handed.candidate.model_id}-1.json"]
    assert f"logs/{handed.name()}" in (view.reason or "")
    assert "boosted trees" in (view.reason or "")
    assert handed.stage.json("status.json")["candidate"]["reason"] == view.reason


def test_a_job_is_made_of_the_uploads_that_it_was_written_for(handed: Handed) -> None:
    handed.ring()
    expected = handed.candidate
    handed.stage.put(f"{SLOT}2.csv", sample(2))
    job = newest_job(handed.stage.store, expected.model_id)
    assert job
    again = candidate_of(inventory_of(job["uploads"]), handed.stage.settings)
    assert isinstance(again, Candidate)
    assert (again.model_id, again.slots, again.trainer) == (expected.model_id, expected.slots, "dask")


def test_below_the_threshold_the_function_trains(handed: Handed) -> None:
    handed.stage.change(engine_mb=2_000.0)
    assert len(handed.ring().trained) == 1
    assert handed.launcher.launches == []


def test_a_death_between_writing_and_launching_is_repaired_by_the_next_bell(handed: Handed) -> None:
    handed.launcher.errors = [Unknown("the answer was lost")]
    with pytest.raises(Unknown):
        handed.ring()
    assert len(handed.stage.listing(keys.JOBS)) == 1
    handed.ring()
    assert handed.launcher.launches == [handed.name()]
    assert len(handed.stage.listing(keys.JOBS)) == 1


def test_newer_candidates_wait_while_a_job_runs(handed: Handed) -> None:
    handed.ring()
    first = handed.name()
    for seed in (2, 3, 4):
        handed.stage.put(f"{SLOT}{seed}.csv", sample(seed))
        view = handed.ring().candidate
        assert f"waits for the job {first}" in (view.reason or "")
    assert handed.launcher.launches == [first]
    handed.launcher.end(first, "a worker was lost")
    handed.ring()
    assert handed.launcher.launches == [first, handed.name()]


def test_a_scored_candidate_asks_nobody(handed: Handed) -> None:
    handed.ring()
    handed.launcher.end(handed.name())
    handed.score()
    assert handed.ring().candidate.state == "trained"
    assert handed.launcher.launches == [handed.name()]


def test_a_score_that_comes_while_the_job_is_asked_for_is_seen(handed: Handed) -> None:
    handed.ring()
    handed.launcher.end(handed.name())
    store = handed.stage.store
    assert isinstance(store, FakeStore)
    store.disturb("list", keys.JOBS, handed.score)
    assert handed.ring().candidate.state == "trained"
    assert len(handed.launcher.launches) == 1


@pytest.mark.parametrize("reason", ["a worker was lost", ""], ids=["failed", "ended without a score"])
def test_after_three_attempts_a_candidate_is_refused_with_the_engines_words(handed: Handed, reason: str) -> None:
    for number in (1, 2, 3):
        view = handed.ring().candidate
        assert (f"attempt {number} of 3" in (view.reason or "")) is (number > 1)
        handed.launcher.end(handed.name(number), reason)
    assert handed.ring().candidate.state == "refused"
    refused = handed.stage.json(keys.model_key(handed.candidate.model_id, "refused.json"))
    assert (reason or "said nothing") in refused["reason"]
    assert f"logs/{handed.name(3)}" in refused["reason"]
    assert handed.ring().candidate.state == "refused"
    assert len(handed.launcher.launches) == 3


def test_without_a_launcher_it_is_said_what_is_missing(handed: Handed) -> None:
    with pytest.raises(VintnerError, match="what starts the engine's jobs"):
        ingest_and_retrain.run(handed.stage.store, handed.stage.settings)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("verb", "key"), [("list", keys.JOBS), ("create", keys.JOBS), ("list", "models/")], ids=["jobs", "job", "models"]
)
def test_whatever_fails_there_is_one_job_in_the_end(handed: Handed, verb: str, key: str, *, after: bool) -> None:
    store = handed.stage.store
    assert isinstance(store, FakeStore)
    store.fail(verb, key, error=Unknown("injected") if verb == "create" else Unavailable("injected"), after=after)
    for _ in range(3):
        try:
            handed.ring()
        except VintnerError:
            continue
    assert handed.launcher.launches == [handed.name()]
    assert len(handed.stage.listing(keys.JOBS)) == 1


def test_of_other_jobs_only_the_newest_are_asked_for(handed: Handed) -> None:
    names = [f"{number:016x}" for number in range(6)]
    for model_id in names:
        handed.stage.store.create(keys.job_key(model_id, 1), b"{}")
    handed.launcher.jobs[f"vintner-test-{names[0]}-1"] = JobState("running")
    handed.ring()
    assert handed.launcher.launches == [handed.name()]


def test_the_test_set_is_among_the_uploads_of_a_job(handed: Handed) -> None:
    handed.ring()
    job = handed.stage.json(keys.job_key(handed.candidate.model_id, 1))
    assert [one["key"] for one in job["uploads"]] == [TEST, f"{SLOT}1.csv"]
