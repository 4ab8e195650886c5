"""The role that deploys may do what a stage's whole life makes it do, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.deploy.conftest import ROOT, Cloud, write_project
from tests.support.simulated_aws import simulated_aws

POLICY: Final = json.loads((ROOT / ".chalice" / "policy-deploy.json").read_text(encoding="utf-8"))
# Operations whose permission has another name, or which need a further one (AWS's service authorization reference).
NEEDED: Final = {
    "s3:DeleteObject": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:GetBucketLifecycleConfiguration": {"s3:GetLifecycleConfiguration"},
    "s3:GetBucketNotificationConfiguration": {"s3:GetBucketNotification"},
    "s3:HeadBucket": {"s3:ListBucket"},
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"},
    "s3:PutBucketEncryption": {"s3:PutEncryptionConfiguration"},
    "s3:PutBucketLifecycleConfiguration": {"s3:PutLifecycleConfiguration"},
    "s3:PutBucketNotificationConfiguration": {"s3:PutBucketNotification"},
    "s3:PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
    "lambda:CreateFunction": {"lambda:CreateFunction", "lambda:GetLayerVersion", "iam:PassRole"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "lambda:PublishLayerVersion": {"lambda:PublishLayerVersion", "s3:GetObject", "s3:GetObjectVersion"},
}
SERVICES: Final = {"cloudwatch-logs": "logs", "eventbridge": "events"}
VERBS: Final = {"Create": "POST", "Import": "POST", "Get": "GET", "Put": "PUT", "Update": "PATCH", "Delete": "DELETE"}
# Needed too when a trigger is gone, functions are tagged, uploads were abandoned, or concurrency is counted.
UNUSED_IN_A_GOOD_LIFE: Final = {
    "lambda:GetFunctionConcurrency",
    "lambda:RemovePermission",
    "lambda:TagResource",
    "lambda:UntagResource",
    "s3:AbortMultipartUpload",
}
ANY_RESOURCE: Final = {  # these operations know no resource, or list what they cannot know yet
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "lambda:GetAccountSettings",
    "logs:DescribeLogGroups",
    "sts:GetCallerIdentity",
}


def needed(call: str) -> set[str]:
    """The permissions that a call needs."""
    service, _, operation = call.partition(":")
    if service == "api-gateway":
        return {f"apigateway:{verb}" for prefix, verb in VERBS.items() if operation.startswith(prefix)}
    return NEEDED.get(call, {f"{SERVICES.get(service, service)}:{operation}"})


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The permissions that a stage's whole life needs."""
    project = write_project(tmp_path_factory.mktemp("life") / "project")
    with simulated_aws(settling=0) as environ:
        command = [sys.executable, "-m", "tests.deploy.recorded_calls", str(project)]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {permission for call in json.loads(done.stdout) for permission in needed(call)}


def actions(statement: dict[str, Any]) -> set[str]:
    return set(statement["Action"])


def test_the_role_may_do_what_a_stages_life_needs_and_nothing_else(used: set[str]) -> None:
    allowed = set().union(*(actions(statement) for statement in POLICY["Statement"]))
    assert used - allowed == set()
    assert allowed - used <= UNUSED_IN_A_GOOD_LIFE


@pytest.mark.parametrize("statement", POLICY["Statement"], ids=lambda statement: str(statement["Sid"]))
def test_a_permission_is_for_the_stages_own_resources(statement: dict[str, Any]) -> None:
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    assert statement["Effect"] == "Allow"
    assert not any("*" in action for action in statement["Action"])
    if resources == ["*"]:
        assert actions(statement) == ANY_RESOURCE
        return
    apis = ("restapis", "apikeys", "usageplans")  # named by ids that API Gateway makes up
    named = ("${bucket}", "${name}", *(f"::/{api}" for api in apis))
    own = [resource for resource in resources if any(name in resource for name in named)]
    assert own == resources


def test_the_command_prints_it_filled(aws: Cloud) -> None:
    done = aws.vintner("deploy", "--stage", "dev", "--show-policy")
    assert done.returncode == 0, done.stderr
    policy = json.loads(done.stdout)
    assert "${" not in done.stdout
    resources = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    assert resources["Bucket"] == "arn:aws:s3:::vintner-dev-123456789012-us-east-1-an"
    assert resources["Failures"] == "arn:aws:sqs:us-east-1:123456789012:vintner-dev-failures"
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert Path(aws.project / ".chalice" / "policy-deploy.json").is_file()
