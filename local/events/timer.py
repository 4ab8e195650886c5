"""The clock that rings an app's schedules, as scheduled events of EventBridge."""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from local.environment import REGION
from local.project.message_events import ACCOUNT
from local.project.schedules import Schedule, parse
from local.project.triggers import ScheduleTrigger

TICK_SECONDS: Final = 1.0  # short, so that a laptop that wakes up notices at once what is due


@dataclass(frozen=True)
class Bell:
    """One schedule and when it rings next; None when it never does again."""

    function: str
    schedule: Schedule
    due: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Whether it is due at `now`."""
        return self.due is not None and self.due <= now

    def after(self, now: datetime) -> "Bell":
        """The bell after `now`: rings that were missed count as one."""
        return replace(self, due=self.schedule.next_after(now)) if self.is_due(now) else self


def bells(triggers: Iterable[ScheduleTrigger], now: datetime) -> tuple[Bell, ...]:
    """A bell for each schedule; raise `LocalError`, which quotes a bad expression."""
    schedules = ((trigger.function, parse(trigger.expression)) for trigger in triggers)
    return tuple(Bell(function, schedule, schedule.next_after(now)) for function, schedule in schedules)


def scheduled_event(function: str, now: datetime) -> dict[str, Any]:
    """The event that EventBridge sends for the rule named `function`."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}"],
        "detail": {},
    }


def ring(current: tuple[Bell, ...], now: datetime, send: Callable[[dict[str, Any]], None]) -> tuple[Bell, ...]:
    """Send an event for each bell that is due, and return the bells with their next times."""
    for bell in current:
        if bell.is_due(now):
            send(scheduled_event(bell.function, now))
    return tuple(bell.after(now) for bell in current)


def keep_ringing(
    current: tuple[Bell, ...],
    send: Callable[[dict[str, Any]], None],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ring until no bell will ever ring again."""
    while any(bell.due is not None for bell in current):
        current = ring(current, clock(), send)
        sleep(TICK_SECONDS)
