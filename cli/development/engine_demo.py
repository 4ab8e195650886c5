"""``make demo-engine``: a million generated rows go over the threshold, and a job of the engine trains on them.

All of it on this machine: the simulated cloud, the job as a process of it, its workers on loopback.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from cli.commands.cloud import ENGINE_STAND_INS
from cli.console.output import line
from cli.stages.client import ask
from cli.stages.follow import follow
from cli.stages.target import LOCAL_STAGE, STATE_DIR, Target, project_directory
from local.supervisor.background import cloud
from shared.bucket import keys
from shared.errors import VintnerError

SLOTS: Final = 5
TEST_ROWS: Final = 10_000
FEATURES: Final = 6
THRESHOLD_MB: Final = 5
WAIT_SECONDS: Final = 900.0
LOOK_SECONDS: Final = 0.2


def rows(seed: int, count: int) -> pd.DataFrame:
    """Sensors of a machine, and whether it will fail: a step, an interaction, noise."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(count, FEATURES)).round(3)
    score = (
        values[:, 0] + 0.8 * values[:, 1] * values[:, 2] - 0.6 * np.abs(values[:, 3]) + 0.5 * chance.normal(size=count)
    )
    frame = pd.DataFrame(values, columns=[f"sensor_{number}" for number in range(1, FEATURES + 1)])
    return frame.assign(state=np.where(score > 0.6, "fails", "holds"))


def play(target: Target, directory: Path, count: int) -> None:
    """Upload the slots, then the test set, and show what becomes of the candidate."""
    directory.mkdir(parents=True, exist_ok=True)
    sizes = 0
    for number in range(1, SLOTS + 1):
        path = directory / f"slot_{number}.csv"
        rows(number, count // SLOTS).to_csv(path, index=False)
        sizes += path.stat().st_size
        target.store.upload(f"{keys.SLOT_UPLOADS}{path.name}", path)
        line(f"uploaded {path.name}: {count // SLOTS:,} rows, {path.stat().st_size / 1e6:.1f} MB")
    line(f"{sizes / 1e6:.0f} MB are more than VINTNER_ENGINE_MB={THRESHOLD_MB}: the engine trains\n")
    test = directory / "test.csv"
    rows(0, TEST_ROWS).to_csv(test, index=False)
    target.store.upload(f"{keys.TEST_UPLOADS}{test.name}", test)
    for said in _progress(target):
        line(f"  {said}")
    *_, last = follow(target.store, target.settings, [f"{keys.TEST_UPLOADS}{test.name}"], seconds=WAIT_SECONDS)
    if last.score is None or last.decision is None:
        raise VintnerError(f"nothing was trained: {last.reason}")
    decision = f"{last.decision['decision']}, {last.decision['reason']}"
    line(f"\n{last.score['train_rows']:,} rows, F1 {last.score['f1']:.4f}: {decision}")
    row = dict.fromkeys(last.score["features"], 1.0)
    line(f"POST {target.endpoint()}/predict\n  {json.dumps(ask(target, json.dumps(row).encode(), 'application/json'))}")


def _progress(target: Target) -> Iterator[str]:
    """What the job prints, until there is a score."""
    deadline = time.monotonic() + WAIT_SECONDS
    logs = Path(target.cloud.state_dir, "logs") if target.cloud else Path()
    shown = 0
    while time.monotonic() < deadline:
        ended = bool(keys.scored_models(target.store.list(keys.MODELS)))
        found = sorted(logs.glob(f"{target.settings.engine_jobs}-*.log"))
        lines = [text for log in found for text in log.read_text(encoding="utf-8").splitlines() if "rank" not in text]
        yield from lines[shown:]
        shown = len(lines)
        if ended:
            return
        time.sleep(LOOK_SECONDS)
    raise VintnerError(f"expected a score within {WAIT_SECONDS:g} s, found none: see {logs}")


def main(arguments: list[str]) -> int:
    """Run the demo; 0 when a model is in production."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    engine = {"VINTNER_ENGINE": "dask", "VINTNER_ENGINE_MB": str(THRESHOLD_MB), **ENGINE_STAND_INS}
    os.environ |= {"VINTNER_LABEL": "state", "VINTNER_POSITIVE": "== fails", "VINTNER_THRESHOLD": "0.5", **engine}
    directory = project_directory()
    state_dir = directory / STATE_DIR / "demo-engine"
    line("starting the simulated cloud: S3, the triggers, SageMaker's jobs, the HTTP API, all on this machine")
    try:
        with cloud(directory, stage=LOCAL_STAGE, state_dir=state_dir, fresh=True):
            play(Target.of(LOCAL_STAGE, state_dir), state_dir / "rows", options.rows)
    except VintnerError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
