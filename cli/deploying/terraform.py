"""Chalice's Terraform output for a stage, mended for the current Terraform and AWS provider.

Chalice asks for Terraform before 1.4 and a provider before 5, which does not know Python 3.11, and uses what was
removed since: the null provider's data source, and the stage as an argument of the API's deployment.
"""

import io
import json
import os
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.package import PackageOptions

from chalicelib.cors import allowed_origins
from chalicelib.usage_plan import Gate
from cli.building.archive import Artefact, measure
from cli.building.code import clean_copy, pack
from cli.building.limits import check_together
from cli.building.runtimes import Runtime
from cli.building.training_layer import LAYER, check_layer
from cli.deploying.alarms import alarms_of
from cli.deploying.chalice import fill_configuration, runtime_is_configured, stage_config
from cli.deploying.gateway import gateway_responses
from cli.deploying.terraform_additions import additions
from cli.stages.config import read_config, settings_of, training_functions
from local.project.project import Project

FOLDER: Final = Path("dist") / "terraform"
TEMPLATE: Final = "chalice.tf.json"
TERRAFORM: Final = ">= 1.5.0"
PROVIDER: Final = ">= 5.31.0, < 7.0.0"
REGION: Final = "us-east-1"  # only for Chalice to know what the services are called: Terraform has a region of its own

PARTITION: Final = "${data.aws_partition.chalice.partition}"

SWAGGER: Final = "chalice_api_swagger"

Template = dict[str, Any]


def package_terraform(project: Path, stage: str, runtime: Runtime) -> Artefact:
    """Write the template, the zip and the layer of a stage to ``dist/terraform``; the zip."""
    layer = project / LAYER
    check_layer(project, layer, runtime)
    config, settings = Project(project, stage, outer={}), settings_of(project, stage)
    folder = project / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with clean_copy(project) as copy:
        fill_configuration(project, copy, stage, bucket=settings.bucket, partition=PARTITION)
        check_together(pack(copy, runtime), measure(layer))
        _run_chalice(copy, folder, stage)
    shutil.copyfile(layer, folder / LAYER.name)
    template = mended(json.loads((folder / TEMPLATE).read_text(encoding="utf-8")), name=config.deployed_name())
    functions = training_functions(read_config(project))
    more = additions(
        name=config.deployed_name(),
        bucket=settings.bucket,
        functions=functions,
        runtime=runtime,
        alarms=alarms_of(
            name=config.deployed_name(),
            app=config.config.app_name,
            api_stage=config.config.api_gateway_stage,
            bucket=settings.bucket,
            queue=f"{config.deployed_name()}-failures",
            timeouts={one: config.function(one).timeout_seconds for one in functions},
        ),
        gate=Gate.from_environment(),
    )
    text = json.dumps(merged(template, more), indent=2) + "\n"
    (folder / TEMPLATE).write_text(text, encoding="utf-8")
    return measure(folder / "deployment.zip")


def mended(template: Template, *, name: str) -> Template:
    """Chalice's template with current constraints and without what was removed.

    The region's ``name`` is called ``region`` from the provider's version 6 on; its ``id`` is the same in both.
    """
    found: Template = json.loads(json.dumps(template).replace("aws_region.chalice.name", "aws_region.chalice.id"))
    found["terraform"] = {
        "required_version": TERRAFORM,
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER}},
    }
    found["data"].pop("null_data_source", None)
    resources = found["resource"]
    _separate_stage(resources)
    swagger = json.loads(found["locals"][SWAGGER])
    # Not resources of their own: they would be lost each time that the API is described anew.
    swagger["x-amazon-apigateway-gateway-responses"] = gateway_responses(allowed_origins())
    found["locals"][SWAGGER] = json.dumps(swagger)
    found["output"]["EndpointURL"] = {"value": "${aws_api_gateway_stage.rest_api.invoke_url}/"}
    for rule, described in resources["aws_cloudwatch_event_rule"].items():
        described["name"] = f"{name}-{rule}"  # two stages of one account must not share a rule
    for function in resources["aws_lambda_function"].values():
        if "reserved_concurrent_executions" in function:
            wanted = function["reserved_concurrent_executions"]
            function["reserved_concurrent_executions"] = f"${{var.reserve_concurrency ? {wanted} : -1}}"
    return found


def merged(one: Template, other: Template) -> Template:
    """Both templates in one; where both say something the other's holds."""
    found = dict(one)
    for key, value in other.items():
        found[key] = (
            merged(found[key], value) if isinstance(found.get(key), dict) and isinstance(value, dict) else value
        )
    return found


def _separate_stage(resources: dict[str, Any]) -> None:
    """A deployment has no stage of its own any more, and is made anew when the API's description changes."""
    deployment = resources["aws_api_gateway_deployment"]["rest_api"]
    stage = deployment.pop("stage_name")
    deployment["triggers"] = {"description": deployment.pop("stage_description")}
    resources["aws_api_gateway_stage"] = {
        "rest_api": {
            "rest_api_id": "${aws_api_gateway_rest_api.rest_api.id}",
            "deployment_id": "${aws_api_gateway_deployment.rest_api.id}",
            "stage_name": stage,
        }
    }


def _run_chalice(copy: Path, folder: Path, stage: str) -> None:
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    factory = CLIFactory(str(copy), environ=os.environ)
    config = stage_config(factory, stage)
    options = PackageOptions(TypedAWSClient(factory.create_botocore_session()))
    with redirect_stdout(io.StringIO()), runtime_is_configured():
        packager = factory.create_app_packager(config, options, "terraform", "json", None)
        packager.package_app(config, str(folder), stage)
