"""Chalice's own deployment of a stage, from a clean copy of the code."""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy.deployer import ChaliceDeploymentError
from chalice.utils import UI

from cli.building.archive import measure
from cli.building.code import clean_copy, pack
from cli.building.limits import check_together
from cli.building.runtimes import PYTHON
from cli.building.stage_runtime import RUNTIME
from cli.building.training_layer import LAYER
from cli.deploying.account import Account
from cli.deploying.policies import fill
from cli.deploying.records import Resources, deployed
from cli.stages.bucket_name import VARIABLE
from cli.stages.config import CONFIG, read_config, stage_of, write_config
from shared.errors import VintnerError

ALWAYS_UNRESERVED: Final = 100  # what Lambda keeps for the functions without a reservation


class StageConfig(Config):  # type: ignore[misc]  # Chalice has no types
    """Chalice's reading of a stage, which deploys for the runtime that is configured and not for the one it runs on."""

    @property
    def lambda_python_version(self) -> str:
        """Lambda's name of the runtime."""
        configured = self._chain_lookup(RUNTIME, varies_per_chalice_stage=True)
        return str(configured or super().lambda_python_version)


@dataclass(frozen=True)
class AppDeployed:
    """What Chalice deployed: its record, whether concurrency is reserved, and the zip of the functions."""

    resources: Resources
    reserved: bool
    sha256: str
    package: bytes


def deploy_app(account: Account) -> AppDeployed:
    """Deploy the functions, their triggers and the API."""
    project = account.project.directory
    with clean_copy(project) as copy, _imports_undone():
        fill_configuration(project, copy, account.stage, bucket=account.settings.bucket, partition=account.partition)
        packed = pack(copy, account.runtime)
        check_together(packed, measure(project / LAYER))
        factory = CLIFactory(str(copy), environ=os.environ)
        config = stage_config(factory, account.stage)
        reserved = account_has(account, wanted_concurrency(config.config_from_disk))
        if not reserved:
            without_concurrency(config.config_from_disk)
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output), runtime_is_configured():  # its packager prints there
                session = factory.create_botocore_session()
                deployer = factory.create_default_deployer(session, config, UI(out=output, err=output))
                resources: Resources = deployer.deploy(config, chalice_stage_name=account.stage)["resources"]
        except ChaliceDeploymentError as error:
            raise VintnerError(f"Chalice's deployment of stage {account.stage!r}: {_one_line(error)}") from error
        return AppDeployed(resources, reserved, packed.sha256, packed.path.read_bytes())


@contextlib.contextmanager
def runtime_is_configured() -> Iterator[None]:
    """Without Chalice's warning that this interpreter is not the runtime's: nothing is built by it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are currently running", category=UserWarning)
        yield


def stage_config(factory: CLIFactory, stage: str) -> StageConfig:
    """Chalice's configuration of a stage, with the stage's own runtime."""
    config = factory.create_config_obj(chalice_stage_name=stage)
    config.__class__ = StageConfig  # the factory names its class itself, and scopes of it are of the same class
    stage_settings: StageConfig = config
    return stage_settings


def fill_configuration(project: Path, copy: Path, stage: str, *, bucket: str, partition: str) -> None:
    """Give a clean copy a configuration of its own in which the bucket's name stands wherever it belongs.

    Chalice's records of deployments stay the project's.
    """
    place, original = copy / CONFIG.parent, project / CONFIG.parent
    deployed = original / "deployed"
    deployed.mkdir(exist_ok=True)
    place.unlink()
    place.mkdir()
    (place / "deployed").symlink_to(deployed.resolve())
    jobs = stage_of(read_config(project), stage)["environment_variables"].get("VINTNER_ENGINE_JOBS", "vintner")
    for path in original.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        policy = path.name != CONFIG.name
        filled = fill(text, bucket=bucket, partition=partition, jobs=jobs) if policy else text
        (place / path.name).write_text(filled, encoding="utf-8")
    config = read_config(copy)
    stage_of(config, stage)["environment_variables"][VARIABLE] = bucket
    config[RUNTIME] = config.get(RUNTIME, f"python{PYTHON}")
    write_config(copy, config)


def wanted_concurrency(config: dict[str, Any]) -> int:
    """How much concurrency the configuration's functions reserve."""
    return sum(function.get("reserved_concurrency", 0) for function in config.get("lambda_functions", {}).values())


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
    for resource in deployed(account):
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
