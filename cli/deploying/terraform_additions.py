"""What a stage needs beside Chalice's Terraform output: bucket, layer, failure destination, API key and limits."""

import json
import re
from collections.abc import Sequence
from typing import Any

from chalicelib.usage_plan import Gate
from cli.building.runtimes import Runtime
from cli.deploying.alarms import Alarm
from cli.deploying.bucket import MULTIPART_DAYS, NONCURRENT_DAYS, tls_only
from cli.deploying.failures import LONGEST_WAIT_SECONDS, RETENTION_SECONDS, RETRIES
from cli.deploying.gateway import EVERY_METHOD
from cli.deploying.logs import RETENTION_DAYS
from cli.stages.config import API

Resources = dict[str, dict[str, Any]]

_BUCKET = "${aws_s3_bucket.data.id}"
_API = "${aws_api_gateway_rest_api.rest_api.id}"


def additions(
    *, name: str, bucket: str, functions: Sequence[str], runtime: Runtime, gate: Gate, alarms: Sequence[Alarm]
) -> dict[str, Any]:
    """The resources that ``vintner deploy`` creates by itself, for a stage whose names start with `name`."""
    resources: Resources = {
        **_bucket(bucket),
        **_layer(name, runtime),
        **_failures(name, functions),
        **_gateway(gate, name),
        "aws_s3_bucket_notification": {
            f"{bucket}_notify": {"bucket": _BUCKET, "depends_on": _permissions(functions)},
        },
        "aws_cloudwatch_log_group": {
            function: {"name": f"/aws/lambda/{deployed}", "retention_in_days": RETENTION_DAYS}
            for function, deployed in {API: name, **{one: f"{name}-{one}" for one in functions}}.items()
        },
        "aws_cloudwatch_metric_alarm": {alarm.slug: _alarm(name, alarm) for alarm in alarms},
        "aws_lambda_function": {
            function: {"layers": ["${aws_lambda_layer_version.training.arn}"]} for function in functions
        },
    }
    reserve = {
        "type": "bool",
        "default": False,
        "description": "true where the account's limit leaves room for reserved concurrency; a new one's does not",
    }
    key = {"APIKey": {"value": "${aws_api_gateway_api_key.key.value}", "sensitive": True}} if gate.api_key else {}
    notify = {"type": "string", "default": "", "description": "the ARN of an SNS topic that hears of the alarms"}
    return {"variable": {"reserve_concurrency": reserve, "notify": notify}, "resource": resources, "output": key}


def _alarm(name: str, alarm: Alarm) -> dict[str, Any]:
    """An alarm as Terraform spells it: CloudWatch's own names, in snake case."""
    arguments = alarm.arguments(name, [])
    dimensions = {one["Name"]: one["Value"] for one in arguments.pop("Dimensions")}
    arguments["AlarmActions"] = '${var.notify == "" ? [] : [var.notify]}'
    found = {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): value for key, value in arguments.items()}
    return {**found, "dimensions": dimensions}


def _permissions(functions: Sequence[str]) -> list[str]:
    """S3 accepts a notification only of functions that it may call."""
    return [f"aws_lambda_permission.{function}-s3event" for function in functions if not function.endswith("_sweep")]


def _bucket(bucket: str) -> Resources:
    deny = tls_only("${aws_s3_bucket.data.arn}")
    rules = [
        {
            "id": "vintner-noncurrent-versions",
            "status": "Enabled",
            "filter": {},
            "noncurrent_version_expiration": {"noncurrent_days": NONCURRENT_DAYS},
        },
        {
            "id": "vintner-abandoned-uploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": MULTIPART_DAYS},
        },
    ]
    encryption = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}, "bucket_key_enabled": True}
    blocked = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    return {
        "aws_s3_bucket": {"data": {"bucket": bucket}},
        "aws_s3_bucket_versioning": {
            "data": {"bucket": _BUCKET, "versioning_configuration": {"status": "Enabled"}},
        },
        "aws_s3_bucket_server_side_encryption_configuration": {"data": {"bucket": _BUCKET, "rule": encryption}},
        "aws_s3_bucket_public_access_block": {"data": {"bucket": _BUCKET, **dict.fromkeys(blocked, True)}},
        "aws_s3_bucket_policy": {"data": {"bucket": _BUCKET, "policy": policy}},
        "aws_s3_bucket_lifecycle_configuration": {
            "data": {"bucket": _BUCKET, "rule": rules, "depends_on": ["aws_s3_bucket_versioning.data"]},
        },
    }


def _layer(name: str, runtime: Runtime) -> Resources:
    file = "${path.module}/training-layer.zip"
    return {
        "aws_s3_object": {
            "layer": {
                "bucket": "${aws_s3_bucket_versioning.data.bucket}",
                "key": "deployments/training-layer.zip",
                "source": file,
                "source_hash": f'${{filemd5("{file}")}}',
            }
        },
        "aws_lambda_layer_version": {
            "training": {
                "layer_name": f"{name}-training",
                "s3_bucket": "${aws_s3_object.layer.bucket}",
                "s3_key": "${aws_s3_object.layer.key}",
                "s3_object_version": "${aws_s3_object.layer.version_id}",
                "compatible_runtimes": [runtime.name],
                "compatible_architectures": [runtime.architecture],
            }
        },
    }


def _failures(name: str, functions: Sequence[str]) -> Resources:
    arn = "${aws_sqs_queue.failures.arn}"
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [send]})
    return {
        "aws_sqs_queue": {
            "failures": {
                "name": f"{name}-failures",
                "message_retention_seconds": RETENTION_SECONDS,
                "sqs_managed_sse_enabled": True,
            }
        },
        "aws_iam_role_policy": {
            f"{function}_failures": {
                "name": "failures",
                "role": f"${{aws_iam_role.{function}_role.id}}",
                "policy": policy,
            }
            for function in functions
        },
        "aws_lambda_function_event_invoke_config": {
            function: {
                "function_name": f"${{aws_lambda_function.{function}.function_name}}",
                "maximum_retry_attempts": RETRIES,
                "maximum_event_age_in_seconds": LONGEST_WAIT_SECONDS,
                "destination_config": {"on_failure": {"destination": arn}},
                "depends_on": [f"aws_iam_role_policy.{function}_failures"],
            }
            for function in functions
        },
    }


def _gateway(gate: Gate, name: str) -> Resources:
    found: Resources = {}
    stage = "${aws_api_gateway_stage.rest_api.stage_name}"
    if gate.rate_limit:
        limits = {"throttling_rate_limit": gate.rate_limit, "throttling_burst_limit": gate.burst_limit}
        found["aws_api_gateway_method_settings"] = {
            "every": {"rest_api_id": _API, "stage_name": stage, "method_path": EVERY_METHOD, "settings": limits}
        }
    if gate.api_key:
        found["aws_api_gateway_api_key"] = {"key": {"name": name}}
        found["aws_api_gateway_usage_plan"] = {
            "plan": {"name": name, "api_stages": [{"api_id": _API, "stage": stage}]},
        }
        found["aws_api_gateway_usage_plan_key"] = {
            "key": {
                "key_id": "${aws_api_gateway_api_key.key.id}",
                "key_type": "API_KEY",
                "usage_plan_id": "${aws_api_gateway_usage_plan.plan.id}",
            }
        }
    return found
