"""``vintner demo``: the whole line on the sample, in front of your eyes."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.following import Followed, follow
from cli.output import line, marked, styled
from cli.predict import ask
from cli.shown import show_receipt
from cli.target import LOCAL_STAGE, PORT, STATE_DIR, Target, project_directory, refuse_a_second
from local.background import cloud, start, stop
from shared import layout
from shared.errors import VintnerError

if TYPE_CHECKING:
    from cli.sample import Sample

WAIT_SECONDS = 300.0


@click.command(short_help="Play the whole line on sample data.")
@click.option("--keep", is_flag=True, help="Leave the simulated cloud running, as vintner up would.")
@click.option("--port", default=8000, show_default=True, type=PORT, help="Port of the HTTP API with --keep.")
@click.option("--s3-port", default=9000, show_default=True, type=PORT, help="Port of S3 and SQS with --keep.")
def demo(*, keep: bool, port: int, s3_port: int) -> None:
    """Upload the sample's test set and slots one by one, and show what becomes of each.

    The sample is scikit-learn's breast cancer data: nothing is fetched, and nothing leaves this machine.
    """
    directory = project_directory()
    state_dir = directory / STATE_DIR / ("" if keep else "demo")
    refuse_a_second(state_dir)
    sample = own_sample(directory)
    line("starting the simulated cloud: S3, the triggers and the HTTP API, all on this machine")
    ports = (port, s3_port) if keep else (0, 0)
    running = start(directory, stage=LOCAL_STAGE, state_dir=state_dir, port=ports[0], s3_port=ports[1])
    left_running = False
    try:
        play(Target.of(LOCAL_STAGE, state_dir), sample)
        left_running = keep
        line(_farewell(running.url, keep=keep))
    finally:
        if not left_running:
            stop(running)


def own_sample(directory: Path) -> "Sample":
    """Write the sample, and make its settings this process's own."""
    from cli.sample import LABEL, write_sample  # noqa: PLC0415  (loads scikit-learn)

    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    os.environ["VINTNER_LABEL"] = LABEL
    return write_sample(directory / STATE_DIR / "sample")


@contextmanager
def prepare(directory: Path, state_dir: Path, stage: str) -> Iterator[str]:
    """Run a simulated cloud of its own with a model of the sample in production; its URL."""
    sample = own_sample(directory)
    with cloud(directory, stage=stage, state_dir=state_dir) as running:
        target = Target.of(stage, state_dir)
        _upload(target, layout.TEST_UPLOADS, sample.test)
        _upload(target, layout.SLOT_UPLOADS, sample.slots[-1])
        yield running.url


def _farewell(url: str, *, keep: bool) -> str:
    if keep:
        return f"\nthe page   {url}/   (left running: look with 'vintner status', end it with 'vintner down')"
    return f"\nthe page   {url}/   (ended now: 'make demo KEEP=1' leaves it running, to look at and to try)"


def play(target: Target, sample: "Sample") -> None:
    """Upload the sample file by file, show what becomes of each, and ask for a prediction."""
    _upload(target, layout.TEST_UPLOADS, sample.test)
    line(f"\n{'slot':<12} {'rows':>5} {'F1':>8}  decision")
    for path in sample.slots:
        *_, step = _upload(target, layout.SLOT_UPLOADS, path)
        _show(path, step)
    _predict(target, sample)


def _upload(target: Target, prefix: str, path: Path) -> list[Followed]:
    key = prefix + path.name
    target.store.upload(key, path)
    steps = list(follow(target.store, target.settings, [key], seconds=WAIT_SECONDS))
    receipt = steps[0].receipt
    if receipt is None or receipt["status"] == "rejected":
        raise VintnerError(f"{key} was not accepted")
    if prefix == layout.TEST_UPLOADS:
        show_receipt(receipt)
    return steps


def _show(path: Path, step: Followed) -> None:
    if step.score is None or step.decision is None:
        raise VintnerError(f"{path.name}: nothing was trained: {step.reason}")
    score, decision = step.score, step.decision
    line(f"{path.name:<12} {score['train_rows']:>5} {score['f1']:>8.4f}  ", end="")
    marked(f"{styled(decision['decision'])}{' ' * (10 - len(decision['decision']))}", end="")
    line(decision["reason"])


def _predict(target: Target, sample: "Sample") -> None:
    header, row = sample.test.read_text(encoding="utf-8").splitlines()[:2]
    fields = dict(zip(header.split(","), row.split(","), strict=True))
    truth = fields.pop(target.settings.label)
    body: dict[str, Any] = {name: float(value) for name, value in fields.items()}
    answer = ask(target, json.dumps(body).encode(), "application/json")
    line(f"\nPOST {target.endpoint()}/predict   the first row of the test set, {len(body)} features, really {truth}")
    line(f"  {json.dumps(answer)}")
