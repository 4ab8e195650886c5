"""Where a scored model is now, in one sentence: what its decision said may not be true any more."""

from collections.abc import Collection, Iterable
from functools import partial

from shared.documents import DecisionDocument
from shared.registry.status_documents import StatusDocument


def standing(
    model_id: str,
    decisions: Iterable[DecisionDocument],
    *,
    current: str | None,
    hold: bool,
    withdrawn: Collection[str],
) -> str:
    """What is true of a model now, and the command that changes it.

    `decisions` are those on it, `current` is the model in production; `hold` and `withdrawn` are the pointer's.
    """
    own = [decision for decision in decisions if decision["model_id"] == model_id]
    latest = max(own, key=lambda decision: (decision["at"], decision["generation"]), default=None)
    if model_id == current:
        held = "; promotion is held: vintner release lets later candidates be judged" if hold else ""
        by_hand = latest is not None and latest["decision"] == "rolled_back"
        return f"in production{' by a rollback' if by_hand else _because(latest)}{held}"
    if model_id in withdrawn:
        return f"withdrawn by a rollback; vintner rollback {model_id} brings it back"
    if latest is None:
        return "not judged yet: the promote function does it, hourly at the latest"
    return _of_another(latest, current, hold=hold)


def _of_another(latest: DecisionDocument, current: str | None, *, hold: bool) -> str:
    """Where a model is that is neither in production nor withdrawn."""
    model_id, decision = latest["model_id"], latest["decision"]
    if decision == "waiting":
        if hold:
            return "waits: promotion is held after a rollback; vintner release lets it be judged"
        return f"waits{_because(latest)}: vintner approve {model_id} puts it into production"
    if decision != "kept":
        return f"was in production until {current} took its place; vintner rollback {model_id} goes back to it"
    against = latest["production_model_id"]
    since = f"; {against} is no longer in production" if against and against != current else ""
    return f"kept out{_because(latest)}{since}"


def _because(decision: DecisionDocument | None) -> str:
    return f": {decision['reason']}" if decision else ""


def as_of_now(view: StatusDocument) -> StatusDocument:
    """The view with what is true now of each model that it shows."""
    production, decisions, candidate = view["production"], view["decisions"], view["candidate"]
    say = partial(
        standing,
        decisions=decisions,
        current=production and production["model_id"],
        hold=bool(production and production["hold"]),
        withdrawn=production["withdrawn"] if production else (),
    )
    scored = candidate["model_id"] if candidate["state"] == "trained" else None
    return {
        **view,
        "candidate": {**candidate, "standing": say(scored) if scored else None},
        "decisions": [{**decision, "standing": say(decision["model_id"])} for decision in decisions],
    }
