"""SageMaker's training jobs as processes of this machine, beside moto, which calls every job completed at once.

A job's entry point and arguments are run as they are (``python`` is the one that runs here), with its variables and
those of the simulated cloud. Its name is taken for as long as the server runs. A job that fails says why in the file
``failure``, in the directory that SM_OUTPUT_DIR names, as in a container of SageMaker. All jobs are of the server's own
process group and end with it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ResourceInUseException
from moto.sagemaker.models import FakeTrainingJob
from moto.sagemaker.responses import SageMakerResponse

WORDS: Final = 1_024  # of a failure that are kept
_create = SageMakerResponse.create_training_job


@dataclass
class TrainingJob:
    """A job's process, and the directory that it says its failure in."""

    process: subprocess.Popen[bytes]
    output: Path
    is_stopped: bool = False

    @classmethod
    def start(cls, name: str, command: Sequence[str], variables: Mapping[str, str], logs: Path) -> "TrainingJob":
        """Run a command; what it prints goes into a log of its name."""
        output = Path(tempfile.mkdtemp(prefix="training-job-"))
        first, *others = command
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable if first == "python" else first, *others],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **variables, "SM_OUTPUT_DIR": str(output)},
            )
        return cls(process, output)

    def describe(self) -> dict[str, str]:
        """The status as SageMaker has it."""
        code = self.process.poll()
        if self.is_stopped:
            return {"TrainingJobStatus": "Stopping" if code is None else "Stopped", "SecondaryStatus": "Stopped"}
        if code is None:
            return {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"}
        if code == 0:
            return {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}
        try:
            words = (self.output / "failure").read_text(encoding="utf-8")[:WORDS]
        except OSError:
            words = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
        return {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "FailureReason": f"AlgorithmError: {words}"}

    def stop(self) -> None:
        """Ask the process to end."""
        self.is_stopped = True
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()


@dataclass
class TrainingJobs:
    """The jobs of a server by name."""

    logs: Path
    _jobs: dict[str, TrainingJob] = field(default_factory=dict)

    def apply(self) -> None:
        """Have moto in this process run its training jobs here."""
        jobs = self

        def create(response: SageMakerResponse) -> Any:  # noqa: ANN401  (moto has no types)
            name = response._get_param("TrainingJobName")  # noqa: SLF001
            if name in jobs._jobs:
                raise ResourceInUseException(f"Training job names must be unique, {name} exists already")
            answer = _create(response)
            algorithm = response._get_param("AlgorithmSpecification")  # noqa: SLF001
            command = [*algorithm.get("ContainerEntrypoint", []), *algorithm.get("ContainerArguments", [])]
            variables = response._get_param("Environment") or {}  # noqa: SLF001
            jobs._jobs[name] = TrainingJob.start(name, command, variables, jobs.logs)
            return answer

        def described(job: FakeTrainingJob) -> dict[str, Any]:
            return {**_response(job), **jobs._jobs[job.training_job_name].describe()}

        def stop(response: SageMakerResponse) -> Any:  # noqa: ANN401  (moto has no types)
            jobs._jobs[response._get_param("TrainingJobName")].stop()  # noqa: SLF001
            return ActionResult({})

        SageMakerResponse.create_training_job = create
        SageMakerResponse.stop_training_job = stop
        FakeTrainingJob.response_object = property(described)


_response = FakeTrainingJob.response_object.fget
