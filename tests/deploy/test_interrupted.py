"""A deployment that was interrupted: Chalice has made things and has no record of them."""

import json

from tests.deploy.conftest import Cloud
from tests.support import account


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
    assert json.loads(done.stdout)["resources"] == 13  # an API, five functions with their roles, two schedules
    assert [api["id"] for api in account.apis(aws)] == [theirs]
    empty = account.everything(aws)
    assert {name: found for name, found in empty.items() if found and name != "apis"} == {}
