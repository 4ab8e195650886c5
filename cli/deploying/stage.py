"""A stage in an account from first to last: what is done in which order, and reported as it is done."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.cors import allowed_origins
from chalicelib.usage_plan import Gate
from cli.building.training_layer import LAYER
from cli.deploying.account import Account, refusals
from cli.deploying.alarms import TOPIC, delete_alarms, ensure_alarms
from cli.deploying.app_resources import adopt_api, delete_app
from cli.deploying.bucket import delete_bucket, ensure_bucket
from cli.deploying.chalice import deploy_app
from cli.deploying.failures import delete_destination, ensure_destination
from cli.deploying.gateway import configure_gateway, delete_key
from cli.deploying.layers import delete_layer, publish_layer
from cli.deploying.logs import delete_log_groups, ensure_log_groups
from cli.deploying.notifications import drop_gone, drop_own
from cli.deploying.policies import check_policies
from cli.deploying.records import Resources, fetch_record, forget_record, leave_record
from cli.deploying.releases import Release, deploy_previous, keep_release
from cli.deploying.smoke_test import smoke_test
from cli.stages.config import read_config, training_functions, with_layers, write_config

Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Deployed:
    """What there is after a deployment; `api_key` is the key's id, None where none is needed."""

    url: str
    bucket: str
    layer: str
    failures: str
    api_key: str | None


@dataclass(frozen=True)
class Destroyed:
    """How much was deleted; `object_versions` is None where the bucket stays."""

    resources: int
    layers: int
    object_versions: int | None


def deploy_stage(account: Account, report: Report, *, alarms: bool = True) -> Deployed:
    """Put a stage into the account; raise VintnerError with what the account refused.

    Without `alarms` none are made, and those that are there stay.
    """
    project, bucket, gate = account.project.directory, account.settings.bucket, Gate.from_environment()
    config, origins = read_config(project), allowed_origins()
    check_policies(project, config, account.stage, bucket)
    with refusals(f"s3://{bucket}"):
        new = ensure_bucket(account)
        fetch_record(account)
        adopt_api(account)
        drop_gone(account)
    report("bucket", f"s3://{bucket}{' created' if new else ''}")
    arn = publish_layer(account, project / LAYER)
    write_config(project, with_layers(config, account.stage, [arn]))
    report("layer", arn)
    with refusals(f"Chalice's deployment of stage {account.stage!r}"):
        app = deploy_app(account)
        leave_record(account)
    report("functions", ", ".join(_functions(app.resources)))
    if not app.reserved:
        report("", "none has reserved concurrency: the account's limit does not leave room for it")
    with refusals("the functions' failure destination and logs"):
        queue = ensure_destination(account, training_functions(config))
        ensure_log_groups(account, config["lambda_functions"])
        release = Release(app.sha256, arn, account.runtime.name, account.runtime.architecture)
        kept = keep_release(account, release, app.package)
        delete_layer(account, keep=[one.layer for one in kept])
    report("failures", queue)
    if alarms:
        with refusals("the stage's alarms"):
            names = ensure_alarms(account, training_functions(config), os.environ.get(TOPIC, ""))
        report("alarms", f"{len(names)}, named {account.name}-*")
    api = next(one for one in app.resources if one["resource_type"] == "rest_api")
    with refusals("the API's own answers and limits"):
        key = configure_gateway(account, api["rest_api_id"], account.project.config.api_gateway_stage, gate, origins)
    with refusals("the functions' smoke test"):
        report("smoke test", smoke_test(account, list(config["lambda_functions"])))
    return Deployed(str(api["rest_api_url"]), bucket, arn, queue, key)


def deploy_previous_release(account: Account, report: Report) -> Release:
    """Put the release before the current one back; raise VintnerError with what the account refused."""
    config = read_config(account.project.directory)
    functions = list(config["lambda_functions"])
    with refusals(f"putting the previous release of stage {account.stage!r} back"):
        release = deploy_previous(account, functions)
        report("layer", release.layer)
        report("code", f"sha256 {release.sha256}")
        report("smoke test", smoke_test(account, functions))
    return release


def destroy_stage(account: Account, *, data: bool) -> Destroyed:
    """Take a stage down; raise VintnerError with what the account refused."""
    project = account.project.directory
    config = read_config(project)
    functions = list(config["lambda_functions"])
    with refusals(f"taking down stage {account.stage!r}"):
        fetch_record(account)
        delete_key(account)
        drop_own(account, functions)
        resources = delete_app(account, functions)
        forget_record(account)
        delete_alarms(account, functions)
        delete_destination(account)
        delete_log_groups(account, functions)
        layers = delete_layer(account)
        write_config(project, with_layers(config, account.stage, []))
        return Destroyed(resources, layers, delete_bucket(account) if data else None)


def _functions(resources: Resources) -> list[str]:
    return [one["lambda_arn"].rpartition(":")[2] for one in resources if one["resource_type"] == "lambda_function"]
