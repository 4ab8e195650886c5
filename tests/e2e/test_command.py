"""The ``vintner`` command as a person meets it, in processes of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cli.main import main
from local.runfile import running
from tests.e2e.conftest import SAMPLE
from tests.support.line import ROOT, Line, copy_project, csv_of, running_line, vintner

Frames = tuple[pd.DataFrame, list[pd.DataFrame]]

# What `sam local generate-event s3 put` prints by default, shortened to what S3 itself always sends.
FOREIGN_EVENT = {
    "Records": [
        {
            "eventVersion": "2.0",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "1970-01-01T00:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "EXAMPLE"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "EXAMPLE123456789"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "testConfigRule",
                "bucket": {"name": "example-bucket", "arn": "arn:aws:s3:::example-bucket"},
                "object": {"key": "test/key", "size": 1024, "eTag": "0123456789abcdef0123456789abcdef"},
            },
        }
    ]
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_frames: Frames) -> Iterator[Line]:
    test, slots = sample_frames
    with running_line(tmp_path_factory.mktemp("served") / "project", SAMPLE) as line:
        line.upload("data/test/test.csv", csv_of(test))
        line.upload("data/slots/a.csv", csv_of(slots[0]))
        line.upload("data/slots/b.csv", csv_of(slots[5]))
        yield line


def ok(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


@pytest.mark.parametrize("name", list(main.lazy_commands))
def test_every_command_explains_itself(name: str, tmp_path: Path) -> None:
    text = ok(vintner(tmp_path, [name, "--help"], {}))
    assert text.startswith(f"Usage: vintner {name}")
    assert len(text.splitlines()[2].strip()) > 20


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["status"], 1, "Error: expected a running simulated cloud, found none: start one with 'vintner up'"),
        (["status", "--stage", "prod"], 1, "Error: no stage 'prod'"),
        (["predict", "a=1", "--stage", "dev"], 1, "Error: stage 'dev' has no deployed API"),
        (["upload"], 2, "Missing argument 'FILE...'"),
        (["upload", "absent.csv"], 2, "'absent.csv' does not exist"),
        (["predict", "a=1", "rows.csv"], 2, "expected one CSV file, or FIELD=VALUE pairs alone"),
        (["predict", "app.py", "--explain"], 2, "expected one row as FIELD=VALUE pairs with --explain, found a file"),
        (["prune", "--min-age", "0"], 2, "x>=1"),
        (["down"], 0, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals_are_one_clear_message(tmp_path: Path, arguments: list[str], code: int, text: str) -> None:
    result = vintner(copy_project(tmp_path / "project"), arguments, {})
    assert (result.returncode, text in result.stderr, "Traceback" in result.stderr) == (code, True, False)


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    result = vintner(tmp_path, ["status"], {})
    assert result.returncode == 1
    assert result.stderr.startswith("Error: expected a project with .chalice/config.json")


@pytest.mark.parametrize(
    ("variable", "value"), [("VINTNER_LABEL", ""), ("VINTNER_POSITIVE", "more than 5"), ("VINTNER_PAGES", "maybe")]
)
def test_a_bad_setting_stops_up_with_one_line(tmp_path: Path, variable: str, value: str) -> None:
    result = vintner(copy_project(tmp_path / "project"), ["up", "--port", "0", "--s3-port", "0"], {variable: value})
    assert result.returncode == 1
    assert variable in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_up_says_ready_and_ends_clean(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    command = [str(Path(sys.executable).parent / "vintner"), "up", "--port", "0", "--s3-port", "0"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=os.environ | SAMPLE)
    assert process.stdout
    assert process.stdout.readline().startswith("ready  http://127.0.0.1:")
    assert running(project / ".vintner")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    process.stdout.close()
    assert running(project / ".vintner") is None


def test_upload_waits_and_tells(served: Line, tmp_path: Path, sample_frames: Frames) -> None:
    (tmp_path / "more.csv").write_text(csv_of(sample_frames[1][4]))
    (tmp_path / "broken.csv").write_text("mean_radius,diagnosis\nbig,benign\n")
    text = ok(served.vintner("upload", str(tmp_path / "more.csv"), "--wait"))
    assert "accepted data/slots/more.csv: 96 rows read, 96 new" in text
    assert re.search(r"(promoted|kept): F1 0\.\d{4} against", text)
    broken = served.vintner("upload", str(tmp_path / "broken.csv"), "--wait")
    assert broken.returncode == 1
    assert "line 2, column mean_radius: expected a finite number or nothing, found 'big'" in broken.stdout


def test_predict_takes_a_file_or_fields(served: Line, tmp_path: Path, sample_frames: Frames) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(csv_of(sample_frames[0].head(3)))
    lines = ok(served.vintner("predict", str(path))).splitlines()
    assert lines[0] == "row\tprediction\tprobability"
    assert [line.split("\t")[1] in {"benign", "malignant"} for line in lines[1:]] == [True] * 3
    row = sample_frames[0].drop(columns="diagnosis").iloc[0]
    one = json.loads(ok(served.vintner("predict", "--json", *[f"{name}={value}" for name, value in row.items()])))
    assert one["prediction"] == lines[1].split("\t")[1]
    told = ok(served.vintner("predict", "--explain", *[f"{name}={value}" for name, value in row.items()])).splitlines()
    assert told[2:4] == ["what speaks for malignant: log odds, exact", "feature\tlog odds"]
    named = dict(text.split("\t") for text in told[4:])
    assert named.keys() == {"(base)", "(all)", *row.index}
    assert sum(map(float, named.values())) == pytest.approx(2 * float(named["(all)"]), abs=0.01)
    bad = served.vintner("predict", "mean_radius=big")
    assert bad.returncode == 1
    assert '/mean_radius: expected a number or null, found a string "big"' in bad.stderr


def test_predict_takes_rows_alone_and_says_so(served: Line, tmp_path: Path, sample_frames: Frames) -> None:
    path = tmp_path / "rows.csv"
    rows = sample_frames[0].drop(columns="diagnosis").head(3)
    path.write_text(rows.to_csv(index=False, header=False))
    result = served.vintner("predict", str(path))
    assert len(ok(result).splitlines()) == 4
    assert result.stderr.startswith("warning: the first line names no column, so it is read as a row")
    path.write_text("0.5,0.25\n")
    refused = served.vintner("predict", str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "/header: expected a header line that names the columns mean_radius" in refused.stderr


def test_status_explain_and_the_desk(served: Line) -> None:
    view: dict[str, Any] = json.loads(ok(served.vintner("status", "--json")))
    model_id = view["production"]["model_id"]
    assert view["dead_letters"] == []
    assert f"production  {model_id}" in ok(served.vintner("status"))
    assert "promoted at" in ok(served.vintner("explain", model_id))
    assert served.vintner("explain", "0" * 16).returncode == 1
    earlier = ok(served.vintner("rollback", "--list")).splitlines()[1].split("\t")[0]
    assert "which is withdrawn" in ok(served.vintner("rollback"))
    assert served.pointer().model_id == earlier
    assert "promotion is held" in ok(served.vintner("status"))
    assert served.vintner("approve").returncode == 1
    ok(served.vintner("release"))
    assert served.pointer().hold is False
    assert "nothing to release" in served.vintner("release").stderr
    ok(served.vintner("rollback", model_id))
    assert served.pointer().model_id == model_id
    ok(served.vintner("release"))


@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_event_replays_and_changes_nothing(served: Line, path: Path) -> None:
    before = {entry.key: entry.etag for entry in served.store.list("")}
    found = json.loads(ok(served.vintner("replay", "--json", str(path))))[0]
    assert bool(found["functions"]) is (path.stem != "s3_test_event")
    assert [one["error"] for one in found["outcomes"]] == [None] * len(found["functions"])
    if path.stem == "api_request":
        assert json.loads(found["outcomes"][0]["result"]["body"])["prediction"] in {"benign", "malignant"}
    after = {entry.key: entry.etag for entry in served.store.list("")}
    assert {key for key in before | after if before.get(key) != after.get(key)} <= {"status.json"}


def test_a_foreign_event_rings_every_listener(served: Line, tmp_path: Path) -> None:
    path = tmp_path / "put.json"
    path.write_text(json.dumps(FOREIGN_EVENT))
    found = json.loads(ok(served.vintner("replay", "--json", str(path))))[0]
    assert sorted(found["functions"]) == ["ingest_and_retrain", "predict_batch", "promote"]
    path.write_text('{"what": "ever"}')
    assert "expected an S3 notification" in served.vintner("replay", str(path)).stderr
    path.write_text("no json")
    assert "expected the JSON of one event" in served.vintner("replay", str(path)).stderr


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [("VINTNER_LABEL", "'other'", "'diagnosis'"), ("VINTNER_ON_DRIFT", "'reject'", "'warn'")],
)
def test_settings_that_differ_from_the_clouds_are_refused(served: Line, name: str, here: str, there: str) -> None:
    result = served.vintner("status", **{name: here.strip("'")})
    assert result.returncode == 1
    assert f"{name} is {here} here and {there} in the running simulated cloud" in result.stderr


def test_prune_keeps_what_is_young(served: Line) -> None:
    assert ok(served.vintner("prune", "--rows")) == "nothing to remove\n"


def test_the_demo_tells_the_story(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    text = ok(vintner(project, ["demo"], {"VINTNER_LABEL": "something else", "VINTNER_POSITIVE": "> 5"}))
    decisions = re.findall(r"^slot_\d\.csv +\d+ +0\.\d{4}  (\w+)", text, re.MULTILINE)
    assert decisions == ["promoted", "promoted", "kept", "promoted", "promoted", "promoted"]
    assert '"prediction": "benign"' in text
    assert running(project / ".vintner" / "demo") is None
