"""The bucket of ``vintner up`` outlives it: killed, started again, forgotten."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from cli.commands.demo import _refuse_other_uploads
from cli.demo.sample import write_sample
from local.runfile import running
from shared.errors import VintnerError
from tests.e2e.conftest import SAMPLE
from tests.support.line import copy_project, csv_of, vintner
from tests.support.patience import eventually
from tests.support.processes import alive, family

Frames = tuple[pd.DataFrame, list[pd.DataFrame]]


@contextmanager
def up(project: Path, *options: str) -> Iterator[list[str]]:
    """Run ``vintner up``: what it prints until it is ready; afterwards it is killed with all of it."""
    command = [str(Path(sys.executable).parent / "vintner"), "up", "--port", "0", "--s3-port", "0", *options]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=os.environ | SAMPLE) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("ready"):
            assert lines[-1], "it did not start"
            lines.append(process.stdout.readline())
        yield lines
        processes = family(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: not any(alive(each) for each in processes), "every process has ended")


def test_a_day_of_models_outlives_a_kill(tmp_path: Path, sample_frames: Frames) -> None:
    project = copy_project(tmp_path / "project")
    test, slots = sample_frames
    (tmp_path / "test.csv").write_text(csv_of(test))
    (tmp_path / "slot.csv").write_text(csv_of(slots[0]))
    (tmp_path / "late.csv").write_text(csv_of(slots[1]))
    with up(project):
        assert vintner(project, ["upload", str(tmp_path / "test.csv"), "--test", "--wait"], SAMPLE).returncode == 0
        assert vintner(project, ["upload", str(tmp_path / "slot.csv"), "--wait"], SAMPLE).returncode == 0
        before = vintner(project, ["status", "--json"], SAMPLE).stdout
        assert vintner(project, ["upload", str(tmp_path / "late.csv")], SAMPLE).returncode == 0
    assert '"data/slots/slot.csv"' in before
    with up(project) as lines:
        assert lines[0].startswith("kept   ")
        # The event of the last upload was not handled, and is: nobody uploads anything now.
        eventually(lambda: "late.csv" in vintner(project, ["status", "--json"], SAMPLE).stdout, "the late one is read")
        stored = project / ".vintner" / "bucket" / "vintner-local" / "data" / "slots" / "slot.csv"
        assert stored.read_text() == csv_of(slots[0])
    with up(project, "--fresh") as lines:
        assert len(lines) == 1
        assert "none" in vintner(project, ["status"], SAMPLE).stdout


def test_down_forgets_when_it_is_asked_to(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    with up(project):
        bucket = project / ".vintner" / "bucket"
        assert bucket.is_dir()
        done = vintner(project, ["down"], SAMPLE)
        assert done.stdout == "ended\n"
        assert bucket.is_dir()
    for expected in ("the bucket is forgotten", "there was no bucket to forget"):
        done = vintner(project, ["down", "--forget"], SAMPLE)
        assert done.stdout == f"no simulated cloud is running here\n{expected}\n"
        assert not bucket.exists()
        assert running(project / ".vintner") is None


@pytest.mark.parametrize("name", ["test/test.csv", "slots/mine.csv"], ids=["the sample's", "another"])
def test_the_kept_demo_leaves_other_uploads_alone(tmp_path: Path, name: str) -> None:
    sample = write_sample(tmp_path / "sample")
    upload = tmp_path / "bucket" / "vintner-local" / "data" / name
    upload.parent.mkdir(parents=True)
    upload.write_text("")
    if name == f"test/{sample.test.name}":
        _refuse_other_uploads(tmp_path / "bucket", sample)
        return
    with pytest.raises(VintnerError, match=r"found data/slots/mine.csv: run the demo without --keep"):
        _refuse_other_uploads(tmp_path / "bucket", sample)
