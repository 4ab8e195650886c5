"""The check against a real account: its steps are commands that exist, and it stops at the first that fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo.sample import Sample
from cli.development.smoke import steps
from cli.main import main as vintner

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = Sample(Path("test.csv"), tuple(Path(f"slot_{number}.csv") for number in range(1, 7)))


def names(*, keep: bool) -> list[str]:
    return [step[0] for step in steps("dev", SAMPLE, keep=keep, commands=list(vintner.lazy_commands))]


def test_it_goes_from_the_deployment_to_the_end() -> None:
    found = names(keep=False)
    assert found[0] == "deploy"
    assert found[-1] == "destroy"
    assert {"upload", "predict", "rollback", "release", "status"} <= set(found)
    assert "destroy" not in names(keep=True)


@pytest.mark.parametrize(
    "step", list(steps("dev", SAMPLE, keep=False, commands=list(vintner.lazy_commands))), ids=" ".join
)
def test_a_step_is_a_command_with_options_that_it_has(step: tuple[str, ...]) -> None:
    help_of = subprocess.run(
        [str(Path(sys.executable).with_name("vintner")), step[0], "--help"], capture_output=True, text=True, check=True
    )
    assert all(option in help_of.stdout for option in step if option.startswith("--"))


def test_it_stops_at_the_first_failure_and_says_how_to_clean_up() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_REGION": "us-east-1"}
    nowhere |= {"AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_DEFAULT_REGION": "us-east-1"}
    command = [sys.executable, "-m", "cli.development.smoke", "dev"]
    done = subprocess.run(command, cwd=ROOT, env=environ | nowhere, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "$ vintner deploy --stage dev\n"
    assert "expected AWS credentials for stage 'dev'" in done.stderr
    assert "'vintner deploy --stage dev' failed" in done.stderr
    assert "'vintner destroy --stage dev --data' takes it down" in done.stderr
