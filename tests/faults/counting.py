"""The counts that a run shows at its end: how many cases of each method, with the seed and the commit."""

import os
import random
import subprocess
from pathlib import Path
from typing import Final

VARIABLE: Final = "VINTNER_TEST_SEED"
LONG: Final = os.environ.get("VINTNER_LONG_TESTS", "") not in {"", "0"}
SEED: Final = int(os.environ.get(VARIABLE) or random.SystemRandom().randrange(2**32))
os.environ.setdefault(VARIABLE, str(SEED))  # one seed for all processes of a run
COUNT: Final = "count under faults"
LINES: Final[list[str]] = []


def chance(name: str) -> random.Random:
    """A source of chance of its own for each test, from this run's seed."""
    return random.Random(f"{SEED} {name}")  # noqa: S311  (reproducible tests, no secrets)


def show(line: str) -> None:
    """Add a line to what is shown at the end."""
    LINES.append(f"{line} (seed {SEED})")


def commit() -> str:
    """The commit under test; a plus marks changes that are not committed."""
    root = Path(__file__).parents[2]
    try:
        name = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=False
        )
        dirty = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return (name.stdout.strip() or "unknown") + ("+" if dirty.stdout else "")
