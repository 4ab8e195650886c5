"""Boosting: XGBoost's histogram trees on bins, in one process or in all workers together, to the same bytes.

Every worker has its blocks and sees the sums of all; the sums are exact, so that neither the number of workers nor the
order in which their sums arrive can show. XGBoost's own module for Dask would bring dask.dataframe and pyarrow, with
which pandas reads text differently; what is used here is what that module is built on.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.collective import CommunicatorContext
from xgboost.tracker import RabitTracker

from engine.features import Bins, Block
from engine.grid import objective_of
from engine.workers import Kept, Workers
from shared.training.processors import FEW_ROWS, processors

MAX_BINS: Final = 256
PARAMETERS: Final[Mapping[str, object]] = {
    "tree_method": "hist",
    "max_bin": MAX_BINS,
    "grow_policy": "lossguide",
    "max_depth": 0,
    "max_leaves": 31,
    "eta": 0.1,
    "min_child_weight": 1.0,
    "max_delta_step": 10.0,  # with 100 rounds log odds stay below 128, where sums of leaves are exact
    "lambda": 1.0,
    "disable_default_eval_metric": 1,
    "verbosity": 0,
}


class _Blocks(xgboost.DataIter):
    """Blocks one after the other, so that no copy of all is made."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._next = 0
        super().__init__()

    def next(self, input_data: Callable[..., None]) -> bool:
        """Give the next block; whether there was one."""
        if self._next == len(self._blocks):
            return False
        block = self._blocks[self._next]
        input_data(data=block.bins, label=block.classes.astype(np.float32))
        self._next += 1
        return True

    def reset(self) -> None:
        """Begin again."""
        self._next = 0


def boost(
    blocks: Sequence[Block],
    starts: NDArray[np.float32],
    rounds: int,
    threads: int,
    communicator: Mapping[str, Any] | None = None,
) -> bytes:
    """The trained booster as XGBoost's JSON; `starts` are the log odds that it is trained from, which it leaves out.

    `communicator` names the group of workers, each of which calls this with blocks of its own.
    """
    classes = np.concatenate([block.classes for block in blocks])
    of_kind: dict[str, object] = (
        {"objective": "binary:logistic", "base_score": 0.5}
        if len(starts) == 1
        else {"objective": "multi:softprob", "num_class": len(starts), "base_score": 0.0}
    )
    with nullcontext() if communicator is None else CommunicatorContext(**communicator):
        matrix = xgboost.QuantileDMatrix(_Blocks(blocks), max_bin=MAX_BINS, nthread=threads)
        booster = xgboost.train(
            {**PARAMETERS, **of_kind, "nthread": threads}, matrix, rounds, obj=objective_of(classes, starts)
        )
        return bytes(booster.save_raw("json"))


def boost_here(bins: Bins, classes: NDArray[np.uint8], starts: NDArray[np.float32], rounds: int) -> bytes:
    """The booster of some rows, in this process."""
    threads = 1 if len(classes) <= FEW_ROWS else processors()
    return boost([Block(bins, classes)], starts, rounds, threads)


def boost_on(
    workers: Workers, places: Sequence[int], blocks: Sequence[Kept], starts: NDArray[np.float32], rounds: int
) -> bytes:
    """The booster of the blocks, in the workers of the places where these are."""
    by_worker: dict[int, list[Kept]] = {}
    for place, block in zip(places, blocks, strict=True):
        by_worker.setdefault(place % workers.count, []).append(block)
    if workers.count == 1:
        return bytes(workers.fetch([workers.submit(0, boost, by_worker[0], starts, rounds, workers.threads)])[0])
    tracker = RabitTracker(n_workers=len(by_worker), host_ip=workers.host, sortby="task")
    tracker.start()
    group = tracker.worker_args()
    running = [
        workers.submit(worker, boost, own, starts, rounds, workers.threads, {**group, "DMLC_TASK_ID": f"{worker:06d}"})
        for worker, own in sorted(by_worker.items())
    ]
    workers.wait(running, "trained in worker")
    return bytes(workers.fetch(running[:1])[0])
