"""What goes wrong around a command: one line that says what to do, and exit code 1."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands.upload import interrupted
from shared.bucket.s3 import S3Store
from tests.support.line import copy_project

COMMAND = str(Path(sys.executable).parent / "vintner")
NOBODY = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
SOMEBODY = NOBODY | {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
PATIENCE = 300  # ends a test that would hang; nothing is expected to take that long
SHUT = "http://127.0.0.1:1"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = copy_project(tmp_path / "project")
    (project / "slot.csv").write_text("a,diagnosis\n1,x\n", encoding="utf-8")
    return project


def environ(variables: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VINTNER_"))}
    return kept | variables


def run(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, *arguments]
    return subprocess.run(
        command,
        cwd=project,
        env=environ(variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def deployed(project: Path, text: str) -> None:
    folder = project / ".chalice" / "deployed"
    folder.mkdir()
    (folder / "dev.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", [["status"], ["upload", "slot.csv"], ["rollback"], ["prune"]])
def test_a_stage_needs_credentials(project: Path, command: list[str]) -> None:
    result = run(project, *command, "--stage", "dev", **NOBODY)
    assert result.returncode == 1
    assert result.stderr == (
        "Error: expected AWS credentials for stage 'dev', found none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY\n"
    )


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_ENDPOINT_URL": "nowhere"}, "Invalid endpoint: nowhere"),
        (
            {"AWS_ENDPOINT_URL": SHUT, "VINTNER_BUCKET": "vintner-dev"},
            "vintner-dev/status.json: the store cannot be reached",
        ),
        ({"AWS_ENDPOINT_URL": SHUT}, "expected an AWS account to name the bucket after"),
        ({"AWS_DEFAULT_REGION": ""}, "expected an AWS region, found none: set AWS_DEFAULT_REGION"),
        ({"VINTNER_BUCKET": "My_Bucket"}, "VINTNER_BUCKET='My_Bucket', expected a bucket's name"),
        ({"VINTNER_PROMOTION": "worse"}, "VINTNER_PROMOTION='worse', expected one of: better, significant"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_a_client_that_cannot_be_set_up(project: Path, variables: dict[str, str], problem: str) -> None:
    result = run(project, "status", "--stage", "dev", **(SOMEBODY | variables))
    assert (result.returncode, problem in result.stderr) == (1, True), result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["status"], ["upload", "slot.csv"], ["prune"]])
def test_a_missing_bucket(project: Path, command: list[str], s3_url: str) -> None:
    result = run(
        project, *command, "--stage", "dev", **SOMEBODY, AWS_ENDPOINT_URL=s3_url, VINTNER_BUCKET="no-such-bucket"
    )
    assert result.returncode == 1
    assert result.stderr.endswith("there is no such bucket: create it or correct VINTNER_BUCKET\n")


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (None, "stage 'dev' has no deployed API: run 'vintner deploy --stage dev'"),
        ("no json", "expected Chalice's record of a deployment, found something else"),
        ('{"resources": []}', "stage 'dev' has no deployed API"),
        (json.dumps({"resources": [{"rest_api_url": f"{SHUT}/api/"}]}), "/api/predict cannot be reached ([Errno 111]"),
    ],
    ids=["none", "damaged", "without", "down"],
)
def test_an_endpoint_that_is_not_there(project: Path, record: str | None, problem: str) -> None:
    if record is not None:
        deployed(project, record)
    result = run(project, "predict", "a=1", "--stage", "dev", **NOBODY)
    assert (result.returncode, problem in result.stderr) == (1, True), result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["upload", "."], 2, "File '.' is a directory."),
        (["predict", "."], 1, "expected a CSV file or FIELD=VALUE pairs, found '.', which is not a file"),
        (["replay", "."], 2, "File '.' is a directory."),
        (["up", "--port", "65536"], 2, "65536 is not in the range 0<=x<=65535"),
        (["completion", "tcsh"], 2, "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["bottle"], 2, "No such command 'bottle'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage(project: Path, arguments: list[str], code: int, problem: str) -> None:
    result = run(project, *arguments)
    assert (result.returncode, problem in result.stderr, "Traceback" in result.stderr) == (code, True, False)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let what is started here hear Ctrl-C: a shell's background job ignores it, and so does all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def waiting(project: Path, store: S3Store, s3_url: str, ctrl_c: None) -> Iterator["subprocess.Popen[str]"]:
    """An upload that waits for a receipt that never comes."""
    variables = SOMEBODY | {"AWS_ENDPOINT_URL": s3_url, "VINTNER_BUCKET": store.bucket}
    command = [COMMAND, "upload", "slot.csv", "--wait", "--stage", "dev"]
    with subprocess.Popen(
        command, cwd=project, env=environ(variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_ctrl_c_while_waiting_says_what_goes_on(waiting: "subprocess.Popen[str]") -> None:
    assert waiting.stdout
    assert waiting.stdout.readline().startswith("uploaded slot.csv")
    waiting.send_signal(signal.SIGINT)
    _, error = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 1
    assert error.strip() == ("Error: stopped waiting; the work on 1 upload continues without you: see vintner status")


def test_a_reader_that_has_seen_enough_is_no_error(project: Path) -> None:
    (project / "wide.csv").write_text(",".join(f"column{number}" for number in range(9000)) + "\n" + "1," * 8999 + "1")
    command = f"{COMMAND} new made --csv wide.csv | head -1"
    result = subprocess.run(["bash", "-c", command], cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout == "column\tkind\tvalues\tfor example\n"
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr


@pytest.mark.parametrize(
    ("uploaded", "text"),
    [
        (0, "interrupted after 0 of 2 uploads: upload the rest again"),
        (1, "interrupted after 1 of 2 uploads: upload the rest again"),
        (2, "stopped waiting; the work on 2 uploads continues without you: see vintner status"),
    ],
)
def test_ctrl_c_says_what_has_arrived(uploaded: int, text: str) -> None:
    assert interrupted(uploaded, 2) == text
