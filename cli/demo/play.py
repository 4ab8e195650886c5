"""The sample played through a simulated cloud: file by file, a line for each."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console.output import line, marked, styled
from cli.console.receipts import show_receipt
from cli.stages.client import ask
from cli.stages.follow import Followed, follow
from cli.stages.target import STATE_DIR, Target
from local.supervisor.background import cloud
from shared.bucket import keys
from shared.errors import VintnerError

if TYPE_CHECKING:
    from cli.demo.sample import Sample

WAIT_SECONDS = 300.0


def own_sample(directory: Path) -> "Sample":
    """Write the sample, and make its settings this process's own."""
    from cli.demo.sample import LABEL, write_sample  # noqa: PLC0415  (loads scikit-learn)

    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    os.environ["VINTNER_LABEL"] = LABEL
    return write_sample(directory / STATE_DIR / "sample")


@contextmanager
def prepare(directory: Path, state_dir: Path, stage: str) -> Iterator[str]:
    """Run a simulated cloud of its own with a model of the sample in production; its URL."""
    sample = own_sample(directory)
    with cloud(directory, stage=stage, state_dir=state_dir, fresh=True) as running:
        target = Target.of(stage, state_dir)
        _upload(target, keys.TEST_UPLOADS, sample.test)
        _upload(target, keys.SLOT_UPLOADS, sample.slots[-1])
        yield running.url


def play(target: Target, sample: "Sample") -> None:
    """Upload the sample file by file, show what becomes of each, and ask for a prediction."""
    _upload(target, keys.TEST_UPLOADS, sample.test)
    line(f"\n{'slot':<12} {'rows':>5} {'F1':>8}  decision")
    for path in sample.slots:
        *_, step = _upload(target, keys.SLOT_UPLOADS, path)
        _show(path, step)
    _predict(target, sample)


def _upload(target: Target, prefix: str, path: Path) -> list[Followed]:
    key = prefix + path.name
    target.store.upload(key, path)
    steps = list(follow(target.store, target.settings, [key], seconds=WAIT_SECONDS))
    receipt = steps[0].receipt
    if receipt is None or receipt["status"] == "rejected":
        raise VintnerError(f"{key} was not accepted")
    if prefix == keys.TEST_UPLOADS:
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
