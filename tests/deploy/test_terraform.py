"""The second way in: a template without what Terraform and its AWS provider have removed, complete, and accepted."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.deploying.terraform import FOLDER, PROVIDER, merged
from tests.deploy.conftest import Cloud
from tests.support import account
from tests.support.account import EVENT_FUNCTIONS, FUNCTIONS

PLUGINS = os.environ.get("VINTNER_TERRAFORM_PLUGINS", "")  # a folder of unpacked providers, as terraform mirrors them
REFERENCE = re.compile(r"\$\{(?:[a-z0-9]+\(\")?(data\.)?(aws_\w+)\.([\w-]+)")
LIMITS = {"VINTNER_API_KEY": "on", "VINTNER_RATE_LIMIT": "50", "VINTNER_BURST_LIMIT": "100"}

Template = dict[str, Any]


@pytest.fixture(scope="module")
def folder(aws: Cloud) -> Path:
    """What ``vintner package --terraform`` wrote for a stage with an API key and limits."""
    path = aws.project / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["stages"]["dev"]["environment_variables"] |= LIMITS
    path.write_text(json.dumps(config), encoding="utf-8")
    done = aws.vintner("package", "--terraform", "--stage", "dev")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("dist/terraform/deployment.zip: ")
    return aws.project / FOLDER


@pytest.fixture(scope="module")
def template(folder: Path) -> Template:
    found: Template = json.loads((folder / "chalice.tf.json").read_text(encoding="utf-8"))
    return found


def test_it_is_complete(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"chalice.tf.json", "deployment.zip", "training-layer.zip"}


def test_the_constraints_are_of_today(template: Template) -> None:
    wanted = {"aws": {"source": "hashicorp/aws", "version": PROVIDER}}
    assert template["terraform"] == {"required_version": ">= 1.5.0", "required_providers": wanted}


def test_nothing_is_left_of_what_was_removed(template: Template) -> None:
    assert set(template["data"]) == {"aws_caller_identity", "aws_partition", "aws_region"}
    assert "null_data_source" not in json.dumps(template)
    assert not {"stage_name", "stage_description"} & set(template["resource"]["aws_api_gateway_deployment"]["rest_api"])
    assert "aws_api_gateway_deployment" not in json.dumps(template["output"])


def test_every_reference_is_to_something_that_is_there(template: Template) -> None:
    text = json.dumps({key: template[key] for key in ("resource", "output", "locals")}).replace('\\\\"', '"')
    found = {(data, kind, name) for data, kind, name in REFERENCE.findall(text.replace('\\"', '"'))}
    assert len(found) > 20
    missing = [
        (kind, name) for data, kind, name in found if name not in template["data" if data else "resource"].get(kind, {})
    ]
    assert missing == []


def test_the_functions_are_those_of_the_stage(template: Template) -> None:
    functions = template["resource"]["aws_lambda_function"]
    assert set(functions) == set(FUNCTIONS)
    layered = {name for name, one in functions.items() if one.get("layers")}
    assert layered == set(EVENT_FUNCTIONS) == set(template["resource"]["aws_lambda_function_event_invoke_config"])
    reserved = {name for name, one in functions.items() if "reserved_concurrent_executions" in one}
    assert reserved == {"ingest_and_retrain", "ingest_and_retrain_sweep"}
    assert functions["promote"]["filename"] == "${path.module}/deployment.zip"


def test_two_stages_do_not_share_a_schedule(template: Template) -> None:
    names = {rule["name"] for rule in template["resource"]["aws_cloudwatch_event_rule"].values()}
    sweeps = ("ingest_and_retrain", "predict_batch", "promote")
    assert names == {f"vintner-dev-{name}_sweep-event" for name in sweeps}


def test_the_api_answers_as_the_app_does_and_needs_a_key(template: Template) -> None:
    swagger = json.loads(template["locals"]["chalice_api_swagger"])
    assert swagger["x-amazon-apigateway-gateway-responses"]["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert swagger["paths"]["/predict"]["post"]["security"] == [{"api_key": []}]
    limits = template["resource"]["aws_api_gateway_method_settings"]["every"]
    assert limits["method_path"] == "*/*"
    assert limits["settings"] == {"throttling_rate_limit": 50.0, "throttling_burst_limit": 100}
    assert set(template["resource"]["aws_api_gateway_usage_plan_key"]) == {"key"}


def test_nothing_current_ages_away(template: Template) -> None:
    rules = template["resource"]["aws_s3_bucket_lifecycle_configuration"]["data"]["rule"]
    assert [set(rule) - {"id", "status", "filter"} for rule in rules] == [
        {"noncurrent_version_expiration"},
        {"abort_incomplete_multipart_upload"},
    ]


def test_templates_are_merged_to_their_depth() -> None:
    assert merged({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2], "e": 3}}) == {
        "a": {"b": 1, "c": [2], "e": 3},
        "d": 1,
    }


@pytest.mark.parametrize("arguments", [["--terraform"], ["--stage", "dev"]])
def test_a_half_wish_is_refused(aws: Cloud, arguments: list[str]) -> None:
    done = aws.vintner("package", *arguments)
    assert done.returncode == 2
    assert "--terraform and --stage NAME together" in done.stderr


def terraform(aws: Cloud, folder: Path, *arguments: str) -> None:
    environ = {**aws.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    command = ["terraform", *arguments, "-no-color"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not (PLUGINS and shutil.which("terraform")), reason="needs terraform and VINTNER_TERRAFORM_PLUGINS")
def test_terraform_accepts_it_and_puts_it_on_a_simulated_aws(folder: Path, aws: Cloud) -> None:
    simulated = {"s3_use_path_style": True, "skip_credentials_validation": True, "skip_metadata_api_check": True}
    (folder / "simulated.tf.json").write_text(json.dumps({"provider": {"aws": simulated}}))
    terraform(aws, folder, "init", f"-plugin-dir={PLUGINS}")
    terraform(aws, folder, "validate")
    terraform(aws, folder, "apply", "-auto-approve")
    found = account.everything(aws)
    assert {name: one["Layers"] != [] for name, one in found["functions"].items()} == {
        account.deployed_name(function): function in EVENT_FUNCTIONS for function in FUNCTIONS
    }
    assert len(found["bucket"]["notifications"]) == 2
    assert set(found["queues"]) == {"vintner-dev-failures"}
    terraform(aws, folder, "destroy", "-auto-approve")
    assert account.functions(aws) == {}
