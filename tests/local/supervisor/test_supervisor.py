import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.errors import LocalError
from local.events.resources import clients
from local.runfile import Running, running
from local.supervisor.background import cloud, start, stop
from local.supervisor.children import ROOT
from tests.support.patience import eventually
from tests.support.processes import PROC, Process, alive, family
from tests.support.sample_app import CONFIG, STAGE, write_project

pytestmark = pytest.mark.skipif(not PROC.exists(), reason="reads the kernel's tables in /proc")


def warm_up(up: Running) -> None:
    """Bring a function's process into being."""
    s3, sqs = clients(up.endpoint_url)
    s3.put_object(Bucket="uploads", Key="sleep/x", Body=b"")
    s3.close()
    sqs.close()
    eventually(lambda: len(family(up.pid)) == 5, "supervisor, three servers and a function's process are there")


def all_gone(processes: list[Process]) -> bool:
    return not any(alive(process) for process in processes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name)
def test_nothing_is_left_running(project_dir: Path, number: signal.Signals) -> None:
    state = project_dir / "state"
    with cloud(project_dir, stage=STAGE, state_dir=state) as up:
        warm_up(up)
        processes = family(up.pid)
        os.kill(up.pid, number)
        eventually(lambda: all_gone(processes), "every process has ended")
        assert running(state) is None
        assert (state / "run.json").exists() is (number == signal.SIGKILL)


@pytest.mark.parametrize("name", ["s3", "pump", "gateway"])
def test_the_death_of_one_ends_all_and_says_which(project_dir: Path, name: str) -> None:
    state = project_dir / "state"
    with cloud(project_dir, stage=STAGE, state_dir=state) as up:
        processes = family(up.pid)
        (victim,) = (p for p in processes if f".{name} " in p.command and "-m local." in p.command)
        os.kill(victim.pid, signal.SIGKILL)
        eventually(lambda: all_gone(processes), "every process has ended")
    last = (state / "logs" / "cloud.log").read_text().splitlines()[-1]
    assert f"the {name} process ended unexpectedly (signal SIGKILL)" in last
    assert last.endswith(f"logs/{name}.log")


def test_it_goes_on_after_its_starter_until_it_is_stopped(project_dir: Path) -> None:
    state = project_dir / "state"
    state.mkdir()
    (state / "run.json").write_text("left over by one that was killed")
    up = start(project_dir, stage=STAGE, state_dir=state)
    try:
        assert running(state) == up
        processes = family(up.pid)
        with pytest.raises(LocalError, match=f"already up in .*process {up.pid}"):
            start(project_dir, stage=STAGE, state_dir=state)
    finally:
        stop(up)
    assert running(state) is None
    eventually(lambda: all_gone(processes), "every process has ended")


def test_a_context_ends_with_its_process(project_dir: Path) -> None:
    program = (
        "import pathlib, time; from local.supervisor.background import cloud\n"
        f"with cloud(pathlib.Path({str(project_dir)!r}), stage={STAGE!r}, state_dir=pathlib.Path('state')) as up:\n"
        "    print(up.pid, flush=True); time.sleep(600)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=project_dir, env=environ, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        processes = family(int(starter.stdout.readline()))
        assert len(processes) == 4
        starter.kill()
    eventually(lambda: all_gone(processes), "every process has ended")


def test_a_taken_port_is_refused_in_one_line(project_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=rf"cannot listen on 127.0.0.1:{port} for S3: .*in use") as refused:
            start(project_dir, stage=STAGE, state_dir=project_dir / "state", s3_port=port)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("raise SystemExit('LABEL is not set: name the column')", "did not load: LABEL is not set: name the column"),
        (
            "import chalice\napp = chalice.Chalice(app_name='x')\n@app.schedule('rate(1 minutes)')\ndef f(event): pass",
            "schedule 'rate(1 minutes)': expected 1 minute",
        ),
        (
            "import chalice\napp = chalice.Chalice(app_name='x')\n@app.on_s3_event(bucket='B')\ndef f(event): pass",
            "a trigger of bucket 'B'",
        ),
    ],
    ids=["app", "schedule", "bucket"],
)
def test_an_app_that_cannot_run_says_why_in_one_line(tmp_path: Path, app: str, expected: str) -> None:
    directory = write_project(tmp_path, app=app)
    with pytest.raises(LocalError) as refused:
        start(directory, stage=STAGE, state_dir=directory / "state")
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)
    assert running(directory / "state") is None


def test_an_app_without_triggers_is_served(tmp_path: Path) -> None:
    app = "import chalice\napp = chalice.Chalice(app_name='x')\n@app.route('/')\ndef f(): return {}"
    directory = write_project(tmp_path, app=app, config=CONFIG)
    with cloud(directory, stage=STAGE, state_dir=directory / "state") as up:
        assert up.buckets == ()


def test_nothing_in_local_knows_the_app() -> None:
    name = bytes.fromhex("76696e746e6572").decode()
    files = [path for path in (ROOT / "local").rglob("*.py") if name in path.read_text().lower()]
    assert files == []
