"""The IAM policies of a stage's functions: templates that get the stage's bucket and partition when it is deployed."""

import json
import re
from pathlib import Path
from string import Template
from typing import Final

from cli.stages.config import CONFIG, Config, stage_of
from shared.errors import VintnerError

_BUCKET: Final = re.compile(r"arn:[^:]*:s3:::([^/]+)")


def fill(text: str, *, bucket: str, partition: str, jobs: str) -> str:
    """A policy's text with the bucket, the partition and how the names of the engine's jobs begin in their places.

    IAM's own variables stay as they are.
    """
    return Template(text).safe_substitute(bucket=bucket, partition=partition, jobs=jobs)


def check_policies(project: Path, config: Config, stage: str, bucket: str) -> None:
    """Raise VintnerError when a function of the stage has no policy file, or one that names another bucket."""
    functions = stage_of(config, stage).get("lambda_functions", {})
    for name in config.get("lambda_functions", {}):
        file = functions.get(name, {}).get("iam_policy_file")
        if file is None:
            raise VintnerError(
                f"{CONFIG}: expected an iam_policy_file for {name} in stage {stage!r}, as stage 'dev' has; found none"
            )
        path = (project / CONFIG).parent / file
        found = {match for resource in _resources(path, bucket) for match in _BUCKET.findall(resource)}
        if found != {bucket}:
            raise VintnerError(
                f"{path}: expected only the bucket of stage {stage!r}, {bucket!r}, found "
                f"{', '.join(map(repr, sorted(found))) or 'none'}: write ${{bucket}} in its place"
            )


def _resources(path: Path, bucket: str) -> list[str]:
    try:
        text = fill(path.read_text(encoding="utf-8"), bucket=bucket, partition="aws", jobs="jobs")
        resources = [statement["Resource"] for statement in json.loads(text)["Statement"]]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VintnerError(f"{path}: expected an IAM policy, found none: {error}") from None
    return [one for some in resources for one in ([some] if isinstance(some, str) else some)]
