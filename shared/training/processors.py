"""How many processors the program really has: as many threads work at once, and one more is worse than one fewer.

A thread of OpenMP waits for the others by asking again and again. Where there are more threads than processors, the
asking takes the time of those that have work to do.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Final

from threadpoolctl import ThreadpoolController

MEGABYTES_OF_ONE: Final = 1_769  # of a Lambda function (AWS, "Configure Lambda function memory")
FEW_ROWS: Final = 100_000
CGROUPS: Final = Path("/sys/fs/cgroup")


def processors(environment: Mapping[str, str] = os.environ, cgroups: Path = CGROUPS) -> int:
    """The whole processors that this process may use, at least one: those of its share, its quota and its function."""
    limits = [float(len(os.sched_getaffinity(0))), *_quotas(cgroups)]
    if memory := environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"):
        limits.append(int(memory) / MEGABYTES_OF_ONE)
    return max(1, int(min(limits)))


def _quotas(cgroups: Path) -> Iterator[float]:
    """What the control group allows: of version 2 in one file, of version 1 in two; ``max`` and -1 are no limit."""
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((cgroups / name).read_text(encoding="ascii") for name in names).split()
        except (OSError, ValueError):
            continue
        if quota not in {"max", "-1"}:
            yield int(quota) / int(period)


def limited_threads(rows: int) -> AbstractContextManager[object]:
    """Let OpenMP have the processors that there are, on few rows one: there threads wait longer than they work.

    BLAS has one, since with several it adds up in another order. Threads of OpenMP change no byte.
    """
    limits = {"openmp": 1 if rows <= FEW_ROWS else processors(), "blas": 1}
    limited: AbstractContextManager[object] = _controller().limit(limits=limits)
    return limited


@cache  # to look for the libraries takes longer than to fit a few rows; scikit-learn has loaded all of them by then
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
