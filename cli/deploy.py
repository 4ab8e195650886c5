"""``vintner deploy`` and ``vintner destroy``: a stage in an AWS account, and its end."""

from collections.abc import Callable

import click

from chalicelib.gate import Gate
from cli.building.runtimes import Runtime
from cli.building.training_layer import LAYER
from cli.deploying.account import Account, refusals
from cli.deploying.bucket import delete_bucket, ensure_bucket
from cli.deploying.chalice import Resources, delete_app, deploy_app
from cli.deploying.failures import delete_destination, ensure_destination
from cli.deploying.gateway import configure_gateway, delete_key
from cli.deploying.layers import delete_layer, publish_layer
from cli.deploying.leftovers import adopt_api, delete_leftovers
from cli.deploying.logs import delete_log_groups, ensure_log_groups
from cli.deploying.policies import check_policies
from cli.deploying.records import fetch_record, forget_record, leave_record
from cli.layer import PYTHON
from cli.output import fact, json_option, line, print_json
from cli.stages import read_config, training_functions, with_layers, write_config

stage_option = click.option("--stage", required=True, metavar="NAME", help="A stage of .chalice/config.json.")


@click.command(short_help="Put a stage on AWS: bucket, layer, functions, triggers and API.")
@stage_option
@json_option
def deploy(*, stage: str, as_json: bool) -> None:
    """Put a stage on AWS with your credentials; again, it changes what has changed.

    Creates the bucket (versioned, encrypted, private), publishes dist/training-layer.zip, runs Chalice's deployment,
    sends what a function cannot handle to a queue, and has API Gateway answer errors as the app does.
    """
    account, runtime = Account.of(stage), Runtime.of(PYTHON)
    project, config, gate = account.project.directory, read_config(account.project.directory), Gate.from_environment()
    check_policies(project, config, stage, account.settings.bucket)
    told = _steps(as_json)
    with refusals(f"s3://{account.settings.bucket}"):
        new = ensure_bucket(account)
        fetch_record(account)
        adopt_api(account)
    told("bucket", f"s3://{account.settings.bucket}{' created' if new else ''}")
    arn = publish_layer(account, project / LAYER, runtime)
    write_config(project, with_layers(config, stage, [arn]))
    told("layer", arn)
    with refusals(f"Chalice's deployment of stage {stage!r}"):
        resources, reserved = deploy_app(account, runtime)
        leave_record(account)
    told("functions", ", ".join(_functions(resources)))
    if not reserved:
        told("", "none has reserved concurrency: the account's limit does not leave room for it")
    api = next(one for one in resources if one["resource_type"] == "rest_api")
    with refusals("the functions' failure destination and logs"):
        queue = ensure_destination(account, training_functions(config))
        ensure_log_groups(account, config["lambda_functions"])
    told("failures", queue)
    with refusals("the API's own answers and limits"):
        api_stage = account.project.config.api_gateway_stage
        key_id = configure_gateway(account, api["rest_api_id"], api_stage, gate)
        delete_layer(account, keep=arn)
    url = str(api["rest_api_url"])
    if as_json:
        print_json({"url": url, "bucket": account.settings.bucket, "layer": arn, "failures": queue, "api_key": key_id})
        return
    if key_id:
        told("API key", f"{key_id}: 'aws apigateway get-api-key --include-value --api-key {key_id}' shows it")
    told("URL", url)
    line(f"\nNext:  vintner upload --stage {stage} --test held_out.csv; vintner upload --stage {stage} slot.csv --wait")


@click.command(short_help="Take a stage down again; its data only with --data.")
@stage_option
@click.option("--data", is_flag=True, help="Delete the bucket too, with every version of everything in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def destroy(*, stage: str, data: bool, yes: bool, as_json: bool) -> None:
    """Take down what 'vintner deploy' put on AWS. The bucket and what is in it stay, unless --data is given."""
    account = Account.of(stage)
    what = f"the bucket {account.settings.bucket} with all its data" if data else "functions, triggers and API"
    if not yes:
        click.confirm(f"Delete {what} of stage {stage}?", abort=True)
    config, told = read_config(account.project.directory), _steps(as_json)
    functions = list(config["lambda_functions"])
    with refusals(f"taking down stage {stage!r}"):
        fetch_record(account)
        delete_key(account)
        resources = delete_app(account)
        forget_record(account)
        resources += delete_leftovers(account, functions)
        delete_destination(account)
        delete_log_groups(account, functions)
        layers = delete_layer(account)
        write_config(account.project.directory, with_layers(config, stage, []))
        told(
            "deleted", f"{resources} roles, functions, triggers and APIs, {layers} layer versions, the failures' queue"
        )
        versions = delete_bucket(account) if data else None
    if as_json:
        print_json({"resources": resources, "layers": layers, "object_versions": versions})
    elif data:
        told("bucket", f"s3://{account.settings.bucket} deleted with {versions} object versions")
    else:
        told("bucket", f"s3://{account.settings.bucket} stays, with its data; --data deletes it")


def _steps(quiet: bool) -> Callable[[str, str], None]:
    return (lambda _name, _text: None) if quiet else fact


def _functions(resources: Resources) -> list[str]:
    return [one["lambda_arn"].rpartition(":")[2] for one in resources if one["resource_type"] == "lambda_function"]
