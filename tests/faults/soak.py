"""A soak of the simulated cloud: constant uploads and predictions while storage stalls and functions are killed.

    python -m tests.faults.soak 600 [SEED]

S3 is stopped for up to three seconds at a time, so that calls time out; the functions' processes are killed; events
come doubled, late and out of order. It ends with 1 if a prediction failed after the first model, if the bucket is not
consistent at the end, or if the memory of a process was a fifth higher in the last quarter than in the second one.
"""

import json
import os
import random
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from local.environment import adopt
from local.events.resources import clients, dead_letters, idle
from local.supervisor.background import cloud
from shared.bucket.s3 import S3Store
from shared.settings import Settings
from tests.faults.invariants import Watch, check_decided, check_one_receipt_each
from tests.support.processes import PROC, family
from tests.support.stage import SLOT, TEST, Stage, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.runfile import Running

ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = {"VINTNER_BUCKET": "soak", "VINTNER_LABEL": "label", "VINTNER_REFRESH_SECONDS": "1"}
UPLOAD_SECONDS, PREDICT_SECONDS, STALL_SECONDS, KILL_SECONDS, LOOK_SECONDS = 3.0, 0.1, 20.0, 45.0, 5.0
LONGEST_STALL_SECONDS: Final = 3.0
KEYS: Final = 8
FLAT: Final = 1.2


@dataclass
class Soak:
    """What was done, and what was seen."""

    up: "Running"
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    memory: dict[str, list[int]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    served: threading.Event = field(default_factory=threading.Event)

    def every(self, seconds: float, act: "Callable[[], None]") -> threading.Thread:
        """Do something again and again until the soak is over."""

        def again() -> None:
            while not self.over.wait(seconds):
                act()

        thread = threading.Thread(target=again, daemon=True)
        thread.start()
        return thread

    def upload(self, stage: Stage) -> None:
        """Upload or replace one of a few slots."""
        stage.put(f"{SLOT}{self.chance.randrange(KEYS)}.csv", sample(self.chance.randrange(10_000), rows=40, noise=0.2))
        self.done["uploads"] += 1

    def predict(self) -> None:
        """Ask for one prediction; from the first model on each must be answered."""
        body = json.dumps({"a": self.chance.uniform(-5, 5), "b": self.chance.uniform(-5, 5)}).encode()
        request = urllib.request.Request(
            f"{self.up.url}/predict", body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = json.load(answer)["model_id"]
            self.done["predictions"] += 1
            self.done[f"model {found}"] += 1
            self.served.set()
        except urllib.error.HTTPError as error:
            if error.code != 503 or self.served.is_set():
                self.problems.append(f"prediction: {error.code} {error.read()[:200]!r}")
        except OSError as error:
            self.problems.append(f"prediction: {error}")

    def stall(self) -> None:
        """Stop the storage for a while: whoever calls it waits, and gives up or not."""
        for process in self._processes("local.servers.s3"):
            os.kill(process, signal.SIGSTOP)
            time.sleep(self.chance.uniform(0.2, LONGEST_STALL_SECONDS))
            os.kill(process, signal.SIGCONT)
            self.done["storage stalls"] += 1

    def kill(self) -> None:
        """Kill a function's process."""
        workers = self._processes("local.workers.worker")
        if workers:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(workers), signal.SIGKILL)
                self.done["functions killed"] += 1

    def look(self) -> None:
        """Note the memory of each process."""
        for process in family(self.up.pid):
            with suppress(OSError):
                words = process.command.split()
                modules = [word.rpartition(".")[2] for word in words if word.startswith("local.")]
                if modules:
                    name = words[words.index("local.workers.worker") + 2] if modules == ["worker"] else modules[0]
                    self.memory.setdefault(name, []).append(resident(process.pid))

    def _processes(self, module: str) -> list[int]:
        found = []
        for process in family(self.up.pid):
            with suppress(OSError):
                if module in process.command:
                    found.append(process.pid)
        return found


def resident(pid: int) -> int:
    """Resident memory of a process in KiB."""
    text = (PROC / str(pid) / "status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def settle(soak: Soak) -> None:
    """Wait until every event is handled, then ring once more for what the last faults left undone."""
    sqs = clients(soak.up.endpoint_url)[1]
    deadline = time.monotonic() + 120
    while not idle(soak.up, sqs=sqs):
        if time.monotonic() > deadline:
            soak.problems.append("events were still waiting after two minutes")
            return
        time.sleep(0.2)


def check(soak: Soak, stage: Stage) -> int:
    """Look at the bucket at rest; the number of bytes in it."""
    stage.ingest()
    stage.promote()
    bodies = {key: stage.store.read(key).body for key in stage.listing()}
    pointers = Watch({key: body for key, body in bodies.items() if key != "production.json"})
    pointers.pointers = [stage.pointer]
    check_decided(bodies)
    check_one_receipt_each(bodies)
    scored = [stage.json(key)["f1"] for key in bodies if key.startswith("models/") and key.endswith("/score.json")]
    if stage.pointer.score != max(scored):
        soak.problems.append(f"production has F1 {stage.pointer.score}, the best model {max(scored)}")
    soak.done["models"] = len(scored)
    soak.done["generations"] = stage.pointer.generation
    return sum(map(len, bodies.values()))


def report(soak: Soak, seconds: float, size: int) -> int:
    """Print what was seen; the exit code."""
    models = sum(name.startswith("model ") for name in soak.done)
    for name, number in sorted(soak.done.items()):
        if not name.startswith("model "):
            print(f"{name:20} {number}")
    print(f"{'models that answered':20} {models}")
    print(f"{'bytes in the bucket':20} {size}")
    print(
        f"{'dead letters':20} {len(dead_letters(soak.up))} (events of killed functions; the next event did their work)"
    )
    for name, found in sorted(soak.memory.items()):
        quarter = max(1, len(found) // 4)
        first, last = max(found[quarter : 2 * quarter], default=0), max(found[-quarter:])
        print(
            f"memory of {name:20} {first / 1024:.1f} MiB in the second quarter, {last / 1024:.1f} MiB in the last one"
        )
        if last > FLAT * first and name != "s3":  # S3 holds the bucket, which grows
            soak.problems.append(f"the memory of {name} grew from {first} to {last} KiB")
    for problem in soak.problems[:20]:
        print("PROBLEM", problem)
    print(f"{seconds:.0f} s, {len(soak.problems)} problems")
    return int(bool(soak.problems))


def main(seconds: float, seed: int) -> int:
    """Run a soak."""
    print(f"soak of {seconds:g} s, seed {seed}", flush=True)
    os.environ.update(SETTINGS)
    with (
        TemporaryDirectory() as folder,
        cloud(ROOT, stage="local", state_dir=Path(folder), retry_delays=(0.2, 0.5), chaos=seed) as up,
    ):
        adopt(up.environment)
        soak = Soak(up, random.Random(seed))  # noqa: S311  (reproducible, no secrets)
        stage = Stage(S3Store("soak"), Settings(bucket="soak", label="label"))
        stage.put(TEST, sample(1000, rows=300, noise=0.05))
        acts: dict[Callable[[], None], float] = {
            lambda: soak.upload(stage): UPLOAD_SECONDS,
            soak.predict: PREDICT_SECONDS,
            soak.stall: STALL_SECONDS,
            soak.kill: KILL_SECONDS,
            soak.look: LOOK_SECONDS,
        }
        threads = [soak.every(pause, act) for act, pause in acts.items()]
        time.sleep(seconds)
        soak.over.set()
        for thread in threads:
            thread.join()
        settle(soak)
        return report(soak, seconds, check(soak, stage))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
