import json
from pathlib import Path

import pytest

from local.events.resources import dead_letters, idle, post
from local.events.timer import scheduled_event
from local.runfile import running
from tests.local.conftest import Cloud
from tests.local.project.test_schedules import moment
from tests.support.processes import PROC, family, listening


def log(sim: Cloud, name: str) -> str:
    return (Path(sim.up.state_dir) / "logs" / f"{name}.log").read_text()


def letters(sim: Cloud, key: str) -> list[dict[str, object]]:
    all_letters = dead_letters(sim.up, sqs=sim.sqs)
    return [letter for letter in all_letters if key in json.dumps(letter["event"])]


def test_an_upload_reaches_each_function_that_it_is_for_once(sim: Cloud) -> None:
    sim.put("in/a b+é.csv")
    sim.settle()
    assert sim.keys("copied/in/a b+é.csv") == ["copied/in/a b+é.csv"]
    lines = [line for line in log(sim, "cloud").splitlines() if line.endswith("s") and "a b+é.csv" in line]
    assert sorted(line.split()[1] for line in lines) == ["copy", "log"]
    assert all(" ok " in line for line in lines)


def test_a_suffix_is_respected(sim: Cloud) -> None:
    sim.put("in/b.txt")
    sim.settle()
    assert sim.keys("copied/in/b.txt") == []
    assert sim.keys("logged/in/b.txt") == ["logged/in/b.txt"]


def test_removals_ring_their_own_function(sim: Cloud) -> None:
    sim.put("in/r.csv")
    sim.s3.delete_object(Bucket="uploads", Key="in/r.csv")
    sim.settle()
    assert sim.keys("removed/") == ["removed/in/r.csv"]


def test_a_function_prints_to_its_own_log(sim: Cloud) -> None:
    sim.put("in/printed.csv")
    sim.settle()
    assert "saw in/printed.csv" in log(sim, "log")
    assert "START RequestId" in log(sim, "log")


def test_a_function_stays_warm(sim: Cloud) -> None:
    for name in ("w1", "w2"):
        sim.put(f"in/{name}.csv")
    sim.settle()
    first, second = (json.loads(sim.read(f"copied/in/{name}.csv")) for name in ("w1", "w2"))
    assert first == second
    assert first["greeting"] == "hello"


def test_a_burst_is_handled_completely(sim: Cloud) -> None:
    for number in range(30):
        sim.put(f"in/burst-{number}.csv")
    sim.settle()
    assert len(sim.keys("copied/in/burst-")) == 30


def test_a_schedule_rings_its_function(sim: Cloud) -> None:
    event = scheduled_event("tick", moment("2024-01-01T00:00:00"))
    post(sim.up, event, sqs=sim.sqs)
    sim.settle()
    assert sim.keys("ticked/") == [f"ticked/{event['id']}"]


def test_a_failure_is_tried_again(sim: Cloud) -> None:
    sim.put("flaky/x")
    sim.settle()
    assert sim.keys("recovered/") == ["recovered/flaky/x"]
    assert letters(sim, "flaky") == []


def test_the_third_failure_is_a_dead_letter(sim: Cloud) -> None:
    sim.put("fail/x")
    sim.settle()
    (letter,) = letters(sim, "fail")
    assert (letter["function"], letter["error"], letter["attempts"]) == ("fail", "ValueError: no good: fail/x", 3)
    assert "Traceback" in log(sim, "fail")
    assert len(letters(sim, "fail")) == 1
    line = log(sim, "cloud").splitlines()[-1]
    assert "given up" in line
    assert line.endswith("logs/fail.log")


def test_a_function_that_kills_itself_fails_alone(sim: Cloud) -> None:
    sim.put("die/now")
    sim.put("die/not")
    sim.settle()
    (letter,) = letters(sim, "die")
    assert letter["error"] == "the function's process ended before it answered: exit status 3"
    assert sim.keys("survived/") == ["survived/die/not"]


def test_a_function_is_killed_at_its_timeout(sim: Cloud) -> None:
    sim.put("sleep/x")
    assert not idle(sim.up, sqs=sim.sqs)
    sim.settle()
    (letter,) = letters(sim, "sleep")
    assert letter["error"] == "Task timed out after 1.00 seconds"


def test_a_message_that_is_no_event_is_a_dead_letter(sim: Cloud) -> None:
    sim.sqs.send_message(QueueUrl=sim.up.queue_url, MessageBody="garbage")
    post(sim.up, {"what": "is this"}, sqs=sim.sqs)
    sim.settle()
    unknown = [letter for letter in dead_letters(sim.up, sqs=sim.sqs) if letter["function"] is None]
    assert [letter["event"] for letter in unknown] == ["garbage", '{"what": "is this"}']


def test_the_run_file_says_where_it_is(sim: Cloud) -> None:
    assert running(Path(sim.up.state_dir)) == sim.up
    assert sim.up.buckets == ("uploads",)
    assert sim.up.not_simulated == ("news: Kinesis events are not simulated",)
    assert sim.up.environment["GREETING"] == "hello"
    assert sim.up.environment["AWS_ENDPOINT_URL"] == sim.up.endpoint_url


@pytest.mark.skipif(not PROC.exists(), reason="reads the kernel's tables in /proc")
def test_everything_listens_on_loopback_only(sim: Cloud) -> None:
    addresses = {address for process in family(sim.up.pid) for address in listening(process.pid)}
    assert {host for host, _ in addresses} == {"127.0.0.1"}
    assert {f"http://{host}:{port}" for host, port in addresses} == {sim.up.url, sim.up.endpoint_url}
