"""``make smoke STAGE=dev``: the whole line against a real AWS account, for whoever has one.

Deploy, upload, predict, predict a file, roll back, destroy: the check that no simulation can replace. What it makes
costs some cents; at its end, and when a step fails, it says how to take it down.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from cli.console.output import line
from cli.demo.sample import Sample, write_sample
from cli.main import main as vintner
from cli.stages.target import project_directory
from shared.errors import VintnerError

Step = tuple[str, ...]


def steps(stage: str, sample: Sample, *, keep: bool, commands: Sequence[str]) -> Iterator[Step]:
    """The arguments of each command; those that the command line does not have are left out."""
    here = ("--stage", stage)
    # Two slots of which the second is better, so that there is a model to go back to.
    every: list[Step] = [
        ("deploy", *here),
        ("upload", *here, "--test", str(sample.test)),
        ("upload", *here, str(sample.slots[0]), "--wait"),
        ("upload", *here, str(sample.slots[5]), "--wait"),
        ("status", *here),
        ("predict", *here, str(sample.test)),
        ("batch", *here, str(sample.test)),
        ("rollback", *here),
        ("predict", *here, str(sample.test)),
        ("release", *here),
        ("deploy", *here),
    ]
    if not keep:
        every.append(("destroy", *here, "--data", "--yes"))
    yield from (step for step in every if step[0] in commands)


@click.command()
@click.argument("stage")
@click.option("--keep", is_flag=True, help="Do not take the stage down at the end.")
def smoke(*, stage: str, keep: bool) -> None:
    """Try a stage in your AWS account from its deployment to its end; the stage must not be there yet."""
    directory = project_directory()
    program = str(Path(sys.executable).with_name("vintner"))
    with tempfile.TemporaryDirectory(prefix="vintner-smoke-") as folder:
        sample = write_sample(Path(folder))
        for step in steps(stage, sample, keep=keep, commands=list(vintner.lazy_commands)):
            shown = " ".join(("vintner", *step)).replace(f"{folder}/", "")
            line(f"$ {shown}")
            if subprocess.run([program, *step], cwd=directory, check=False).returncode:
                raise SystemExit(
                    f"'{shown}' failed. What is there stays: 'vintner status --stage {stage}' and the logs say more; "
                    f"'vintner destroy --stage {stage} --data' takes it down"
                )
    line("smoke test passed" + (f"; 'vintner destroy --stage {stage} --data' takes the stage down" if keep else ""))


if __name__ == "__main__":
    try:
        smoke()
    except VintnerError as error:
        sys.exit(f"Error: {error}")
