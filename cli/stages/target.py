"""The target of a command, its bucket and endpoint: the simulated cloud that is running here, or a deployed stage."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from cli.stages.bucket_name import bucket_name, has_placeholders
from local.environment import adopt
from local.project.project import Project
from local.runfile import Running, running
from shared.errors import VintnerError
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.bucket.s3 import S3Store

STATE_DIR: Final = Path(".vintner")
LOCAL_STAGE: Final = "local"
PORT: Final = click.IntRange(0, 65535)
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

Command = TypeVar("Command", bound=Callable[..., Any])


def project_directory() -> Path:
    """The directory of the Chalice project: where ``.chalice`` is, here or above; raise VintnerError without one."""
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / ".chalice" / "config.json").is_file():
            return directory
    raise VintnerError(f"expected a project with .chalice/config.json in {here} or above, found none: go to yours")


def refuse_a_second(state_dir: Path) -> None:
    """Raise VintnerError when a simulated cloud is already running there."""
    cloud = running(state_dir)
    if cloud:
        raise VintnerError(
            f"a simulated cloud is already running here, at {cloud.url}: use it, or end it with 'vintner down'"
        )


def deployed_stage_option(command: Command) -> Command:
    """Add a required ``--stage`` to a command that works on a deployed stage alone."""
    return click.option("--stage", required=True, metavar="NAME", help="A stage of .chalice/config.json.")(command)


def stage_option(command: Command) -> Command:
    """Add ``--stage`` to a command that talks to the simulated cloud when no stage is named."""
    text = "A deployed stage of .chalice/config.json; without it the simulated cloud of vintner up."
    return click.option("--stage", metavar="NAME", default=LOCAL_STAGE, help=text)(command)


@dataclass(frozen=True)
class Target:
    """A stage: settings, endpoint (None when it is not deployed), and the simulated cloud where it is that."""

    stage: str
    project: Project
    settings: Settings
    url: str | None
    cloud: Running | None

    @classmethod
    def of(cls, stage: str, state_dir: Path | None = None) -> "Target":
        """Find a stage and point this process at it; raise VintnerError when it is not there.

        `state_dir` is where the simulated cloud keeps its run file, when that is not ``.vintner``.
        """
        project = Project(project_directory(), stage)
        if stage == LOCAL_STAGE:
            return cls._simulated(project, state_dir or project.directory / STATE_DIR)
        os.environ.update(project.environment())
        settings = Settings.from_environment()
        return cls(stage, project, settings, _deployed_url(project), None)

    @classmethod
    def _simulated(cls, project: Project, state_dir: Path) -> "Target":
        cloud = running(state_dir)
        if cloud is None:
            raise VintnerError(
                "expected a running simulated cloud, found none: start one with 'vintner up' in another terminal, "
                "or name a deployed stage with --stage"
            )
        own = {name: value for name, value in os.environ.items() if name.startswith("VINTNER_")}
        adopt({**cloud.environment, **own})
        settings = Settings.from_environment()
        _check_agreement(settings, Settings.from_environment(cloud.environment))
        return cls(LOCAL_STAGE, project, settings, cloud.url, cloud)

    @cached_property
    def store(self) -> "S3Store":
        """The bucket, for the commands that need it; raise VintnerError when there are no credentials for it."""
        from shared.bucket.s3 import S3Store  # noqa: PLC0415  (loads boto3, which help and completion do without)

        return S3Store(self.settings.bucket) if self.cloud else _deployed_store(self.stage, self.settings)

    def headers(self) -> dict[str, str]:
        """What a request to the API needs besides its own headers: the API key, if X_API_KEY has one."""
        key = os.environ.get("X_API_KEY", "")
        return {"x-api-key": key} if key else {}

    def endpoint(self) -> str:
        """The URL of the API without a slash at its end; raise VintnerError when the stage is not deployed."""
        if self.url is None:
            raise VintnerError(f"stage {self.stage!r} has no deployed API: run 'vintner deploy --stage {self.stage}'")
        return self.url.rstrip("/")


def _check_agreement(own: Settings, clouds: Settings) -> None:
    """The functions read and train with the settings that the simulated cloud was started with."""
    here, there = (
        {**settings.reading(), **settings.checking(), **settings.training(), "bucket": settings.bucket}
        for settings in (own, clouds)
    )
    for name, value in here.items():
        if value != there[name]:
            raise VintnerError(
                f"VINTNER_{name.upper()} is {value!r} here and {there[name]!r} in the running simulated cloud: "
                "unset it here, or end the cloud and start it with the new value"
            )


def _deployed_store(stage: str, settings: Settings) -> "S3Store":
    """The bucket of a deployed stage; raise VintnerError when there are no credentials for it."""
    import boto3  # noqa: PLC0415  (slow to load)
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    from shared.bucket.s3 import S3Store  # noqa: PLC0415

    if not has_placeholders(settings.bucket) and not _BUCKET_NAME.fullmatch(settings.bucket):
        raise VintnerError(
            f"VINTNER_BUCKET={settings.bucket!r}, expected a bucket's name: 3 to 63 of a-z, 0-9, dot and hyphen"
        )
    try:
        if boto3.Session().get_credentials() is None:
            raise VintnerError(
                f"expected AWS credentials for stage {stage!r}, found none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"
            )
        return S3Store(bucket_name(settings.bucket))
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is not a URL
        raise VintnerError(f"stage {stage!r}: the AWS client cannot be set up ({error}): correct AWS_*") from error


def _deployed_url(project: Project) -> str | None:
    record = project.directory / ".chalice" / "deployed" / f"{project.stage}.json"
    if not record.is_file():
        return None
    try:
        resources = json.loads(record.read_text(encoding="utf-8"))["resources"]
    except (ValueError, LookupError, TypeError) as error:
        raise VintnerError(
            f"{record}: expected Chalice's record of a deployment, found something else ({error})"
        ) from None
    return next((resource["rest_api_url"] for resource in resources if "rest_api_url" in resource), None)
