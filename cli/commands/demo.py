"""``vintner demo``: the whole pipeline on the sample data."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.console.output import line
from cli.demo.play import own_sample, play
from cli.stages.target import LOCAL_STAGE, PORT, STATE_DIR, Target, project_directory, refuse_a_second
from local.supervisor.background import start, stop
from local.supervisor.cloud_process import BUCKET
from shared.errors import VintnerError

if TYPE_CHECKING:
    from cli.demo.sample import Sample


@click.command(short_help="Run the whole pipeline on sample data.")
@click.option("--keep", is_flag=True, help="Leave the simulated cloud running, as vintner up would.")
@click.option("--port", default=8000, show_default=True, type=PORT, help="Port of the HTTP API with --keep.")
@click.option("--s3-port", default=9000, show_default=True, type=PORT, help="Port of S3 and SQS with --keep.")
def demo(*, keep: bool, port: int, s3_port: int) -> None:
    """Upload the sample's test set and slots one by one, and show what becomes of each.

    The sample is scikit-learn's breast cancer data: nothing is fetched, and nothing leaves this machine. Without --keep
    it has a bucket of its own, which is new each time; with --keep it is the bucket of 'vintner up', and is kept.
    """
    directory = project_directory()
    state_dir = directory / STATE_DIR / ("" if keep else "demo")
    refuse_a_second(state_dir)
    sample = own_sample(directory)
    if keep:
        _refuse_other_uploads(state_dir / BUCKET, sample)
    line("starting the simulated cloud: S3, the triggers and the HTTP API, all on this machine")
    ports = (port, s3_port) if keep else (0, 0)
    running = start(directory, stage=LOCAL_STAGE, state_dir=state_dir, port=ports[0], s3_port=ports[1], fresh=not keep)
    left_running = False
    try:
        play(Target.of(LOCAL_STAGE, state_dir), sample)
        left_running = keep
        line(_farewell(running.url, keep=keep))
    finally:
        if not left_running:
            stop(running)


def _refuse_other_uploads(bucket: Path, sample: "Sample") -> None:
    """Raise VintnerError when the bucket that is kept has uploads that are not the sample's."""
    own = {f"test/{sample.test.name}", *(f"slots/{path.name}" for path in sample.slots)}
    uploads = {path.relative_to(path.parents[1]).as_posix() for path in bucket.glob("*/data/*/*")}
    if others := sorted(uploads - own):
        raise VintnerError(
            f"expected no uploads but the sample's in {bucket}, found data/{others[0]}: run the demo without --keep, "
            "which has a bucket of its own, or forget this one with 'vintner down --forget'"
        )


def _farewell(url: str, *, keep: bool) -> str:
    if keep:
        return f"\nthe page   {url}/   (left running: look with 'vintner status', end it with 'vintner down')"
    return f"\nthe page   {url}/   (ended now: 'make demo KEEP=1' leaves it running, to look at and to try)"
