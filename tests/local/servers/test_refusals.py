"""What the simulated AWS refuses, with AWS's own codes; each test is a line of the table in docs/operations.md."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.simulated_aws import simulated_aws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[..., Any]]:
    """Clients of a simulated AWS that refuses what is new twice, each asking once."""
    with simulated_aws(settling=2) as environ:
        session, once = boto3.Session("testing", "testing"), Config(retries={"total_max_attempts": 1})

        def client(service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401  (a client of any service)
            named: Any = service
            return session.client(named, region, endpoint_url=environ["AWS_ENDPOINT_URL"], config=once)

        yield client


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
    assert words in caught.value.response["Error"]["Message"]


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        packed.writestr("app.py", "")
    return written.getvalue()


@pytest.fixture(scope="module")
def function(client: Callable[..., Any]) -> str:
    """The ARN of a function whose role may do nothing."""
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    made = client("lambda").create_function(
        FunctionName="f", Runtime="python3.13", Role=role["Role"]["Arn"], Handler="app.app", Code={"ZipFile": archive()}
    )
    return str(made["FunctionArn"])


@pytest.fixture
def bucket(client: Callable[..., Any], request: pytest.FixtureRequest) -> str:
    """A bucket that S3 knows everywhere."""
    name = f"b-{abs(hash(request.node.name)) % 10**9}"
    client("s3").create_bucket(Bucket=name)
    for code in ("NoSuchBucket", "OperationAborted"):
        with refused(code):
            client("s3").list_objects_v2(Bucket=name)
    return name


def test_a_new_bucket_is_not_known_everywhere_at_once(client: Callable[..., Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="new")
    with refused("NoSuchBucket"):
        s3.put_object(Bucket="new", Key="a", Body=b"")
    with refused("OperationAborted", "conflicting conditional operation"):
        s3.put_bucket_versioning(Bucket="new", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="new", Key="a", Body=b"")


def test_the_account_regional_namespace_is_not_everywhere(client: Callable[..., Any]) -> None:
    def create(region: str) -> None:
        client("s3", region).create_bucket(
            Bucket=f"own-123456789012-{region}-an",
            BucketNamespace="account-regional",
            CreateBucketConfiguration={"LocationConstraint": region},
        )

    create("eu-south-1")
    with refused("InvalidNamespaceHeader"):
        create("me-south-1")


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("LambdaFunction", "arn:aws:lambda:us-east-1:123456789012:function:nobody"),
        ("Queue", "arn:aws:sqs:us-east-1:123456789012:nobody"),
        ("Topic", "arn:aws:sns:us-east-1:123456789012:nobody"),
    ],
)
def test_a_notification_to_what_is_not_there_is_refused(
    client: Callable[..., Any], bucket: str, kind: str, arn: str
) -> None:
    one = {f"{kind}Arn": arn, "Events": ["s3:ObjectCreated:*"]}
    config = {f"{kind}Configurations": [one]}
    put = client("s3").put_bucket_notification_configuration
    with refused("InvalidArgument", "Unable to validate the following destination configurations"):
        put(Bucket=bucket, NotificationConfiguration=config)
    put(Bucket=bucket, NotificationConfiguration=config, SkipDestinationValidation=True)


def test_a_notification_to_a_function_that_s3_may_not_call_is_refused(
    client: Callable[..., Any], bucket: str, function: str
) -> None:
    one = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    wish = {"Bucket": bucket, "NotificationConfiguration": {"LambdaFunctionConfigurations": [one]}}
    with refused("InvalidArgument", "Unable to validate"):
        client("s3").put_bucket_notification_configuration(**wish)
    client("lambda").add_permission(
        FunctionName="f", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    client("s3").put_bucket_notification_configuration(**wish)


def test_lambda_does_not_see_an_object_whose_versions_are_new(client: Callable[..., Any], bucket: str) -> None:
    s3, publish = client("s3"), client("lambda").publish_layer_version
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="layer.zip", Body=archive())
    wish = {"LayerName": "l", "Content": {"S3Bucket": bucket, "S3Key": "layer.zip"}}
    for _ in range(2):
        with refused("InvalidParameterValueException", "S3 Error Code: NoSuchKey"):
            publish(**wish)
    assert publish(**wish)["Version"] == 1


def test_the_name_of_a_deleted_queue_is_free_later(client: Callable[..., Any]) -> None:
    sqs = client("sqs")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="again")["QueueUrl"])
    for _ in range(2):
        with refused("AWS.SimpleQueueService.QueueDeletedRecently", "wait 60 seconds"):
            sqs.create_queue(QueueName="again")
    assert sqs.create_queue(QueueName="again")["QueueUrl"].endswith("/again")


def test_a_destination_needs_a_permission_that_is_known(client: Callable[..., Any], function: str) -> None:
    assert function
    url = client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    put = client("lambda").put_function_event_invoke_config
    wish = {"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": arn}}}
    with refused("InvalidParameterValueException", "does not have permissions to call SendMessage on SQS"):
        put(**wish)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
    for _ in range(2):
        with refused("InvalidParameterValueException"):
            put(**wish)
    assert put(**wish)["DestinationConfig"] == wish["DestinationConfig"]


HTTP = {"type": "http", "uri": "http://127.0.0.1", "httpMethod": "GET"}
PATHS = {"/pets": {"get": {"x-amazon-apigateway-integration": HTTP}}}
SWAGGER = json.dumps({"swagger": "2.0", "info": {"version": "1", "title": "t"}, "paths": PATHS}).encode()


@pytest.mark.parametrize(
    ("region", "kind", "is_refused"),
    [
        ("us-east-1", "EDGE", False),
        ("us-gov-west-1", "EDGE", True),
        ("cn-north-1", "EDGE", True),
        ("us-gov-west-1", "REGIONAL", False),
    ],
)
def test_only_the_standard_partition_has_edge_endpoints(
    client: Callable[..., Any], region: str, kind: str, is_refused: bool
) -> None:
    wish = {"body": SWAGGER, "parameters": {"endpointConfigurationTypes": kind}}
    gateway = client("apigateway", region)
    if is_refused:
        with refused("BadRequestException", "Endpoint type EDGE is not supported"):
            gateway.import_rest_api(**wish)
    else:
        assert gateway.import_rest_api(**wish)["endpointConfiguration"]["types"] == [kind]


@pytest.fixture(scope="module")
def patch(client: Callable[..., Any]) -> Callable[..., Any]:
    """Change a stage; its settings afterwards."""
    gateway = client("apigateway")
    api = gateway.import_rest_api(body=SWAGGER, parameters={"endpointConfigurationTypes": "REGIONAL"})["id"]
    gateway.create_deployment(restApiId=api, stageName="s")

    def patch(op: str, path: str, **value: str) -> Any:  # noqa: ANN401  (the settings as the API spells them)
        changes = [{"op": op, "path": path, **value}]
        return gateway.update_stage(restApiId=api, stageName="s", patchOperations=changes)["methodSettings"]

    return patch


@pytest.mark.parametrize(
    ("op", "path"),
    [
        ("replace", "//pets/GET/throttling/rateLimit"),
        ("replace", "/pets/dogs/GET/throttling/rateLimit"),
        ("replace", "/pets/GET/throttling"),
        ("replace", "/pets/GET/throttling/rate"),
        ("replace", "/*/*/throttling/rateLimit/more"),
        ("remove", "//pets/GET"),
        ("remove", "/pets/dogs/GET"),
    ],
)
def test_a_path_of_no_settings_is_refused(patch: Callable[..., Any], op: str, path: str) -> None:
    with refused("BadRequestException", f"Invalid method setting path: {path}. Must be one of"):
        patch(op, path, **({"value": "5"} if op == "replace" else {}))


@pytest.mark.parametrize("name", ["*/*", "~1pets~1dogs/GET", "pets/GET"])
def test_settings_are_named_as_they_were_addressed_and_can_be_removed(patch: Callable[..., Any], name: str) -> None:
    assert patch("replace", f"/{name}/throttling/rateLimit", value="5")[name]["throttlingRateLimit"] == 5.0
    assert name not in patch("remove", f"/{name}")


def test_an_api_that_is_gone_is_not_found(client: Callable[..., Any]) -> None:
    with refused("NotFoundException", "Invalid API identifier"):
        client("apigateway").delete_rest_api(restApiId="nothing")
