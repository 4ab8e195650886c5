"""Chalice's own deployment and deletion of a stage, from a clean copy of the code."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from chalice.cli.factory import CLIFactory
from chalice.deploy.deployer import ChaliceDeploymentError
from chalice.utils import UI

from cli.building.archive import describe
from cli.building.code import clean_copy, pack
from cli.building.limits import check_together
from cli.building.runtimes import Runtime
from cli.building.training_layer import LAYER
from cli.deploying.account import Account
from cli.deploying.records import record_of
from shared.errors import VintnerError

ALWAYS_UNRESERVED: Final = 100  # what Lambda keeps for the functions without a reservation

Resources = list[dict[str, Any]]


def deploy_app(account: Account, runtime: Runtime) -> tuple[Resources, bool]:
    """Deploy the functions, their triggers and the API; what there is then, and whether concurrency is reserved."""
    with clean_copy(account.project.directory) as copy, _imports_undone():
        check_together(pack(copy, runtime), describe(account.project.directory / LAYER))
        factory = CLIFactory(str(copy), environ=os.environ)
        config = factory.create_config_obj(chalice_stage_name=account.stage)
        reserved = account_has(account, wanted_concurrency(config.config_from_disk))
        if not reserved:
            without_concurrency(config.config_from_disk)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):  # its packager prints there, whatever it is given
                session = factory.create_botocore_session()
                deployer = factory.create_default_deployer(session, config, UI(out=said, err=said))
                resources: Resources = deployer.deploy(config, chalice_stage_name=account.stage)["resources"]
        except ChaliceDeploymentError as error:
            raise VintnerError(f"Chalice's deployment of stage {account.stage!r}: {_one_line(error)}") from error
    return resources, reserved


def delete_app(account: Account) -> int:
    """Delete what Chalice deployed, by its record of it; how many resources there were."""
    count = len(deployed(account.project.directory, account.stage))
    factory = CLIFactory(str(account.project.directory), environ=os.environ)
    config = factory.create_config_obj(chalice_stage_name=account.stage)
    said = io.StringIO()
    deployer = factory.create_deletion_deployer(factory.create_botocore_session(), UI(out=said, err=said))
    try:
        deployer.deploy(config, chalice_stage_name=account.stage)
    except ChaliceDeploymentError as error:
        raise VintnerError(f"Chalice's deletion of stage {account.stage!r}: {_one_line(error)}") from error
    return count


def deployed(project: Path, stage: str) -> Resources:
    """What Chalice deployed; nothing when it never did."""
    record = record_of(project, stage)
    if not record.is_file():
        return []
    resources: Resources = json.loads(record.read_text(encoding="utf-8"))["resources"]
    return resources


def wanted_concurrency(config: dict[str, Any]) -> int:
    """How much concurrency the configuration's functions reserve."""
    return sum(one.get("reserved_concurrency", 0) for one in config.get("lambda_functions", {}).values())


def without_concurrency(config: dict[str, Any]) -> None:
    """Reserve nothing: what the functions do is right with any number of them at once, only dearer."""
    for function in config.get("lambda_functions", {}).values():
        function.pop("reserved_concurrency", None)


def account_has(account: Account, wanted: int) -> bool:
    """Whether the account lets this much concurrency be reserved; a new account often does not.

    What this stage has reserved already counts as free. An account that does not tell is taken to have it.
    """
    try:
        limits = account.functions.get_account_settings()["AccountLimit"]
    except (ClientError, BotoCoreError):
        return True
    free = limits["UnreservedConcurrentExecutions"] + _reserved(account)
    return free - wanted >= ALWAYS_UNRESERVED


def _reserved(account: Account) -> int:
    total = 0
    for resource in deployed(account.project.directory, account.stage):
        if resource["resource_type"] == "lambda_function":
            with contextlib.suppress(ClientError):
                answer = account.functions.get_function_concurrency(FunctionName=resource["lambda_arn"])
                total += answer.get("ReservedConcurrentExecutions", 0)
    return total


@contextlib.contextmanager
def _imports_undone() -> Iterator[None]:
    """Chalice imports the copy's app; afterwards the copy is gone."""
    path, modules = list(sys.path), set(sys.modules)
    for name in [name for name in sys.modules if name == "app" or name.partition(".")[0] == "chalicelib"]:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if name == "app" or name.partition(".")[0] == "chalicelib":
                del sys.modules[name]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
