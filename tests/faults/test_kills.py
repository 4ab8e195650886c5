"""The process is killed at every storage call, before the call reaches the bucket and after; the next event mends it.

The bucket outlives the process: each write goes to a log that the kernel keeps, and the parent goes on from that.
"""

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.faults import counting
from tests.faults.cycle import Clients, Cycle
from tests.faults.forked import kill_myself, killed, spread
from tests.faults.invariants import check_decided, check_one_receipt_each, differences, settled
from tests.faults.test_every_call import Chapter, Run, bucket_before
from tests.faults.wire import Call

Point = tuple[Chapter, Call, bool]
SIDES: Final = (False, True)
RANDOM_KILLS: Final = 1_000


def play_and_die(clients: Clients, start: Mapping[str, bytes], point: Point, log: Path) -> None:
    """Play a chapter, write down all that changes in the bucket, and be killed at a call, before or after it."""
    chapter, where, after = point
    run = Run(clients, start)
    with log.open("ab", buffering=0) as file:

        def write_down(call: Call) -> None:
            if call.writes:
                pickle.dump((call.key, run.bucket.objects[call.key].body), file)
            if after and call == where:
                kill_myself()

        def look(call: Call) -> None:
            if not after and call == where:
                kill_myself()

        run.wire.before, run.wire.after = look, write_down
        chapter(run.cycle)


def left_behind(log: Path) -> Iterator[tuple[str, bytes]]:
    """The writes that reached the bucket."""
    with log.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301  (our own child's)


def go_on(clients: Clients, start: Mapping[str, bytes], point: Point, log: Path) -> Run:
    """Take over what the killed process left, look at it after every write, and deliver the events again."""
    run = Run(clients, start)
    for key, body in left_behind(log):
        run.bucket.put(key, body)
        if key.startswith("data/"):
            run.watch.user_changes(run.bucket.bodies())
        run.watch.look(run.bucket.bodies())
    point[0](run.cycle)
    return run


def calls_of(clients: Clients, start: Mapping[str, bytes], chapter: Chapter) -> list[Call]:
    """The calls of a chapter that reach the store over boto3."""
    run = Run(clients, start)
    chapter(run.cycle)
    return [call for call in run.wire.calls if not call.verb.startswith("api ")]


def check(
    clients: Clients, start: Mapping[str, bytes], expected: Mapping[str, object], point: Point, log: Path
) -> None:
    """Kill one process, deliver again, and compare with the run that was not killed."""
    assert killed(lambda: play_and_die(clients, start, point, log)), f"never came to {point}"
    found = go_on(clients, start, point, log).bucket.bodies()
    log.unlink()
    assert differences(settled(found), expected) == [], point
    check_decided(found)
    check_one_receipt_each(found)


@pytest.mark.usefixtures("reads_once")
@pytest.mark.parametrize("chapter", [Cycle.first, Cycle.next], ids=["first", "next"])
def test_killed_at_every_call(memory_clients: Clients, tmp_path: Path, chapter: Chapter) -> None:
    start = bucket_before(memory_clients, chapter)
    reference = Run(memory_clients, start)
    chapter(reference.cycle)
    expected = settled(reference.bucket.bodies())
    points = [(chapter, call, after) for call in calls_of(memory_clients, start, chapter) for after in SIDES]
    numbered = list(enumerate(points))
    if counting.LONG:
        chance = counting.chance(f"kills {chapter.__name__}")
        numbered = list(enumerate(chance.choices(points, k=RANDOM_KILLS // 2)))

    def kill(one: tuple[int, Point]) -> None:
        check(memory_clients, start, expected, one[1], tmp_path / f"{one[0]}.log")

    done = spread(numbered, kill)
    counting.show(f"kill -9 at every call, {chapter.__name__} upload: {done} of {len(numbered)} kills survived")
