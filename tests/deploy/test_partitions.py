"""A partition that is not the standard one: its ARNs, its endpoints, its addresses."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tests.deploy.conftest import Cloud, write_project
from tests.support.simulated_aws import simulated_aws

REGION = "us-gov-west-1"
BUCKET = f"vintner-dev-123456789012-{REGION}-an"


@pytest.fixture(scope="module")
def gov(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A project whose region is AWS GovCloud's."""
    project = write_project(tmp_path_factory.mktemp("gov") / "project")
    with simulated_aws(settling=0) as environ:
        yield Cloud(project, {**environ, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION})


def test_a_stage_is_deployed_to_govcloud_and_taken_down(gov: Cloud) -> None:
    done = gov.vintner("deploy", "--stage", "dev", "--json")
    assert done.returncode == 0, done.stderr
    deployed = json.loads(done.stdout)
    assert deployed["bucket"] == BUCKET
    assert f".execute-api.{REGION}.amazonaws.com/" in deployed["url"]
    session = boto3.Session("testing", "testing", region_name=REGION)
    url = gov.environ["AWS_ENDPOINT_URL"]
    iam = session.client("iam", endpoint_url=url)
    policies = [
        json.dumps(iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"])
        for role in iam.list_roles()["Roles"]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    ]
    assert len(policies) > 5
    assert all("arn:aws-us-gov:" in text and "arn:aws:" not in text for text in policies)
    statements = json.loads(session.client("s3", endpoint_url=url).get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert statements["Statement"][0]["Resource"][0] == f"arn:aws-us-gov:s3:::{BUCKET}"
    down = gov.vintner("destroy", "--stage", "dev", "--yes", "--data")
    assert down.returncode == 0, down.stderr


def test_a_region_without_namespaces_has_a_bucket_named_after_the_account(gov: Cloud) -> None:
    bahrain = replace(gov, environ={**gov.environ, "AWS_DEFAULT_REGION": "me-south-1", "AWS_REGION": "me-south-1"})
    done = bahrain.vintner("deploy", "--stage", "dev", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bucket"] == "vintner-dev-123456789012-me-south-1"
    down = bahrain.vintner("destroy", "--stage", "dev", "--yes", "--data")
    assert down.returncode == 0, down.stderr


def test_a_bucket_of_another_region_is_refused_before_anything_is_made(gov: Cloud) -> None:
    other = replace(gov, environ={**gov.environ, "AWS_DEFAULT_REGION": "us-gov-east-1", "AWS_REGION": "us-gov-east-1"})
    elsewhere = boto3.Session("testing", "testing", region_name=REGION)
    s3 = elsewhere.client("s3", endpoint_url=gov.environ["AWS_ENDPOINT_URL"])
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": REGION})  # type: ignore[typeddict-item]
    path = gov.project / ".chalice" / "config.json"
    path.write_text(path.read_text(encoding="utf-8").replace("vintner-dev-{account}-{region}-an", "elsewhere"))
    done = other.vintner("deploy", "--stage", "dev")
    assert done.returncode == 1
    assert f"expected a bucket in us-gov-east-1, where the functions are deployed, found it in {REGION}" in done.stderr
    assert Path(other.project / ".chalice" / "deployed" / "dev.json").exists() is False
