"""What a function leaves to be seen: JSON lines, metrics in CloudWatch's form, and a document that says so truly."""

import ast
import dataclasses
import json
import operator
import re
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from chalice import Chalice, Response

from chalicelib import access_log, logs, telemetry
from chalicelib.usage_plan import Gate
from local.project.project import Project
from local.supervisor.children import importable
from local.workers.warm_function import FunctionFailed, WarmFunction, worker_command
from shared.errors import BadSetting
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import sample

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SWEEP = json.loads((ROOT / "events" / "sweep.json").read_text(encoding="utf-8"))
UPLOADED = json.loads((ROOT / "events" / "slot_uploaded.json").read_text(encoding="utf-8"))
METRICS = {
    "ingest_and_retrain": {
        telemetry.ROWS_INGESTED,
        telemetry.ROWS_LEFT_OUT,
        telemetry.UPLOADS_REJECTED,
        telemetry.WARNINGS,
        telemetry.DRIFTED_FEATURES,
        telemetry.F1,
        telemetry.SCORE_WARNINGS,
        telemetry.FRESH_F1,
        telemetry.FRESH_WARNINGS,
    },
    "predict_batch": {telemetry.ROWS_PREDICTED, telemetry.ROWS_NOT_PREDICTED, telemetry.FILES_REJECTED},
    "promote": {telemetry.PROMOTED},
}
BUCKET = "operations"

Lines = list[dict[str, Any]]


@pytest.fixture
def start(cloud: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], WarmFunction]]:
    """Start functions on a bucket with a slot of which one row is bad, a bad upload and a test set."""
    variables = {"VINTNER_BUCKET": BUCKET, "VINTNER_LABEL": "label"}
    project = Project(ROOT, "local", outer=importable({**cloud, **variables}))
    s3, started = boto3.client("s3"), []
    s3.create_bucket(Bucket=BUCKET)
    uploads = {"slots/ö b.csv": sample(1, rows=60) + "x,1,yes\n", "slots/bad.csv": "nothing", "test/t.csv": sample(2)}
    for key, body in uploads.items():
        s3.put_object(Bucket=BUCKET, Key=f"data/{key}", Body=body.encode())

    def start(function: str) -> WarmFunction:
        command = worker_command(ROOT, "local", function)
        started.append(WarmFunction(command, ROOT, 60, tmp_path / f"{function}.log", dict(project.outer)))
        return started[-1]

    yield start
    for one in started:
        one.end()
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=found["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def lines_of(function: WarmFunction) -> Lines:
    """The function's own lines; those of the simulated Lambda are none of its own."""
    text = function.log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in text if not re.match("(START|END) RequestId", line)]


