"""Several instances of one job: two of them, which are two addresses of this machine's loopback."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.instances import Instances

ROOT = Path(__file__).resolve().parents[2]


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


def test_the_workers_of_all_instances_work_for_the_first() -> None:
    """In a process of its own: this one may only speak to one address of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.engine.two_instances", str(port)]
    found = json.loads(subprocess.check_output(command, cwd=ROOT, text=True, timeout=120))
    assert found["follower"] == 0
    assert sorted(address.rpartition(":")[0] for address in found["workers"]) == ["tcp://127.0.0.1", "tcp://127.0.0.2"]
