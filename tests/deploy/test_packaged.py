"""The artefacts run: each function's handler in an interpreter that sees the unpacked zip, its layer and no more."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.demo.sample import Sample, write_sample
from cli.deploying.smoke_test import SMOKE_TEST
from cli.stages.follow import follow
from local.project.project import Project
from local.runfile import Running
from local.supervisor.background import cloud as up
from local.workers.packaged import packaged_function
from local.workers.warm_function import FunctionFailed, WarmFunction
from shared.bucket.s3 import S3Store
from shared.registry.pointer import read_pointer
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REQUEST = json.loads((ROOT / "events" / "api_request.json").read_text(encoding="utf-8"))
HANDLERS = {
    "api_handler": "app.app",
    "ingest_and_retrain": "chalicelib.triggers.ingest_and_retrain",
    "ingest_and_retrain_sweep": "chalicelib.triggers.ingest_and_retrain_sweep",
    "predict_batch": "chalicelib.triggers.predict_batch",
    "predict_batch_sweep": "chalicelib.triggers.predict_batch_sweep",
    "promote": "chalicelib.triggers.promote",
    "promote_sweep": "chalicelib.triggers.promote_sweep",
}
SWEEP = json.loads((ROOT / "events" / "sweep.json").read_text(encoding="utf-8"))

Start = Callable[[str], WarmFunction]


@pytest.fixture
def start(unpacked: Path, cloud: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start functions of the unpacked project against the simulated S3."""
    started = []
    environ = {**cloud, "VINTNER_REFRESH_SECONDS": "0"}

    def start(function: str, directory: Path = unpacked) -> WarmFunction:
        project = Project(directory, "local", outer=environ)
        started.append(packaged_function(project, function, HANDLERS[function], tmp_path / f"{function}.log"))
        return started[-1]

    yield start
    for function in started:
        function.end()


@pytest.fixture
def bucket(cloud: dict[str, str]) -> Iterator[S3Store]:
    """The stage's bucket."""
    assert cloud
    client = boto3.client("s3")
    client.create_bucket(Bucket="vintner-local")
    yield S3Store("vintner-local", reading=client, writing=client)
    for found in client.list_objects_v2(Bucket="vintner-local").get("Contents", []):
        client.delete_object(Bucket="vintner-local", Key=found["Key"])
    client.delete_bucket(Bucket="vintner-local")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"))


def upload(bucket: S3Store, sample: Sample) -> None:
    bucket.upload("data/test/test.csv", sample.test)
    bucket.upload("data/slots/slot_6.csv", sample.slots[-1])


def s3_event(name: str, key: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / name).read_text(encoding="utf-8"))
    event["Records"][0]["s3"]["object"]["key"] = key
    return event


