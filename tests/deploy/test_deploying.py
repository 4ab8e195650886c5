"""A stage on a simulated AWS: all that ``vintner deploy`` puts there, read back through the AWS clients."""

import base64
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.building.stage_runtime import runtime_of
from cli.deploying.account import Account
from cli.deploying.bucket import ensure_bucket
from cli.deploying.chalice import account_has
from cli.deploying.policies import fill
from local.project.project import Project
from shared.settings import Settings
from tests.deploy.conftest import Cloud
from tests.support import account
from tests.support.account import EVENT_FUNCTIONS, FUNCTIONS, arn_of, deployed_name

ROOT = Path(__file__).resolve().parents[2]
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
QUEUE = "arn:aws:sqs:us-east-1:123456789012:vintner-dev-failures"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:vintner-dev-training:1"
HANDLERS = {"api_handler": "app.app", **{name: f"chalicelib.triggers.{name}" for name in EVENT_FUNCTIONS}}

Found = dict[str, Any]


@pytest.fixture(scope="module")
def told(aws: Cloud) -> str:
    """What the first deployment printed."""
    done = aws.vintner("deploy", "--stage", "dev")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(aws: Cloud, told: str) -> Found:
    """What is in the account after it."""
    assert told
    return account.everything(aws)


def test_it_prints_the_url_and_the_next_step(aws: Cloud, told: str, found: Found) -> None:
    url = f"https://{found['apis'][0]['id']}.execute-api.us-east-1.amazonaws.com/api/"
    assert f"URL         {url}\n" in told
    assert "Next:  vintner upload --stage dev --test" in told
    record = json.loads((aws.project / ".chalice" / "deployed" / "dev.json").read_text(encoding="utf-8"))
    assert url in [one.get("rest_api_url") for one in record["resources"]]


