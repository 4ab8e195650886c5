"""The AWS account that a stage is deployed to: its clients, and its refusals in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.building.runtimes import Runtime
from cli.building.stage_runtime import runtime_of
from cli.stages.config import read_config, settings_of, stage_of
from cli.stages.target import LOCAL_STAGE, project_directory
from local.project.project import API, Project
from shared.errors import VintnerError
from shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
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
    runtime: Runtime

    @classmethod
    def of(cls, stage: str) -> "Account":
        """The account of a stage; raise VintnerError when the stage cannot be deployed or nobody may deploy it.

        The stage's variables become this process's own, as they are the functions' at deployment.
        """
        directory = project_directory()
        config = read_config(directory)
        stage_of(config, stage)
        if stage == LOCAL_STAGE:
            raise VintnerError(f"stage {LOCAL_STAGE!r} is the simulated cloud's: deploy another one, such as 'dev'")
        with refusals("the AWS client cannot be set up"):
            session = boto3.Session()
            if session.get_credentials() is None:
                raise VintnerError(
                    f"expected AWS credentials for stage {stage!r}, found none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID "
                    "and AWS_SECRET_ACCESS_KEY"
                )
        if not session.region_name:
            raise VintnerError("expected an AWS region, found none: set AWS_DEFAULT_REGION, or one in your profile")
        settings = settings_of(directory, stage)
        return cls(Project(directory, stage, outer={}), settings, session, runtime_of(config, stage))

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

    @property
    def partition(self) -> str:
        """The region's partition: ``aws``, ``aws-cn``, ``aws-us-gov``."""
        return self.session.get_partition_for_region(self.region)

    @cached_property
    def url_suffix(self) -> str:
        """What the addresses of the region's services end with."""
        resolver = botocore.session.Session().get_component("endpoint_resolver")
        return str(resolver.get_partition_dns_suffix(self.partition))

    @cached_property
    def namespace_suffix(self) -> str:
        """What the names of buckets end with that no other account can take: S3's account regional namespace."""
        return f"-{self.account_id}-{self.region}-an"

    @cached_property
    def account_id(self) -> str:
        """The account's number."""
        return str(self.session.client("sts", config=_PATIENT).get_caller_identity()["Account"])

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
    def events(self) -> "EventBridgeClient":
        """Schedules."""
        return self.session.client("events", config=_PATIENT)

    @cached_property
    def alarms(self) -> "CloudWatchClient":
        """Alarms."""
        return self.session.client("cloudwatch", config=_PATIENT)

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
