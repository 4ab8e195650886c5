from datetime import UTC, datetime

import pytest

from local.errors import LocalError
from local.events.timer import Bell, bells, keep_ringing, ring, scheduled_event
from local.project.schedules import parse
from local.project.triggers import ScheduleTrigger

NOW = "2024-02-28T23:58:30"  # a Wednesday, in a leap year


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2024-02-28T23:59:30"),
        ("rate(5 minutes)", "2024-02-29T00:03:30"),
        ("rate(1 hour)", "2024-02-29T00:58:30"),
        ("rate(2 days)", "2024-03-01T23:58:30"),
        ("cron(* * * * ? *)", "2024-02-28T23:59:00"),
        ("cron(58 23 * * ? *)", "2024-02-29T23:58:00"),
        ("cron(0 12 * * ? *)", "2024-02-29T12:00:00"),
        ("cron(0/15 * * * ? *)", "2024-02-29T00:00:00"),
        ("cron(10-40/15 1 * * ? *)", "2024-02-29T01:10:00"),
        ("cron(*/7 23 * * ? *)", "2024-02-29T23:00:00"),
        ("cron(5,59 * * * ? *)", "2024-02-28T23:59:00"),
        ("cron(0 10 ? * MON-FRI *)", "2024-02-29T10:00:00"),
        ("cron(0 10 ? * 2 *)", "2024-03-04T10:00:00"),
        ("cron(0 10 ? * sun,sat *)", "2024-03-02T10:00:00"),
        ("cron(0 0 1 * ? *)", "2024-03-01T00:00:00"),
        ("cron(0 0 29 FEB ? *)", "2024-02-29T00:00:00"),
        ("cron(0 0 29 2 ? 2025-2032)", "2028-02-29T00:00:00"),
        ("cron(0 0 1 JAN-MAR ? 2026)", "2026-01-01T00:00:00"),
        ("cron(0 0 31 4 ? *)", None),
        ("cron(0 0 1 1 ? 2020)", None),
    ],
)
def test_next_ring(expression: str, expected: str | None) -> None:
    due = parse(expression).next_after(moment(NOW))
    assert due == (moment(expected) if expected else None)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("every 5 minutes", "expected rate"),
        ("rate(0 minutes)", "count from 1"),
        ("rate(1 minutes)", "expected 1 minute,"),
        ("rate(5 minute)", "expected 5 minutes,"),
        ("rate(5 weeks)", "minutes, hours or days"),
        ("rate(-1 days)", "expected rate"),
        ("cron(0 12 * * ?)", "six fields .* found 5"),
        ("cron(0 12 * * * *)", "exactly one"),
        ("cron(0 12 ? * ? *)", "exactly one"),
        ("cron(60 12 * * ? *)", "minutes: expected 0-59, found '60'"),
        ("cron(0 24 * * ? *)", "hours"),
        ("cron(0 ? * * ? *)", "hours"),
        ("cron(0 12 0 * ? *)", "day of month"),
        ("cron(0 12 L * ? *)", "L, W and # are not"),
        ("cron(0 12 ? * MON#2 *)", "L, W and # are not"),
        ("cron(0 12 * 13 ? *)", "month: expected 1-12 or JAN-DEC"),
        ("cron(0 12 ? * 0 *)", "day of week: expected 1-7 or SUN-SAT"),
        ("cron(0 12 ? * FRI-MON *)", "low to high"),
        ("cron(0 12 * * ? 1969)", "year"),
        ("cron(0/0 12 * * ? *)", "step above 0"),
        ("cron(0/x 12 * * ? *)", "step above 0"),
    ],
)
def test_a_bad_expression_is_refused(expression: str, part: str) -> None:
    with pytest.raises(LocalError, match=part) as refused:
        parse(expression)
    assert repr(expression) in str(refused.value)


def test_bells_ring_when_due_and_then_wait_for_their_next_time() -> None:
    sent: list[dict[str, object]] = []
    hung = bells([ScheduleTrigger("tick", "rate(1 hour)")], moment("2024-01-01T00:00:00"))
    hung = ring(hung, moment("2024-01-01T00:59:59"), sent.append)
    assert sent == []
    # The laptop slept for half a day: the missed rings count as one.
    hung = ring(hung, moment("2024-01-01T12:00:00"), sent.append)
    hung = ring(hung, moment("2024-01-01T12:00:01"), sent.append)
    assert [event["resources"] for event in sent] == [["arn:aws:events:us-east-1:123456789012:rule/tick"]]
    assert hung[0].due == moment("2024-01-01T13:00:00")


def test_ringing_ends_with_the_last_bell() -> None:
    sent: list[dict[str, object]] = []
    last = Bell("tick", parse("cron(0 0 1 1 ? 2024)"), moment("2024-01-01T00:00:00"))
    keep_ringing((last,), sent.append, clock=lambda: moment("2024-01-01T00:00:00"), sleep=lambda _seconds: None)
    assert len(sent) == 1


def test_a_scheduled_event_has_the_fields_of_a_real_one() -> None:
    event = scheduled_event("tick", moment("2024-01-01T00:00:00"))
    assert event["time"] == "2024-01-01T00:00:00Z"
    assert set(event) == {
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"
    }  # fmt: skip
