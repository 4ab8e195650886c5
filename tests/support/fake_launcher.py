"""A launcher in memory: it keeps the contract of every launcher, counts what it is asked, and fails on demand."""

from dataclasses import dataclass, field

from shared.jobs.launcher import JobState


@dataclass
class FakeLauncher:
    """`jobs` has the state of each job that was started, `launches` each call; `errors` are met by the next calls."""

    jobs: dict[str, JobState] = field(default_factory=dict)
    launches: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def launch(self, name: str, model_id: str) -> None:  # noqa: ARG002  (as every launcher)
        """Start a job that runs until the test ends it."""
        if self.errors:
            raise self.errors.pop()
        self.launches.append(name)
        self.jobs.setdefault(name, JobState("running", log=f"logs/{name}"))

    def state(self, name: str) -> JobState:
        """What the job is doing."""
        return self.jobs.get(name, JobState("absent", log=f"logs/{name}"))

    def end(self, name: str, reason: str = "") -> None:
        """End a job, with a reason if it failed."""
        self.jobs[name] = JobState("failed" if reason else "ended", reason, f"logs/{name}")
