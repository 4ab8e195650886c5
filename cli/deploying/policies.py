"""The IAM policies of a stage's functions must speak of the stage's own bucket."""

import json
import re
from pathlib import Path
from typing import Final

from cli.stages.config import CONFIG, Config, stage_of
from shared.errors import VintnerError

_BUCKET: Final = re.compile(r"arn:[^:]*:s3:::([^/]+)")


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
        found = {match for resource in _resources(path) for match in _BUCKET.findall(resource)}
        if found != {bucket}:
            raise VintnerError(
                f"{path}: expected only the bucket of stage {stage!r}, {bucket!r}, found "
                f"{', '.join(map(repr, sorted(found))) or 'none'}: put the stage's bucket there, or give the stage "
                "policy files of its own"
            )


def _resources(path: Path) -> list[str]:
    try:
        statements = json.loads(path.read_text(encoding="utf-8"))["Statement"]
        found = [statement["Resource"] for statement in statements]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VintnerError(f"{path}: expected an IAM policy, found none: {error}") from None
    return [one for resources in found for one in ([resources] if isinstance(resources, str) else resources)]
