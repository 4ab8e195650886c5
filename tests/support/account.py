"""What is in a simulated account, read back through its clients, in a form that two deployments can be compared in."""

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.deploy.conftest import Cloud

BUCKET = "vintner-dev-123456789012-us-east-1-an"
EVENT_FUNCTIONS = [
    f"{name}{sweep}" for name in ("ingest_and_retrain", "predict_batch", "promote") for sweep in ("", "_sweep")
]
FUNCTIONS = ["api_handler", *EVENT_FUNCTIONS]


def deployed_name(function: str) -> str:
    return "vintner-dev" if function == "api_handler" else f"vintner-dev-{function}"


def arn_of(function: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{deployed_name(function)}"


def functions(aws: Cloud) -> dict[str, Any]:
    """Each function's configuration, concurrency, permissions and failure destination."""
    client = aws.client("lambda")
    found: dict[str, Any] = {}
    for one in client.list_functions()["Functions"]:
        name = one["FunctionName"]
        kept = ("Runtime", "Handler", "MemorySize", "Timeout", "Role", "CodeSha256", "Environment")
        found[name] = {key: one[key] for key in kept}
        found[name]["Layers"] = [layer["Arn"] for layer in one.get("Layers", [])]
        found[name]["Concurrency"] = client.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        )
        found[name]["Policy"] = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
        configs = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
        found[name]["Failures"] = [{k: v for k, v in config.items() if k != "LastModified"} for config in configs]
    return found


def roles(aws: Cloud) -> dict[str, Any]:
    """Each role's policies."""
    client = aws.client("iam")
    return {
        role["RoleName"]: {
            name: client.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
            for name in client.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        }
        for role in client.list_roles()["Roles"]
    }


def bucket(aws: Cloud) -> dict[str, Any]:
    """The bucket's rules."""
    s3 = aws.client("s3")
    notifications: list[Any] = s3.get_bucket_notification_configuration(Bucket=BUCKET).get(
        "LambdaFunctionConfigurations", []
    )
    for one in notifications:
        del one["Id"]  # S3 makes one up each time that Chalice writes the notification
    return {
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
        "encryption": s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"],
        "public": s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]),
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"],
        "notifications": sorted(notifications, key=lambda one: str(one["LambdaFunctionArn"])),
    }


def apis(aws: Cloud) -> list[Any]:
    """The APIs with their routes, their own answers and their stages."""
    client = aws.client("apigateway")
    found = []
    for api in client.get_rest_apis()["items"]:
        at = {"restApiId": api["id"]}
        routes = {
            (resource["path"], method): {
                "key": details["apiKeyRequired"],
                "uri": details["methodIntegration"]["uri"],
            }
            for resource in client.get_resources(**at)["items"]
            for method in resource.get("resourceMethods", {})
            for details in [client.get_method(**at, resourceId=resource["id"], httpMethod=method)]
        }
        answers = client.get_gateway_responses(**at)["items"]
        stages = {one["stageName"]: one.get("methodSettings", {}) for one in client.get_stages(**at)["item"]}
        found.append({"id": api["id"], "routes": routes, "answers": answers, "stages": stages})
        found[-1]["endpoint"] = api["endpointConfiguration"]["types"]
    return found


def rules(aws: Cloud) -> dict[str, Any]:
    """The schedules and what they call."""
    client = aws.client("events")
    return {
        rule["Name"]: (rule["ScheduleExpression"], client.list_targets_by_rule(Rule=rule["Name"])["Targets"])
        for rule in client.list_rules()["Rules"]
    }


def queues(aws: Cloud) -> dict[str, Any]:
    client = aws.client("sqs")
    found = {}
    for url in client.list_queues().get("QueueUrls", []):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url.rpartition("/")[2]] = {name: attributes.get(name) for name in ("QueueArn", "MessageRetentionPeriod")}
    return found


def log_groups(aws: Cloud) -> dict[str, int]:
    """How many days each log group keeps."""
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    return {one["logGroupName"]: one.get("retentionInDays", 0) for one in groups}


def layers(aws: Cloud) -> list[str]:
    client = aws.client("lambda")
    versions = client.list_layer_versions(LayerName="vintner-dev-training")["LayerVersions"]
    return [version["LayerVersionArn"] for version in versions]


def alarms(aws: Cloud) -> dict[str, Any]:
    """Each alarm's metric, threshold and whom it tells."""
    pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
    kept = ("Namespace", "MetricName", "Dimensions", "Threshold", "Period", "EvaluationPeriods", "AlarmActions")
    found = [one for page in pages for one in page["MetricAlarms"]]
    return {one["AlarmName"]: {key: one[key] for key in kept} for one in found}


def everything(aws: Cloud) -> dict[str, Any]:
    """All of it."""
    found = {"functions": functions(aws), "roles": roles(aws), "apis": apis(aws), "rules": rules(aws)}
    found |= {"queues": queues(aws), "layers": layers(aws), "logs": log_groups(aws), "alarms": alarms(aws)}
    try:
        return {**found, "bucket": bucket(aws)}
    except ClientError:
        return {**found, "bucket": None}
