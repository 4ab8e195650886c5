"""The AWS account that a stage is deployed to: its clients, and its refusals in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.stages.config import read_config, settings_of, stage_of
from cli.stages.target import LOCAL_STAGE, project_directory
from local.project.project import API, Project
from shared.errors import VintnerError
from shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Creating and changing things is repeated when the account says that it is too much at once.
_PATIENT = Config(retries={"total_max_attempts": 8, "mode": "standard"})


@dataclass(frozen=True)
class Account:
    """A stage, its settings, and a session that may create what it needs."""

    project: Project
    settings: Settings
    session: boto3.Session

    @classmethod
    def of(cls, stage: str) -> "Account":
        """The account of a stage; raise VintnerError when the stage cannot be deployed or nobody may deploy it.

        The stage's variables become this process's own, as they are the functions' at deployment.
        """
        directory = project_directory()
        stage_of(read_config(directory), stage)
        if stage == LOCAL_STAGE:
            raise VintnerError(f"stage {LOCAL_STAGE!r} is the simulated cloud's: deploy another one, such as 'dev'")
        settings = settings_of(directory, stage)
        with refusals("the AWS client cannot be set up"):
            session = boto3.Session()
            if session.get_credentials() is None:
                raise VintnerError(
                    f"expected AWS credentials for stage {stage!r}, found none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID "
                    "and AWS_SECRET_ACCESS_KEY"
                )
        if not session.region_name:
            raise VintnerError("expected an AWS region, found none: set AWS_DEFAULT_REGION, or one in your profile")
        return cls(Project(directory, stage, outer={}), settings, session)

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self.project.stage

    @property
    def name(self) -> str:
        """What the names of all that is deployed start with."""
        return self.project.deployed_name(API)

    @property
    def region(self) -> str:
        """The region."""
        return str(self.session.region_name)

    def function_name(self, function: str) -> str:
        """The deployed name of a function."""
        return self.project.deployed_name(function)

    @cached_property
    def s3(self) -> "S3Client":
        """Object storage."""
        return self.session.client("s3", config=_PATIENT)

    @cached_property
    def functions(self) -> "LambdaClient":
        """Functions and layers."""
        return self.session.client("lambda", config=_PATIENT)

    @cached_property
    def roles(self) -> "IAMClient":
        """Roles and their policies."""
        return self.session.client("iam", config=_PATIENT)

    @cached_property
    def queues(self) -> "SQSClient":
        """Queues."""
        return self.session.client("sqs", config=_PATIENT)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """The functions' logs."""
        return self.session.client("logs", config=_PATIENT)

    @cached_property
    def gateway(self) -> "APIGatewayClient":
        """The HTTP API."""
        return self.session.client("apigateway", config=_PATIENT)


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn what an AWS client refuses into a VintnerError that says what was being done."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise VintnerError(f"{what}: {error}") from error


def code_of(error: ClientError) -> str:
    """The name of an error of AWS."""
    return str(error.response.get("Error", {}).get("Code", ""))