def metrics_of(line: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The metrics of a line, as CloudWatch reads them: unit and value of each name."""
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == logs.NAMESPACE
    (dimensions,) = described["Dimensions"]
    assert set(dimensions) == {"service", "Bucket"}
    assert all(isinstance(line[name], str) for name in dimensions)
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 24 * 60 * 60
    return {one["Name"]: (one["Unit"], line[one["Name"]]) for one in described["Metrics"]}


def test_a_retrain_is_told_in_json(start: Callable[[str], WarmFunction]) -> None:
    function = start("ingest_and_retrain")
    UPLOADED["Records"][0]["s3"]["object"]["key"] = "data%2Fslots%2F%C3%B6+b.csv"
    function.call(UPLOADED)
    *told, last = lines_of(function)
    assert {line["service"] for line in told} == {"ingest_and_retrain"}
    assert {(line["key"], line["event_id"]) for line in told} == {("data/slots/ö b.csv", "C3D13FE58DE4C810")}
    assert len({line["request_id"] for line in told}) == 1
    receipts = {line["upload"]: line["status"] for line in told if line["message"] == "receipt"}
    assert receipts == {
        "data/slots/ö b.csv": "accepted",
        "data/slots/bad.csv": "rejected",
        "data/test/t.csv": "accepted",
    }
    (scored,) = [line for line in told if line["message"] == "scored"]
    assert (scored["f1"], scored["train_rows"]) == (last["F1"][0], 60)
    assert set(scored["timings"]) >= {"load", "fit"}
    (done,) = [line for line in told if line["message"] == "done"]
    assert done["duration_ms"] > 0
    values = {name: value[0] for name, (_, value) in metrics_of(last).items()}
    values.pop("F1")
    assert values.pop("ScoreWarnings") == len(scored["sanity"])
    assert values.pop("Duration") > 0
    assert values == {
        "RowsIngested": 90,
        "RowsLeftOut": 1,
        "UploadsRejected": 1,
        "Warnings": 1,
        "DriftedFeatures": 0,
        "Errors": 0,
    }


def test_a_judgement_is_told_in_json(start: Callable[[str], WarmFunction]) -> None:
    start("ingest_and_retrain_sweep").call(SWEEP)
    function = start("promote_sweep")
    function.call(SWEEP)
    *told, last = lines_of(function)
    (decision,) = [line for line in told if line["message"] == "decision"]
    assert (decision["decision"], decision["production_score"]) == ("promoted", None)
    assert (decision["event_id"], decision["event_name"]) == (SWEEP["id"], "Scheduled Event")
    assert {name: value[0] for name, (_, value) in metrics_of(last).items() if name != "Duration"} == {
        "Promoted": 1,
        "Errors": 0,
    }


def test_a_failure_is_told_counted_and_raised(start: Callable[[str], WarmFunction]) -> None:
    function = start("promote_sweep")
    assert function.environ
    function.environ["VINTNER_BUCKET"] = "no-such-bucket"
    with pytest.raises(FunctionFailed, match="no-such-bucket"):
        function.call(SWEEP)
    found = [json.loads(line) for line in function.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    (failed,) = [line for line in found if line.get("message") == "failed"]
    assert failed["level"] == "ERROR"
    assert "Traceback" in failed["exc_info"]
    assert metrics_of(found[-1])["Errors"] == ("Count", [1.0])


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, Any]]]:
    """The line of a request, read back."""
    monkeypatch.setattr(access_log, "production", lambda: ProductionCache(FakeStore(), 0))
    monkeypatch.setattr(access_log, "settings", lambda: Settings(bucket=BUCKET, label="label"))
    access_log._parts.cache_clear()

    def read(*request: Any) -> dict[str, Any]:  # noqa: ANN401  (the arguments of the line)
        text = access_log.line(*request)
        assert text.endswith("}\n")
        assert text.count("\n") == 1
        found: dict[str, Any] = json.loads(text)
        return found

    yield read
    access_log._parts.cache_clear()


@pytest.mark.parametrize(
    ("path", "status", "errors", "latency"),
    [
        ("/predict", 200, 0, True),
        ("/invocations", 422, 0, True),
        ("/health", 503, 1, False),
        ("/predict", 500, 1, True),
    ],
)
def test_a_request_is_one_line(
    line: Callable[..., dict[str, Any]], path: str, status: int, errors: int, latency: bool
) -> None:
    found = line("POST", path, 'a "b"\n\\', status, 1.25)
    assert (found["path"], found["status"], found["request_id"]) == (path, status, 'a "b"\n\\')
    assert found["model_id"] is None
    metrics = metrics_of(found)
    assert metrics["Errors"] == ("Count", errors)
    assert metrics.get("PredictionLatency") == (("Milliseconds", 1.25) if latency else None)
    assert latency or found["duration_ms"] == 1.25


def test_nothing_is_written_where_nothing_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.DEPLOYED is False
    response = Response("answer")
    assert access_log.access(None, lambda _request: response) is response
    assert capsys.readouterr().out == ""


def test_the_line_costs_a_fraction_of_an_empty_route(line: Callable[..., dict[str, Any]]) -> None:
    line("GET", "/predict", "id", 200, 1.0)
    app = Chalice(app_name="empty")
    app.route("/predict", methods=["POST"])(dict)
    request = json.loads((ROOT / "events" / "api_request.json").read_text(encoding="utf-8"))

    own = calls(lambda: access_log.line("POST", "/predict", "id", 200, 1.0))
    assert own < 0.4 * calls(lambda: app(request, None))


def calls(act: Callable[[], object]) -> int:
    """How many functions are called: the work that is done, however busy the machine is."""
    counted = count()
    sys.setprofile(lambda _frame, event, _found: next(counted) if event in {"call", "c_call"} else None)
    try:
        act()
    finally:
        sys.setprofile(None)
    return next(counted)


@pytest.mark.parametrize("name", sorted({*set().union(*METRICS.values()), "Errors", "Duration"}))
def test_the_document_names_every_metric(name: str) -> None:
    assert f"\n| `{name}` |" in OPERATIONS


def test_the_cost_of_an_idle_month_counts_the_metrics() -> None:
    counted = sum(len(own) + len({"Errors", "Duration"}) for own in METRICS.values())
    counted += len({access_log.LATENCY, "Errors"})
    assert f"\nmetrics    = {counted} * 0.30 " in OPERATIONS
    assert f" {counted} metrics\n(charged" in OPERATIONS


def test_the_document_alarms_on_metrics_that_exist() -> None:
    described = set(
        re.findall(r"^\| `(\w+)` \| `(?:ingest|predict|promote|api)|^\| `(\w+)` \| all", OPERATIONS, re.MULTILINE)
    )
    names = {one or other for one, other in described}
    assert names == {*set().union(*METRICS.values()), access_log.LATENCY, "Errors", "Duration"}
    alarms = OPERATIONS.partition("## Alarms")[2].partition("## Cost")[0]
    alarmed = set(re.findall(r"`Vintner (\w+)`", alarms))
    assert {"Errors", "UploadsRejected", "DriftedFeatures", "F1"} <= alarmed <= names


@pytest.mark.parametrize("variable", [f"VINTNER_{field.name.upper()}" for field in dataclasses.fields(Gate)])
def test_the_document_tells_what_the_gate_takes(variable: str) -> None:
    row = re.search(rf"^\| `{variable}` \| `(\w+)` \|", OPERATIONS, re.MULTILINE)
    assert row
    rows = re.findall(
        r"^\| `(VINTNER_API_KEY|VINTNER_RATE_LIMIT|VINTNER_BURST_LIMIT)` \| `(\w+)` \|", OPERATIONS, re.MULTILINE
    )
    assert Gate.from_environment(dict(rows)) == Gate() == Gate.from_environment({})
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    assert {stage["environment_variables"][variable] for stage in config["stages"].values()} == {row[1]}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"VINTNER_API_KEY": "yes"}, "VINTNER_API_KEY='yes', expected one of: off, on"),
        ({"VINTNER_RATE_LIMIT": "fast"}, "VINTNER_RATE_LIMIT='fast', expected a number from 0"),
        ({"VINTNER_RATE_LIMIT": "-1"}, "VINTNER_RATE_LIMIT='-1'"),
        ({"VINTNER_RATE_LIMIT": "5"}, "expected both or neither"),
        ({"VINTNER_RATE_LIMIT": "5", "VINTNER_BURST_LIMIT": "1.5"}, "a whole number"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(variables: dict[str, str], message: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(message)):
        Gate.from_environment(variables)


OPERATORS: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value_of(node: ast.expr) -> float:
    """The value of an expression of numbers, sums, products and quotients."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.BinOp(left, sign, right):
            return OPERATORS[type(sign)](value_of(left), value_of(right))
    raise ValueError(ast.dump(node))


COSTS = [row for block in re.findall(r"```cost\n(.*?)```", OPERATIONS, re.DOTALL) for row in block.splitlines()]


@pytest.mark.parametrize("row", COSTS, ids=[row.partition("=")[0].strip() for row in COSTS])
def test_the_cost_is_calculated_as_it_says(row: str) -> None:
    _, expression, result = (part.strip() for part in row.split("="))
    assert f"{value_of(ast.parse(expression, mode='eval').body):.4f}" == result


def test_there_are_costs() -> None:
    assert [row.partition("=")[0].strip() for row in COSTS].count("total") == 3
