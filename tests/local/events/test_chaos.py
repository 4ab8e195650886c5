from itertools import pairwise
from pathlib import Path

from local.events.chaos import LONGEST_SECONDS, Chaos, calm
from local.events.resources import clients
from local.supervisor.background import cloud
from tests.local.conftest import RETRY_DELAYS, Cloud
from tests.support.sample_app import STAGE, write_project

EVENTS = 400


def plans(seed: int) -> list[tuple[float, ...]]:
    chaos = Chaos(seed)
    return [chaos() for _ in range(EVENTS)]


def test_calm_is_once_and_at_once() -> None:
    assert calm() == (0.0,)


def test_the_same_seed_gives_the_same_chaos() -> None:
    assert plans(7) == plans(7)
    assert plans(7) != plans(8)


def test_no_event_is_lost_and_none_comes_too_late() -> None:
    assert all(plan and all(0 <= delay <= LONGEST_SECONDS for delay in plan) for plan in plans(1))


def test_events_are_doubled_delayed_and_reordered() -> None:
    chaotic = plans(2)
    doubled = sum(len(plan) == 2 for plan in chaotic)
    late = sum(max(plan) > 0 for plan in chaotic)
    overtaken = sum(min(first) > min(second) for first, second in pairwise(chaotic))
    assert 0.15 * EVENTS < doubled < 0.35 * EVENTS
    assert 0.4 * EVENTS < late < 0.8 * EVENTS
    assert overtaken > 0.2 * EVENTS


def test_every_event_is_handled_at_least_once_in_the_simulated_cloud(tmp_path: Path) -> None:
    directory = write_project(tmp_path)
    with cloud(directory, stage=STAGE, state_dir=tmp_path / "state", retry_delays=RETRY_DELAYS, chaos=3) as up:
        s3, sqs = clients(up.endpoint_url)
        sim = Cloud(up, s3, sqs)
        names = [f"{number:02}" for number in range(12)]
        for name in names:
            sim.put(f"in/{name}.csv")
        sim.settle()
        assert sim.keys("copied/") == [f"copied/in/{name}.csv" for name in names]
        handled = [
            line
            for line in (tmp_path / "state/logs/cloud.log").read_text().splitlines()
            if " copy " in line and " ok " in line
        ]
        s3.close()
        sqs.close()
    assert len(handled) > len(names), "some came twice"
