"""The launcher: where jobs run. A name stands for one job for ever, so that launching twice starts one."""

from dataclasses import dataclass
from typing import Literal, Protocol

JobStatus = Literal["absent", "running", "ended", "failed"]


@dataclass(frozen=True)
class JobState:
    """What a job is doing; `reason` has its own words where it failed, `log` says where its log is."""

    status: JobStatus
    reason: str = ""
    log: str = ""


class Launcher(Protocol):
    """What starts jobs. Both methods raise Unavailable when it cannot be reached."""

    def launch(self, name: str, model_id: str) -> None:
        """Start a job; nothing happens where one of that name was ever started. Raise VintnerError when it may not."""
        ...

    def state(self, name: str) -> JobState:
        """What the job of a name is doing."""
        ...
