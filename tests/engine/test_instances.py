"""Several instances of one job: two of them, which are two addresses of this machine's loopback."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.instances import Instances, lead

BOTH = ("127.0.0.1", "127.0.0.2")
FOLLOW = "from engine.instances import *; import sys; follow(Instances(sys.argv[1], {!r}), 1, 1, port=int(sys.argv[2]))"


@pytest.mark.parametrize(
    ("hosts", "found"),
    [(["algo-2", "algo-1"], Instances("algo-2", ("algo-1", "algo-2"))), (["algo-2"], None)],
    ids=["two", "one"],
)
def test_the_service_says_which_instances_there_are(hosts: list[str], found: Instances | None, tmp_path: Path) -> None:
    text = json.dumps({"current_host": "algo-2", "hosts": hosts, "network_interface_name": "eth0"})
    (tmp_path / "resourceconfig.json").write_text(text, encoding="utf-8")
    assert Instances.of_service({"SM_INPUT_CONFIG_DIR": str(tmp_path)}) == found
    assert found is None or found.leader == "algo-1"


def test_without_a_service_there_is_this_machine_alone(tmp_path: Path) -> None:
    assert Instances.of_service({"SM_INPUT_CONFIG_DIR": str(tmp_path)}) is None


def hosts_of(addresses: list[str]) -> set[str]:
    return {address.removeprefix("tcp://").rpartition(":")[0] for address in addresses}


def test_the_workers_of_all_instances_work_for_the_first(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind((BOTH[0], 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", FOLLOW.format(BOTH), BOTH[1], str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as follower:
        with lead(Instances(BOTH[0], BOTH), 1, 1, port=port) as workers:
            assert workers.count == 2
            places = workers.fetch([workers.submit(place, _address) for place in range(2)])
            assert hosts_of(places) == set(BOTH)
        assert follower.wait(60) == 0


def _address() -> str:
    from distributed import get_worker  # noqa: PLC0415  (in a worker)

    return str(get_worker().address)
