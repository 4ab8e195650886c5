from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from local.events.delivery import DeadLetter, Delivery, Lane, Outcome, describe, line, settle_after
from local.workers.warm_function import FunctionFailed

EVENT = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "in%2Fa+b.csv"}}}]}


@dataclass
class Desk:
    """A lane with everything around it recorded."""

    fails: int
    calls: int = 0
    settled: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def call(self, _event: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls += 1
        if self.calls <= self.fails:
            raise FunctionFailed("ValueError: no")
        return {"seconds": 0.25, "result": "done"}

    def settle(self) -> None:
        self.settled += 1

    def run(self, retry_delays: tuple[float, ...] = (1.0, 2.0)) -> None:
        lane = Lane(
            self.call,
            retry_delays=retry_delays,
            report=self.outcomes.append,
            bury=self.letters.append,
            later=lambda seconds, action: self.later.append((seconds, action)),
        )
        lane.attempt(Delivery("copy", EVENT, self.settle))
        for _seconds, action in self.later:
            assert self.settled == 0
            action()
            lane.serve_one()


def test_a_success_is_settled_at_once() -> None:
    desk = Desk(fails=0)
    desk.run()
    assert (desk.calls, desk.settled, desk.letters, desk.later) == (1, 1, [], [])


def test_a_failure_is_tried_again_after_its_delay() -> None:
    desk = Desk(fails=1)
    desk.run()
    assert (desk.calls, desk.settled, desk.letters) == (2, 1, [])
    assert [seconds for seconds, _ in desk.later] == [1.0]
    assert [outcome.again_seconds for outcome in desk.outcomes] == [1.0, None]


def test_the_third_failure_is_buried_before_it_is_settled() -> None:
    desk = Desk(fails=3)
    desk.run()
    (letter,) = desk.letters
    assert (letter.function, letter.event, letter.error, letter.attempts) == ("copy", EVENT, "ValueError: no", 3)
    assert datetime.fromisoformat(letter.at).tzinfo is not None
    assert (desk.calls, desk.settled) == (3, 1)


def test_without_delays_the_first_failure_is_the_last() -> None:
    desk = Desk(fails=1)
    desk.run(retry_delays=())
    assert (desk.calls, desk.settled, len(desk.letters)) == (1, 1, 1)


def test_a_message_is_done_with_when_all_its_functions_are() -> None:
    done: list[bool] = []
    settle = settle_after(2, lambda: done.append(True))
    settle()
    assert done == []
    settle()
    assert done == [True]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(EVENT, "ObjectCreated:Put in/a b.csv", id="S3"),
        pytest.param({"Records": EVENT["Records"] * 3}, "ObjectCreated:Put in/a b.csv and 2 more", id="records"),
        pytest.param({"detail-type": "Scheduled Event"}, "Scheduled Event", id="schedule"),
        pytest.param({"Records": [{}]}, "event", id="odd"),
    ],
)
def test_describe(event: dict[str, Any], expected: str) -> None:
    assert describe(event) == expected


SUBJECT = "12:30:00 copy ObjectCreated:Put in/a b.csv"


@pytest.mark.parametrize(
    ("error", "again", "expected"),
    [
        (None, None, "ok 0.50 s"),
        ("ValueError: no", 2.0, "failed 0.50 s (attempt 1, again in 2 s): ValueError: no; log: L"),
        ("ValueError: no", None, "failed 0.50 s (attempt 1, given up, now a dead letter): ValueError: no; log: L"),
    ],
    ids=["ok", "again", "given up"],
)
def test_line(error: str | None, again: float | None, expected: str) -> None:
    outcome = Outcome(Delivery("copy", EVENT, lambda: None), 0.5, error, again)
    at = datetime(2024, 1, 1, 12, 30, tzinfo=UTC)
    assert line(outcome, log="L", now=at) == f"{SUBJECT} {expected}"