def records(log: Path) -> list[dict[str, Any]]:
    """A function's log: every line of it is JSON."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_lambda_is_told_these_handlers(unpacked: Path, cloud: dict[str, str]) -> None:
    code = (
        "import json, pathlib; from local.workers.packaged import handlers; from local.project.project import Project\n"
        f"print(json.dumps(handlers(Project(pathlib.Path({str(unpacked)!r}), 'local').load())))"
    )
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=cloud)
    assert json.loads(done.stdout) == HANDLERS


def test_upload_retrain_promote_predict(start: Start, bucket: S3Store, sample: Sample, tmp_path: Path) -> None:
    upload(bucket, sample)
    trained = start("ingest_and_retrain").ask(s3_event("slot_uploaded.json", "data%2Fslots%2Fslot_6.csv"))["result"]
    assert [one["status"] for one in trained["receipts"]] == ["accepted", "accepted"]
    (score,) = trained["trained"]
    judged = start("promote").ask(s3_event("model_scored.json", f"models/{score['model_id']}/score.json"))["result"]
    assert judged["production"] == score["model_id"]
    pointer = read_pointer(bucket)
    assert pointer
    assert pointer.model_id == score["model_id"]
    answer = start("api_handler").ask(REQUEST)["result"]
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["model_id"] == score["model_id"]
    assert {one.get("request_id") for one in records(tmp_path / "api_handler.log")} == {
        REQUEST["requestContext"]["requestId"]
    }


@pytest.mark.parametrize("function", ["ingest_and_retrain_sweep", "promote_sweep"])
def test_a_sweep_finds_nothing_to_do(start: Start, bucket: S3Store, function: str) -> None:
    assert bucket
    result = start(function).ask(SWEEP)["result"]
    assert result.get("trained", []) == result.get("decisions", []) == []


@pytest.mark.parametrize("function", [name for name in HANDLERS if name != "api_handler"])
def test_a_smoke_test_loads_what_a_function_needs_and_does_nothing(
    start: Start, bucket: S3Store, sample: Sample, function: str
) -> None:
    upload(bucket, sample)
    before = [entry.key for entry in bucket.list("")]
    upload_event = {"s3": {"bucket": {"name": "b"}, "object": {"key": ""}}}
    event = {**SWEEP, "source": SMOKE_TEST, "Records": [upload_event]}
    result = start(function).ask(event)["result"]
    assert result["ready"][0] == f"functions.{function.removesuffix('_sweep')}"
    assert result["production"] is False
    assert [entry.key for entry in bucket.list("")] == before


def test_without_the_layer_predictions_go_on_and_training_does_not(
    start: Start, bucket: S3Store, sample: Sample, tmp_path: Path
) -> None:
    upload(bucket, sample)
    start("ingest_and_retrain_sweep").ask(SWEEP)
    start("promote_sweep").ask(SWEEP)
    promote, predict = start("promote_sweep"), start("api_handler")
    for function in (promote, predict):
        function.command = [part for part in function.command if not part.endswith("/layer/python")]
    with pytest.raises(FunctionFailed, match=r"ModuleNotFoundError: No module named '\w+'"):
        promote.ask(SWEEP)
    assert predict.ask(REQUEST)["result"]["statusCode"] == 200


@pytest.mark.parametrize(("function", "sees"), [("api_handler", False), ("promote", True)])
def test_an_interpreter_sees_its_own_folders_alone(start: Start, function: str, sees: bool) -> None:
    command = start(function).command
    folders = [part for part in command if part.startswith("/") and part.endswith(("function", "python"))]
    code = (
        f"import sys, importlib.util as u; sys.path[:0] = {folders!r}\n"
        "print([bool(u.find_spec(name)) for name in ('functions', 'numpy', 'click', 'moto', 'pytest')])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([True, sees, False, False, False])


def test_the_simulated_cloud_runs_the_artefacts(unpacked: Path, sample: Sample, tmp_path: Path) -> None:
    with up(unpacked, stage="local", state_dir=tmp_path, retry_delays=(0.1,), packaged=True) as running:
        bucket = S3Store("vintner-local", reading=client(running), writing=client(running))
        upload(bucket, sample)
        keys = ("data/test/test.csv", "data/slots/slot_6.csv")
        (*_, last) = follow(bucket, Settings.from_environment(running.environment), keys, seconds=120)
        assert last.decision
        assert last.decision["decision"] == "promoted"
        body = json.dumps({"dataframe_records": [json.loads(REQUEST["body"])] * 2})
        answers = [
            ask(running.url + path, media, text)
            for path, media, text in (
                ("/predict", "application/json", REQUEST["body"]),
                ("/api/predict", "application/json", body),
                ("/predict", "text/csv", sample.test.read_text(encoding="utf-8")),
            )
        ]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert [len(answer.get("predictions", [])) for _, answer in answers] == [0, 2, 169]
    log = records(tmp_path / "logs" / "api_handler.log")
    assert [(one["path"], one["status"]) for one in log] == [("/predict", 200)] * 3
    assert all(one["request_id"] and one["PredictionLatency"] > 0 for one in log)


def ask(url: str, media_type: str, body: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body.encode(), {"Content-Type": media_type})
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.status, json.load(response)


def client(running: Running) -> Any:  # noqa: ANN401  (boto3's client)
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client("s3", endpoint_url=running.endpoint_url)
