"""Handing over: a candidate that is too large for the function becomes a job, once, and is followed to its end.

    the bucket                 the launcher          what follows
    no job                     another one runs      wait: a burst of uploads is one job
    no job                     none runs             write job 1, launch it
    job n                      knows no such name    a function died between the two: launch it
    job n                      runs                  wait
    job n, a score or refusal                        done: nobody asks
    job n                      ended without either  write job n + 1, launch it; after three a refusal

A job is written before it is launched, and both are done under a name that can be taken once. So a bell that rings
twice, or ten at once, find the same names taken, and nothing is started twice.
"""

from datetime import UTC, datetime
from typing import Final

from shared.bucket import keys
from shared.bucket.store import Entry, Store
from shared.errors import Rejected
from shared.jobs.documents import write_job
from shared.jobs.launcher import JobState, Launcher
from shared.registry.models import outcome_of
from shared.registry.status_view import CandidateView
from shared.settings import Settings
from shared.training.artefacts import write_refusal
from shared.training.candidate import Candidate

MAX_ATTEMPTS: Final = 3
ASKED: Final = 5


def hand_over(store: Store, launcher: Launcher, candidate: Candidate, settings: Settings) -> CandidateView:
    """Do the next thing for a candidate that has no score and no refusal; its state now."""
    entries = store.list(keys.JOBS)
    numbers = keys.jobs(entries).get(candidate.model_id)
    if numbers is None:
        if other := _running(store, launcher, entries, settings):
            return _view(candidate, f"waits for the job {other}: newer uploads are trained together after it")
        return _launch(store, launcher, candidate, 1, settings)
    return _follow(
        store, launcher, candidate, settings, begun=_begun(entries, candidate, max(numbers)), number=max(numbers)
    )


def _follow(
    store: Store, launcher: Launcher, candidate: Candidate, settings: Settings, *, number: int, begun: datetime
) -> CandidateView:
    """Look after the candidate's last job, which began then."""
    state = launcher.state(job_name(settings, candidate.model_id, number))
    if state.status == "absent":
        return _launch(store, launcher, candidate, number, settings)
    if state.status == "running":
        return _view(candidate, _runs(settings, candidate, number, state, begun))
    if (outcome := outcome_of(store, candidate.model_id)) is not None:  # it was written while we asked
        return CandidateView(outcome, candidate.model_id)
    if number < MAX_ATTEMPTS:
        return _launch(store, launcher, candidate, number + 1, settings)
    error = Rejected(_given_up(number, state))
    write_refusal(store, candidate, error)
    return CandidateView("refused", candidate.model_id, str(error))


def job_name(settings: Settings, model_id: str, number: int) -> str:
    """The name of the n-th job of a candidate, of its own in an account."""
    return f"{settings.engine_jobs}-{model_id}-{number}"


def _launch(store: Store, launcher: Launcher, candidate: Candidate, number: int, settings: Settings) -> CandidateView:
    name = job_name(settings, candidate.model_id, number)
    write_job(store, candidate, number, name)
    launcher.launch(name, candidate.model_id)
    again = f", attempt {number} of {MAX_ATTEMPTS}" if number > 1 else ""
    return _view(candidate, f"handed over to the engine as the job {name}{again}")


def _running(store: Store, launcher: Launcher, entries: list[Entry], settings: Settings) -> str | None:
    """The name of a job that runs for another candidate. Only the newest ones are asked for: one runs at a time."""
    newest = sorted(entries, key=lambda entry: entry.modified)[-ASKED:]
    for model_id, numbers in keys.jobs(newest).items():
        if outcome_of(store, model_id) is None:
            name = job_name(settings, model_id, max(numbers))
            if launcher.state(name).status == "running":
                return name
    return None


def _view(candidate: Candidate, reason: str) -> CandidateView:
    return CandidateView("training", candidate.model_id, reason)


def _begun(entries: list[Entry], candidate: Candidate, number: int) -> datetime:
    key = keys.job_key(candidate.model_id, number)
    return next(entry.modified for entry in entries if entry.key == key)


def _runs(settings: Settings, candidate: Candidate, number: int, state: JobState, begun: datetime) -> str:
    since = begun.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    name = job_name(settings, candidate.model_id, number)
    again = f", attempt {number} of {MAX_ATTEMPTS}" if number > 1 else ""
    boosted = "" if settings.estimator == "hist_gradient_boosting" else "boosted trees, as every model of the engine; "
    return f"trained by the engine in the job {name}{again} since {since} UTC: {boosted}its log is at {state.log}"


def _given_up(number: int, state: JobState) -> str:
    words = state.reason or "it ended without a score and said nothing"
    return (
        f"expected a job that ends with a score, found {number} that did not; the last one: {words}. Its log is at "
        f"{state.log}. A larger VINTNER_ENGINE_INSTANCE or fewer slots may help; the next change of a slot or a "
        "setting is tried again"
    )
