"""The alarms of a stage: made with it, the same as in the document, changed and deleted with it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import access_log, logs, telemetry
from cli.deploying.alarms import OWN, Alarm, alarms_of
from cli.deploying.terraform_additions import _alarm
from tests.deploy.conftest import Cloud
from tests.support import account
from tests.support.account import EVENT_FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCUMENT = OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
TIMEOUTS = {name: CONFIG["lambda_functions"][name]["lambda_timeout"] for name in EVENT_FUNCTIONS}
TOPIC = "arn:aws:sns:us-east-1:123456789012:vintner"
ALARMS = alarms_of(name="n", app="a", api_stage="s", bucket="b", queue="q", timeouts=TIMEOUTS)


@pytest.fixture(scope="module")
def made(aws: Cloud) -> dict[str, Any]:
    """The alarms of a deployment with a topic."""
    done = aws.vintner("deploy", "--stage", "dev", VINTNER_NOTIFY=TOPIC)
    assert done.returncode == 0, done.stderr
    assert f"alarms      {len(ALARMS)}, named vintner-dev-*" in done.stdout
    return account.alarms(aws)


def test_a_deployment_makes_every_alarm(made: dict[str, Any]) -> None:
    assert set(made) == {f"vintner-dev-{alarm.slug}" for alarm in ALARMS}


@pytest.mark.parametrize("function", EVENT_FUNCTIONS)
def test_a_killed_run_is_seen_in_lambdas_own_metrics(made: dict[str, Any], function: str) -> None:
    fails, nears = (made[f"vintner-dev-{function}-{what}"] for what in ("fails", "nears-its-end"))
    dimensions = [{"Name": "FunctionName", "Value": f"vintner-dev-{function}"}]
    assert (fails["Namespace"], fails["MetricName"], fails["Threshold"]) == ("AWS/Lambda", "Errors", 0.0)
    assert (nears["MetricName"], nears["Threshold"]) == ("Duration", TIMEOUTS[function] * 1000 * 2 / 3)
    assert fails["Dimensions"] == nears["Dimensions"] == dimensions


def test_the_second_deployment_takes_the_topic_away(aws: Cloud, made: dict[str, Any]) -> None:
    assert {tuple(alarm["AlarmActions"]) for alarm in made.values()} == {(TOPIC,)}
    assert aws.vintner("deploy", "--stage", "dev").returncode == 0
    assert {tuple(alarm["AlarmActions"]) for alarm in account.alarms(aws).values()} == {()}


def test_who_wants_none_gets_none(aws: Cloud, made: dict[str, Any]) -> None:
    assert made
    assert aws.vintner("destroy", "--stage", "dev", "--yes").returncode == 0
    assert account.alarms(aws) == {}
    done = aws.vintner("deploy", "--stage", "dev", "--no-alarms")
    assert done.returncode == 0, done.stderr
    assert "alarms" not in done.stdout
    assert account.alarms(aws) == {}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.slug)
def test_an_alarm_is_documented_and_on_a_metric_that_exists(alarm: Alarm) -> None:
    general = re.sub("|".join(sorted(EVENT_FUNCTIONS, key=len, reverse=True)), "FUNCTION", alarm.slug)
    assert f"| `{general}` |" in DOCUMENT
    assert f"`{alarm.namespace} {alarm.metric}`" in DOCUMENT
    metrics = {
        telemetry.UPLOADS_REJECTED,
        telemetry.FILES_REJECTED,
        telemetry.DRIFTED_FEATURES,
        telemetry.FRESH_WARNINGS,
        telemetry.SCORE_WARNINGS,
        access_log.ERRORS,
        access_log.LATENCY,
    }
    assert alarm.namespace != OWN or alarm.metric in metrics
    assert logs.NAMESPACE == OWN


def test_the_documents_count_them() -> None:
    assert f"\nalarms     = {len(ALARMS)} * 0.10 " in OPERATIONS
    assert f", {len(ALARMS)} alarms.\n" in OPERATIONS
    assert f"\nalarms      {len(ALARMS)}, named vintner-dev-*\n" in README


def test_terraform_makes_the_same_alarms() -> None:
    slow = next(alarm for alarm in ALARMS if alarm.slug == "predictions-are-slow")
    assert _alarm("n", slow) == {
        "alarm_name": "n-predictions-are-slow",
        "alarm_description": slow.description,
        "namespace": "Vintner",
        "metric_name": "PredictionLatency",
        "dimensions": {"service": "api", "Bucket": "b"},
        "extended_statistic": "p99",
        "period": 300,
        "evaluation_periods": 3,
        "threshold": 50,
        "comparison_operator": "GreaterThanThreshold",
        "treat_missing_data": "notBreaching",
        "alarm_actions": '${var.notify == "" ? [] : [var.notify]}',
    }
