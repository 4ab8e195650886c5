"""The warm functions of a project, each with the lane that leads to it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from local.events.delivery import DeadLetter, Lane, Outcome, line
from local.project.project import Project
from local.workers.packaged import packaged_function
from local.workers.warm_function import WarmFunction, worker_command


class Workshop:
    """The warm functions of a project, with the lanes that lead to them.

    With `handlers`, the project's directory is an unpacked package, and these are its functions.
    """

    def __init__(
        self,
        project: Project,
        state_dir: Path,
        *,
        retry_delays: tuple[float, ...],
        bury: Callable[[DeadLetter], None],
        print_line: Callable[[str], None],
        handlers: Mapping[str, str] | None = None,
    ) -> None:
        self._handlers = handlers
        self._project = project
        self._state_dir = state_dir
        self._retry_delays = retry_delays
        self.bury = bury
        self._print_line = print_line
        self._functions: list[WarmFunction] = []

    def open_lane(self, function: str) -> Lane:
        """A lane to `function`; its process starts at the first event."""
        log = self._state_dir / "logs" / f"{function}.log"
        warm = self._function(function, log)
        self._functions.append(warm)

        def report(outcome: Outcome) -> None:
            self._print_line(line(outcome, log=str(log)))

        return Lane(warm.ask, retry_delays=self._retry_delays, report=report, bury=self.bury)

    def _function(self, function: str, log: Path) -> WarmFunction:
        project = self._project
        if self._handlers is not None:
            return packaged_function(project, function, self._handlers[function], log)
        command = worker_command(project.directory, project.stage, function)
        return WarmFunction(
            command, project.directory, project.function(function).timeout_seconds, log, dict(project.outer)
        )

    def close(self) -> None:
        """Kill every function's process."""
        for function in self._functions:
            function.kill()
