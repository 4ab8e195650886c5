"""A deployment that was interrupted: Chalice has made things and has no record of them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, Cloud, write_project
from tests.faults import counting
from tests.support import account
from tests.support.simulated_aws import simulated_aws

LONG = "VINTNER_LONG_TESTS" in os.environ
EVERY = 1 if LONG else 30  # a kill takes five deployments, and there are two hundred


def forget(aws: Cloud) -> None:
    (aws.project / ".chalice" / "deployed" / "dev.json").unlink()
    aws.client("s3").delete_object(Bucket=account.BUCKET, Key="deployments/dev.json")


def test_the_next_deployment_goes_on_with_what_is_there(aws: Cloud) -> None:
    assert aws.vintner("deploy", "--stage", "dev").returncode == 0
    before = account.everything(aws)
    theirs = aws.client("apigateway").create_rest_api(name="vintner")["id"]  # the API of another stage
    forget(aws)
    done = aws.vintner("deploy", "--stage", "dev", "--json")
    assert done.returncode == 0, done.stderr
    aws.client("apigateway").delete_rest_api(restApiId=theirs)
    assert account.everything(aws) == before
    assert before["apis"][0]["id"] in json.loads(done.stdout)["url"]


def test_destroy_finds_what_no_record_tells_of(aws: Cloud) -> None:
    forget(aws)
    theirs = aws.client("apigateway").create_rest_api(name="vintner")["id"]
    done = aws.vintner("destroy", "--stage", "dev", "--yes", "--data", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["resources"] == 18  # an API, seven functions with their roles, three schedules
    assert [api["id"] for api in account.apis(aws)] == [theirs]
    empty = account.everything(aws)
    assert {name: found for name, found in empty.items() if found and name != "apis"} == {}


@pytest.mark.parametrize("what", ["deploy", "destroy"])
def test_a_kill_between_any_two_calls_stands_in_nobodys_way(
    what: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    project = write_project(tmp_path / "project")
    every = EVERY if what == "deploy" else -(-EVERY // 2)  # a destroy makes half as many calls
    command = [sys.executable, "-m", "tests.deploy.interruptions", str(project), what, str(every)]
    with simulated_aws(settling=0) as environ:
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["kills"] == len(range(0, found["calls"], every)) > 2
    record_property(
        counting.COUNT, f"{what}: {found['kills']} of {found['calls']} calls killed at, then deployed whole"
    )
