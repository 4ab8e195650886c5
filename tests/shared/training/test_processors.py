"""The number of processors: the least of what the machine, the control group and the function allow."""

import os
from pathlib import Path

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: F401  (loads OpenMP)
from threadpoolctl import threadpool_info

from shared.training.processors import limited_threads, processors

OWN = len(os.sched_getaffinity(0))

# Files of the control group, memory of the function, processors.
CASES: dict[str, tuple[dict[str, str], str | None, int]] = {
    "no limit": ({}, None, OWN),
    "no quota": ({"cpu.max": "max 100000\n"}, None, OWN),
    "no quota, version 1": ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, OWN),
    "half of one": ({"cpu.max": "50000 100000\n"}, None, 1),
    "more than one": ({"cpu.max": "170000 100000\n"}, None, 1),
    "half of one, version 1": ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, 1),
    "more than there are": ({"cpu.max": "90000000 100000\n"}, None, OWN),
    "a file of another shape": ({"cpu.max": "what is this\n"}, None, OWN),
    "a small function": ({}, "512", 1),
    "a function just short of two": ({}, "3008", 1),
    "the largest function": ({}, "10240", min(OWN, 5)),
}


@pytest.mark.parametrize(("files", "memory", "expected"), CASES.values(), ids=CASES)
def test_processors(tmp_path: Path, files: dict[str, str], memory: str | None, expected: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    environment = {} if memory is None else {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert processors(environment, tmp_path) == expected


@pytest.mark.parametrize(("rows", "memory", "threads"), [(10_000_000, "1024", 1), (1_000, "10240", 1)])
def test_threads_are_limited_while_a_model_is_fitted(
    rows: int, memory: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)
    with limited_threads(rows):
        pools = {pool["user_api"]: pool["num_threads"] for pool in threadpool_info()}
    assert pools == {"openmp": threads, "blas": 1}
