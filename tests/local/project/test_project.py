import os
from pathlib import Path

import pytest

from local.environment import adopt, aws_dummies, simulated
from local.errors import LocalError
from local.project.invoke import replay
from local.project.project import Project
from tests.support.sample_app import STAGE, write_project

ROUTE_EVENT = {
    "requestContext": {"httpMethod": "GET", "resourcePath": "/", "identity": {"sourceIp": "127.0.0.1"}, "path": "/"},
    "headers": {},
    "pathParameters": {},
    "multiValueQueryStringParameters": None,
    "body": None,
    "stageVariables": {},
}
TEST_EVENT = {"Event": "s3:TestEvent"}


def test_the_stage_wins_over_the_project(project_dir: Path) -> None:
    variables = Project(project_dir, STAGE, outer={}).environment()
    assert variables == {"GREETING": "hello", "PLACE": "everywhere"}


def test_the_function_wins_over_the_stage(project_dir: Path) -> None:
    assert Project(project_dir, STAGE, outer={}).environment("sleep")["GREETING"] == "good night"


def test_the_environment_wins_over_all(project_dir: Path) -> None:
    project = Project(project_dir, STAGE, outer={"GREETING": "ahoy", "OTHER": "1"})
    assert project.environment("sleep") == {"GREETING": "ahoy", "PLACE": "everywhere"}


def test_function_settings_have_defaults(project_dir: Path) -> None:
    project = Project(project_dir, STAGE)
    assert (project.function("sleep").timeout_seconds, project.function("sleep").memory_mb) == (1, 256)
    assert project.function("copy").timeout_seconds == 60


def test_an_unknown_stage_is_refused_with_the_known_ones(project_dir: Path) -> None:
    with pytest.raises(LocalError, match=r"no stage 'prod'.*it has dev"):
        Project(project_dir, "prod").environment()


def test_a_directory_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="not a Chalice project"):
        Project(tmp_path, STAGE).environment()


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "raise SystemExit('LABEL is not set: name the column')",
            r"did not load: LABEL is not set: .* \(app.py line 1\)$",
        ),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("x = (", "SyntaxError"),
        ("class Bad(Exception): pass\nraise Bad('one\\nline')", r"did not load: one line \(app.py line 2\)$"),
    ],
    ids=["exit", "import", "syntax", "own error"],
)
def test_an_app_that_does_not_load_says_why_in_one_line(tmp_path: Path, source: str, expected: str) -> None:
    project = Project(write_project(tmp_path, app=source), STAGE)
    with pytest.raises(LocalError, match=expected) as refused:
        project.load()
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("own_process")
def test_replay_calls_the_functions_of_an_event(project_dir: Path) -> None:
    done = replay(Project(project_dir, STAGE), ROUTE_EVENT)
    (invocation,) = done.invocations
    assert (invocation.function, invocation.ok, invocation.result["statusCode"]) == ("api_handler", True, 200)
    assert "hello" in invocation.result["body"]


@pytest.mark.usefixtures("own_process")
def test_replay_of_a_foreign_event_reports_what_failed(project_dir: Path) -> None:
    s3 = {"bucket": {"name": "example-bucket"}, "object": {"key": "fail%2Fx"}}
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    assert replay(Project(project_dir, STAGE), TEST_EVENT, foreign=True).invocations == ()
    assert replay(Project(project_dir, STAGE), event).invocations == ()


@pytest.mark.usefixtures("own_process")
def test_replay_returns_the_error_of_a_function(project_dir: Path) -> None:
    s3 = {"bucket": {"name": "uploads"}, "object": {"key": "fail%2Fx"}}
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}
    (invocation,) = replay(Project(project_dir, STAGE), event).invocations
    assert not invocation.ok
    assert (invocation.function, invocation.error) == ("fail", "ValueError: no good: fail/x")
    assert "Traceback" in (invocation.traceback or "")


def test_no_aws_variable_of_the_outside_survives() -> None:
    outside = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL_S3": "https://s3", "HOME": "/h"}
    variables = simulated(outside, "http://127.0.0.1:9")
    assert {name for name in variables if name.startswith("AWS_")} == set(aws_dummies(""))
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert variables["HOME"] == "/h"


def test_a_proxy_is_not_asked_for_loopback() -> None:
    assert simulated({"no_proxy": "intra"}, "http://x")["no_proxy"] == "intra,127.0.0.1,localhost"


def test_adopt_replaces_the_aws_variables() -> None:
    environ = {"AWS_PROFILE": "prod", "HOME": "/h"}
    adopt({"AWS_REGION": "us-east-1"}, environ)
    assert environ == {"HOME": "/h", "AWS_REGION": "us-east-1"}
