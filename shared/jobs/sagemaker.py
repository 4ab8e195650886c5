"""The launcher over SageMaker: a training job of the engine's image. Its names are taken once in an account."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import Unavailable, VintnerError
from shared.jobs.launcher import JobState, JobStatus
from shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

LOG_GROUP: Final = "/aws/sagemaker/TrainingJobs"
VOLUME_GB: Final = 30
CONFIG: Final = Config(retries={"total_max_attempts": 4, "mode": "standard"}, connect_timeout=5, read_timeout=30)

_STATUS: Final[Mapping[str, JobStatus]] = {
    "InProgress": "running",
    "Stopping": "running",
    "Completed": "ended",
    "Failed": "failed",
    "Stopped": "failed",
}
_TAKEN: Final = {"ResourceInUse", "ResourceInUseException"}
_LATER: Final = {"ResourceLimitExceeded", "ThrottlingException", "InternalFailure", "ServiceUnavailable"}
_NO_SUCH_JOB: Final = ("not found", "could not find")


class SageMaker:
    """Training jobs of one stage. A job has the stage's VINTNER_* variables."""

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str] = os.environ,
        client: "SageMakerClient | None" = None,
    ) -> None:
        self._settings = settings
        self._variables = {name: value for name, value in environment.items() if name.startswith("VINTNER_") and value}
        self._client = client or boto3.Session().client("sagemaker", config=CONFIG)

    def launch(self, name: str, model_id: str) -> None:
        """Start a job; nothing happens where one of that name was ever started. Raise Unavailable, VintnerError."""
        with _errors(name):
            try:
                self._client.create_training_job(**self._request(name, model_id))
            except ClientError as error:
                if error.response["Error"]["Code"] not in _TAKEN:
                    raise

    def state(self, name: str) -> JobState:
        """What the job of a name is doing. Raise Unavailable, VintnerError."""
        log = f"{LOG_GROUP}/{name}"
        with _errors(name):
            try:
                found: Any = self._client.describe_training_job(TrainingJobName=name)
            except ClientError as error:
                said = error.response["Error"].get("Message", "").lower()
                if any(text in said for text in _NO_SUCH_JOB):
                    return JobState("absent", log=log)
                raise
        status = found["TrainingJobStatus"]
        reason = found.get("FailureReason") or ("it was stopped" if status == "Stopped" else "")
        return JobState(_STATUS[status], reason, log)

    def _request(self, name: str, model_id: str) -> Any:  # noqa: ANN401  (boto3's own)
        settings = self._settings
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": settings.engine_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python", "-m", "engine"],
                "ContainerArguments": [model_id],
            },
            "RoleArn": settings.engine_role,
            "OutputDataConfig": {"S3OutputPath": f"s3://{settings.bucket}/jobs/output"},
            "ResourceConfig": {
                "InstanceType": settings.engine_instance,
                "InstanceCount": max(1, int(settings.engine_instances)),
                "VolumeSizeInGB": VOLUME_GB,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": max(1, int(settings.engine_seconds))},
            "Environment": self._variables,
            "Tags": [{"Key": "vintner", "Value": settings.engine_jobs}],
        }


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in _LATER:
            raise Unavailable(f"job {name}: SageMaker cannot take it now ({code}: {said})") from None
        raise VintnerError(
            f"job {name}: SageMaker refused ({code}: {said}): check VINTNER_ENGINE_ROLE, VINTNER_ENGINE_IMAGE and the "
            "function's policy"
        ) from None
    except BotoCoreError as error:
        raise Unavailable(f"job {name}: SageMaker cannot be reached ({error})") from None
