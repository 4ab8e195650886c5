"""What every launcher keeps to: in memory, and SageMaker's on a simulated AWS that runs jobs as processes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest

from shared.errors import Unavailable, VintnerError
from shared.jobs.launcher import JobState, Launcher
from shared.jobs.sagemaker import CONFIG, SageMaker
from shared.settings import Settings
from tests.support.fake_launcher import FakeLauncher
from tests.support.patience import eventually
from tests.support.simulated_aws import simulated_aws

SETTINGS = Settings(
    bucket="vintner",
    label="label",
    engine="dask",
    engine_jobs="vintner-test",
    engine_role="arn:aws:iam::123456789012:role/vintner-engine",
    engine_image="vintner-engine:0.1.0",
)
MODEL = "0123456789abcdef"
# A stage whose job says that it has no label, as soon as it has loaded.
ENVIRONMENT = {"VINTNER_BUCKET": "vintner", "VINTNER_LABEL": "", "HOME": "/nowhere"}


@dataclass
class Place:
    """A launcher, and what lets its job of a name fail with a word."""

    launcher: Launcher
    fail: Callable[[str], str]


@pytest.fixture(scope="module", params=["in memory", "SageMaker"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "in memory":
        fake = FakeLauncher()

        def fail(name: str) -> str:
            fake.end(name, "out of memory")
            return "out of memory"

        yield Place(fake, fail)
        return
    with simulated_aws(settling=0) as environ:
        client = boto3.Session("testing", "testing", region_name="us-east-1").client(
            "sagemaker", endpoint_url=environ["AWS_ENDPOINT_URL"], config=CONFIG
        )
        eventually(lambda: answers(client.list_training_jobs), "it answers")
        yield Place(SageMaker(SETTINGS, environment=ENVIRONMENT, client=client), lambda _: "VINTNER_LABEL is not set")


def answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # noqa: BLE001  (it does not listen yet)
        return False
    return True


def test_a_name_that_was_never_launched_is_absent(place: Place) -> None:
    assert place.launcher.state("vintner-test-never").status == "absent"


def test_a_job_runs_and_its_log_is_named(place: Place) -> None:
    place.launcher.launch("vintner-test-runs", MODEL)
    state = place.launcher.state("vintner-test-runs")
    assert state.status == "running"
    assert state.log.endswith("/vintner-test-runs")


def test_a_failed_job_says_why_in_its_own_words(place: Place) -> None:
    place.launcher.launch("vintner-test-fails", MODEL)
    words = place.fail("vintner-test-fails")
    eventually(lambda: place.launcher.state("vintner-test-fails").status == "failed", "the job has failed")
    assert words in place.launcher.state("vintner-test-fails").reason


def test_launching_twice_starts_one_and_never_a_second(place: Place) -> None:
    name = "vintner-test-twice"
    place.launcher.launch(name, MODEL)
    place.launcher.launch(name, MODEL)
    place.fail(name)
    eventually(lambda: place.launcher.state(name).status == "failed", "the job has failed")
    before = place.launcher.state(name)
    place.launcher.launch(name, MODEL)
    assert place.launcher.state(name) == before


def test_what_sagemaker_refuses_or_cannot_take_is_said() -> None:
    nowhere = boto3.Session("testing", "testing", region_name="us-east-1").client(
        "sagemaker", endpoint_url="http://127.0.0.1:9", config=CONFIG
    )
    with pytest.raises(Unavailable, match="cannot be reached"):
        SageMaker(SETTINGS, client=nowhere).state("vintner-test-1")
    bad = SageMaker(SETTINGS, environment={}, client=nowhere)
    with pytest.raises(VintnerError, match="job vintner-test-1"):
        bad.launch("vintner-test-1", MODEL)


def test_a_job_has_the_stages_variables_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    request = SageMaker(SETTINGS, environment=ENVIRONMENT, client=object())._request("name", MODEL)  # type: ignore[arg-type]
    assert request["Environment"] == {"VINTNER_BUCKET": "vintner"}
    assert request["AlgorithmSpecification"]["ContainerArguments"] == [MODEL]
    assert request["ResourceConfig"]["InstanceCount"] == 1
    assert request["RoleArn"] == SETTINGS.engine_role


def test_the_states_are_compared_by_value() -> None:
    assert JobState("failed", "why", "log") == JobState("failed", "why", "log")
