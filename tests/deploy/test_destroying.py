"""A stage with an API key and limits, and its end; what cannot be deployed says why before anything is there."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.conftest import Cloud, write_layer
from tests.support import account

LIMITED = {"VINTNER_API_KEY": "on", "VINTNER_RATE_LIMIT": "20", "VINTNER_BURST_LIMIT": "40"}
EMPTY: dict[str, Any] = {
    "functions": {},
    "roles": {},
    "apis": [],
    "rules": {},
    "queues": {},
    "layers": [],
    "logs": {},
    "alarms": {},
    "bucket": None,
}


def configure(aws: Cloud, change: Callable[[dict[str, Any]], object]) -> None:
    path = aws.project / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config["stages"]["dev"])
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (
            ["deploy", "--stage", "prod"],
            {},
            "expected a stage of .chalice/config.json, one of dev, local;",
        ),
        (["deploy", "--stage", "local"], {}, "stage 'local' is the simulated cloud's"),
        (["deploy", "--stage", "dev"], {"AWS_ACCESS_KEY_ID": ""}, "expected AWS credentials for stage 'dev'"),
        (["deploy", "--stage", "dev"], {"AWS_DEFAULT_REGION": "", "AWS_REGION": ""}, "expected an AWS region"),
        (["destroy", "--stage", "prod", "--yes"], {}, "found 'prod'"),
    ],
    ids=["no such stage", "the local one", "no credentials", "no region", "destroy no such stage"],
)
def test_what_cannot_be_says_why(aws: Cloud, arguments: list[str], variables: dict[str, str], message: str) -> None:
    done = aws.vintner(*arguments, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_policies_of_another_bucket_are_refused(aws: Cloud) -> None:
    path = aws.project / ".chalice" / "policy-promote.json"
    template = path.read_text(encoding="utf-8")
    path.write_text(template.replace("${bucket}", "vintner-other"), encoding="utf-8")
    done = aws.vintner("deploy", "--stage", "dev")
    path.write_text(template, encoding="utf-8")
    expected = f"expected only the bucket of stage 'dev', '{account.BUCKET}', found 'vintner-other'"
    assert expected in done.stderr
    assert "write ${bucket} in its place" in done.stderr
    assert account.everything(aws) == EMPTY


def test_a_layer_of_other_requirements_is_refused(aws: Cloud) -> None:
    write_layer(aws.project, leave_out="numpy")
    done = aws.vintner("deploy", "--stage", "dev")
    write_layer(aws.project)
    assert re.search(r"expected the packages of requirements-train.txt, found others \(numpy \S+\)", done.stderr)
    assert aws.client("lambda").list_functions()["Functions"] == []


def test_predictions_can_need_a_key_and_have_limits(aws: Cloud) -> None:
    configure(aws, lambda stage: stage["environment_variables"].update(LIMITED))
    done = aws.vintner("deploy", "--stage", "dev", "--json")
    assert done.returncode == 0, done.stderr
    key = json.loads(done.stdout)["api_key"]
    (api,) = account.apis(aws)
    open_to_all = {route for route, one in api["routes"].items() if not one["key"] and route[1] != "OPTIONS"}
    assert open_to_all == {("/health", "GET"), ("/ping", "GET")}
    assert {("/predict", "POST"), ("/invocations", "POST"), ("/status", "GET"), ("/", "GET")} <= set(api["routes"])
    limits = api["stages"]["api"]
    assert {name: (one["throttlingRateLimit"], one["throttlingBurstLimit"]) for name, one in limits.items()} == {
        "*/*": (20.0, 40)
    }
    gateway = aws.client("apigateway")
    (plan,) = gateway.get_usage_plans()["items"]
    assert plan["apiStages"] == [{"apiId": api["id"], "stage": "api"}]
    assert [one["id"] for one in gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]] == [key]


def test_the_key_is_kept_by_another_deployment_and_goes_when_it_is_switched_off(aws: Cloud) -> None:
    gateway = aws.client("apigateway")
    (before,) = gateway.get_api_keys()["items"]
    assert json.loads(aws.vintner("deploy", "--stage", "dev", "--json").stdout)["api_key"] == before["id"]
    off = {"VINTNER_API_KEY": "off", "VINTNER_RATE_LIMIT": "0", "VINTNER_BURST_LIMIT": "0"}
    configure(aws, lambda stage: stage["environment_variables"].update(off))
    assert json.loads(aws.vintner("deploy", "--stage", "dev", "--json").stdout)["api_key"] is None
    assert gateway.get_api_keys()["items"] == gateway.get_usage_plans()["items"] == []
    (api,) = account.apis(aws)
    assert not any(one["key"] for one in api["routes"].values())
    assert api["stages"] == {"api": {}}


def test_destroy_leaves_the_bucket_with_its_data(aws: Cloud) -> None:
    s3 = aws.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=account.BUCKET, Key="data/slots/a.csv", Body=body)
    asked = aws.vintner("destroy", "--stage", "dev")
    assert asked.returncode == 1
    assert account.functions(aws)
    done = aws.vintner("destroy", "--stage", "dev", "--yes")
    assert done.returncode == 0, done.stderr
    assert "stays, with its data" in done.stdout
    left = account.everything(aws)
    assert left["bucket"]["notifications"] == []
    assert {**left, "bucket": None} == EMPTY
    assert s3.get_object(Bucket=account.BUCKET, Key="data/slots/a.csv")["Body"].read() == b"two"
    assert "layers" not in (aws.project / ".chalice" / "config.json").read_text(encoding="utf-8")


def test_destroy_with_data_leaves_nothing_and_can_be_said_again(aws: Cloud) -> None:
    s3 = aws.client("s3")
    s3.delete_object(Bucket=account.BUCKET, Key="data/slots/a.csv")
    listed = s3.list_object_versions(Bucket=account.BUCKET)
    done = aws.vintner("destroy", "--stage", "dev", "--yes", "--data", "--json")
    assert json.loads(done.stdout)["object_versions"] >= len(listed["Versions"] + listed["DeleteMarkers"]) > 3
    assert account.everything(aws) == EMPTY
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.vintner("destroy", "--stage", "dev", "--yes", "--data").returncode == 0
