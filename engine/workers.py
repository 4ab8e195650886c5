"""Workers: what runs the tasks of a training, on a cluster or in this process.

A task is a function of the project with its arguments; what it returns stays where it ran until it is fetched. `place`
numbers the tasks that belong together: those of one number run on one worker, and find there what they left.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from shared.training.processors import processors

Task = Callable[..., Any]
Kept = Any
"""What stands for a task's result; as an argument of another task it becomes the result."""

LOOPBACK: Final = "127.0.0.1"


class Workers(Protocol):
    """Where tasks run. All raise what a task raises, and WorkerLost when a worker is gone."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def threads(self) -> int:
        """The threads of each one."""
        ...

    @property
    def host(self) -> str:
        """The address of this process as the workers see it."""
        ...

    def submit(self, place: int, task: Task, *arguments: Any) -> Kept:  # noqa: ANN401
        """Run a task; what stands for its result."""
        ...

    def fetch(self, kept: Sequence[Kept]) -> list[Any]:
        """The results, in order, once all are there."""
        ...

    def wait(self, kept: Sequence[Kept], doing: str) -> None:
        """Wait until all results are there, and leave them where they are."""
        ...


class InThisProcess:
    """One worker, which is this process: each task runs when it is submitted."""

    def __init__(self, threads: int | None = None) -> None:
        self.count = 1
        self.threads = threads or processors()
        self.host = LOOPBACK

    def submit(self, place: int, task: Task, *arguments: Any) -> Kept:  # noqa: ANN401, ARG002
        """Run a task now; its result."""
        return task(*arguments)

    def fetch(self, kept: Sequence[Kept]) -> list[Any]:
        """The results."""
        return list(kept)

    def wait(self, kept: Sequence[Kept], doing: str) -> None:
        """Do nothing: all is there."""