def test_the_bucket_is_versioned_encrypted_and_private(found: Found) -> None:
    bucket = found["bucket"]
    assert bucket["versioning"] == "Enabled"
    assert [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in bucket["encryption"]] == ["AES256"]
    assert set(bucket["public"].values()) == {True}
    assert len(bucket["public"]) == 4
    (statement,) = bucket["policy"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{account.BUCKET}", f"arn:aws:s3:::{account.BUCKET}/*"]


def test_nothing_current_ages_away(found: Found) -> None:
    rules = found["bucket"]["lifecycle"]
    actions = [set(rule) - {"ID", "Status", "Filter"} for rule in rules]
    assert actions == [{"NoncurrentVersionExpiration"}, {"AbortIncompleteMultipartUpload"}]


def test_the_bucket_rings_its_functions(found: Found) -> None:
    bells = {
        one["LambdaFunctionArn"]: (
            set(one["Events"]),
            {rule["Name"].lower(): rule["Value"] for rule in one["Filter"]["Key"]["FilterRules"]},
        )
        for one in found["bucket"]["notifications"]
    }
    assert bells == {
        arn_of("ingest_and_retrain"): ({"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}, {"prefix": "data/"}),
        arn_of("predict_batch"): ({"s3:ObjectCreated:*"}, {"prefix": "batch/"}),
        arn_of("promote"): ({"s3:ObjectCreated:*"}, {"prefix": "models/", "suffix": "/score.json"}),
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_as_the_configuration_says(found: Found, function: str) -> None:
    deployed, wished = found["functions"][deployed_name(function)], CONFIG["lambda_functions"][function]
    assert (deployed["MemorySize"], deployed["Timeout"]) == (wished["lambda_memory_size"], wished["lambda_timeout"])
    assert deployed["Concurrency"] == wished.get("reserved_concurrency")
    assert (deployed["Runtime"], deployed["Handler"]) == (CONFIG["lambda_runtime"], HANDLERS[function])
    variables = {**CONFIG["stages"]["dev"]["environment_variables"], "VINTNER_BUCKET": account.BUCKET}
    assert deployed["Environment"]["Variables"] == variables
    assert deployed["Layers"] == ([LAYER] if function in EVENT_FUNCTIONS else [])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_own_role(found: Found, function: str) -> None:
    role = found["functions"][deployed_name(function)]["Role"].rpartition("/")[2]
    file = CONFIG["stages"]["dev"]["lambda_functions"][function]["iam_policy_file"]
    policies = dict(found["roles"][role])
    failures = policies.pop("failures", None)
    template = (ROOT / ".chalice" / file).read_text(encoding="utf-8")
    assert list(policies.values()) == [
        json.loads(fill(template, bucket=account.BUCKET, partition="aws", jobs="vintner-dev"))
    ]
    wished = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
    assert failures == ({"Version": "2012-10-17", "Statement": [wished]} if function in EVENT_FUNCTIONS else None)
    assert sum(one["Role"].endswith(f"/{role}") for one in found["functions"].values()) == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_an_event_function_cannot_handle_goes_to_the_queue(found: Found, function: str) -> None:
    destinations = [one["DestinationConfig"] for one in found["functions"][deployed_name(function)]["Failures"]]
    assert destinations == ([{"OnFailure": {"Destination": QUEUE}}] if function in EVENT_FUNCTIONS else [])
    assert found["queues"] == {"vintner-dev-failures": {"QueueArn": QUEUE, "MessageRetentionPeriod": "1209600"}}


def test_the_schedules_ring_the_sweeps(found: Found) -> None:
    assert {(expression, target["Arn"]) for expression, (target,) in found["rules"].values()} == {
        ("rate(1 hour)", arn_of("ingest_and_retrain_sweep")),
        ("rate(1 hour)", arn_of("predict_batch_sweep")),
        ("rate(1 hour)", arn_of("promote_sweep")),
    }


def test_the_api_has_the_routes_of_the_app(found: Found) -> None:
    (api,) = found["apis"]
    routes = {route for route in api["routes"] if route[1] != "OPTIONS"}
    posts = {("/predict", "POST"), ("/invocations", "POST")}
    assets = ("/assets/{version}/{name}", "GET")
    gets = {
        (path, "GET") for path in ("/", "/docs", "/health", "/model", "/openapi.json", "/ping", "/profile", "/status")
    }
    assert routes == posts | gets | {assets}
    assert all(arn_of("api_handler") in one["uri"] and one["key"] is False for one in api["routes"].values())
    assert list(api["stages"]) == ["api"]
    assert {name: limits_of(one) for name, one in api["stages"]["api"].items()} == {"*/*": (50.0, 100)}
    assert api["endpoint"] == ["REGIONAL"]


def limits_of(settings: Found) -> tuple[float, int]:
    return settings["throttlingRateLimit"], settings["throttlingBurstLimit"]


def test_the_gateways_own_answers_are_problems(found: Found) -> None:
    answers = {one["responseType"]: one for one in found["apis"][0]["answers"]}
    assert {"MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "INVALID_API_KEY", "REQUEST_TOO_LARGE"} <= set(answers)
    others = [answers.pop(name) for name in ("DEFAULT_4XX", "DEFAULT_5XX")]
    for one in [*answers.values(), *others]:
        assert one["responseParameters"] == {"gatewayresponse.header.Content-Type": "'application/problem+json'"}
    for one in others:  # each keeps the status of what it answers, so none is named
        assert one.get("statusCode") is None
        assert set(json.loads(one["responseTemplates"]["application/json"])) == {"type", "title", "detail"}
    for one in answers.values():
        document = json.loads(one["responseTemplates"]["application/json"])
        assert document["status"] == int(one["statusCode"])
        assert set(document) == {"type", "title", "status", "detail"}
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"


def test_no_upload_of_the_layer_stays_behind(aws: Cloud, found: Found) -> None:
    assert found["layers"] == [LAYER]
    versions = aws.client("s3").list_object_versions(Bucket=account.BUCKET)
    assert versions.get("DeleteMarkers", []) == []
    package = base64.b64decode(found["functions"]["vintner-dev"]["CodeSha256"]).hex()
    assert [one["Key"] for one in versions["Versions"]] == [
        "deployments/dev.json",
        f"deployments/dev/{package}.zip",
        "deployments/dev/releases.json",
    ]


def test_a_second_deployment_changes_nothing(aws: Cloud, found: Found) -> None:
    config = (aws.project / ".chalice" / "config.json").read_bytes()
    (aws.project / ".chalice" / "deployed" / "dev.json").unlink()  # as in a fresh clone
    done = aws.vintner("deploy", "--stage", "dev", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["layer"] == LAYER
    assert account.everything(aws) == found
    assert (aws.project / ".chalice" / "config.json").read_bytes() == config


def test_the_layer_is_published_again_only_with_other_bytes(aws: Cloud, found: Found) -> None:
    assert found
    same = aws.vintner("layer", "publish", "--stage", "dev", "--json")
    published = json.loads(same.stdout)
    assert {**published, "functions": sorted(published["functions"])} == {"arn": LAYER, "functions": EVENT_FUNCTIONS}


@pytest.fixture
def signed_in(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account as the commands have it."""
    for name, value in aws.environ.items():
        monkeypatch.setenv(name, value)
    settings = Settings(bucket=account.BUCKET, label="diagnosis")
    return Account(Project(aws.project, "dev"), settings, boto3.Session(), runtime_of(CONFIG, "dev"))


def test_statements_and_rules_of_others_stay(aws: Cloud, found: Found, signed_in: Account) -> None:
    s3 = aws.client("s3")
    theirs = {**found["bucket"]["policy"]["Statement"][0], "Sid": "Theirs", "Action": "s3:PutObjectAcl"}
    s3.put_bucket_policy(Bucket=account.BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    rule = {"ID": "theirs", "Status": "Disabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=account.BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert ensure_bucket(signed_in) is False
    after = account.bucket(aws)
    assert [one["Sid"] for one in after["policy"]["Statement"]] == ["Theirs", "VintnerTlsOnly"]
    assert [one["ID"] for one in after["lifecycle"]] == ["theirs", *(one["ID"] for one in found["bucket"]["lifecycle"])]


@pytest.mark.parametrize(
    ("unreserved", "reserved_here", "has"),
    [(1000, 0, True), (102, 0, True), (101, 0, False), (100, 2, True), (8, 2, False)],
    ids=["room", "just enough", "one too few", "reserved already", "a new account"],
)
def test_concurrency_is_reserved_where_the_account_has_room(
    signed_in: Account, found: Found, unreserved: int, reserved_here: int, has: bool
) -> None:
    deployed = len(found["functions"])
    with Stubber(signed_in.functions) as stubbed:
        limits = {"AccountLimit": {"UnreservedConcurrentExecutions": unreserved}}
        stubbed.add_response("get_account_settings", limits)
        for number in [reserved_here, *[0] * (deployed - 1)]:
            stubbed.add_response("get_function_concurrency", {"ReservedConcurrentExecutions": number})
        assert account_has(signed_in, 2) is has
