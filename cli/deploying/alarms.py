"""The alarms of a stage: what docs/operations.md lists, each with the same name, made and deleted with the stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cli.deploying.account import Account
from cli.deploying.failures import queue_name
from cli.stages.config import API

TOPIC: Final = "VINTNER_NOTIFY"  # the ARN of an SNS topic that hears of each alarm; empty: nobody does
_MINUTES: Final = 60
_HOURS: Final = 3600
OWN: Final = "Vintner"  # the namespace of chalicelib.logs
LAMBDA: Final = "AWS/Lambda"
_BATCH: Final = 100  # what CloudWatch deletes at once


@dataclass(frozen=True)
class Alarm:
    """One alarm; `statistic` is a percentile where it starts with p."""

    slug: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    description: str
    statistic: str = "Sum"
    threshold: float = 0
    period_seconds: int = 5 * _MINUTES
    periods: int = 1
    comparison: str = "GreaterThanThreshold"
    missing: str = "notBreaching"

    def arguments(self, name: str, topics: Sequence[str]) -> dict[str, Any]:
        """What CloudWatch is given, for a stage whose names start with `name`."""
        extended = self.statistic.startswith("p")
        return {
            "AlarmName": f"{name}-{self.slug}",
            "AlarmDescription": self.description,
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in self.dimensions.items()],
            ("ExtendedStatistic" if extended else "Statistic"): self.statistic,
            "Period": self.period_seconds,
            "EvaluationPeriods": self.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": self.comparison,
            "TreatMissingData": self.missing,
            "AlarmActions": list(topics),
        }


def alarms_of(
    *, name: str, app: str, api_stage: str, bucket: str, queue: str, timeouts: Mapping[str, int]
) -> list[Alarm]:
    """The alarms of a stage; `timeouts` are the event functions' own, in seconds."""
    api, ingest = ({"service": service, "Bucket": bucket} for service in ("api", "ingest_and_retrain"))
    batch = {"service": "predict_batch", "Bucket": bucket}
    gateway, given_up = {"ApiName": app, "Stage": api_stage}, "ApproximateNumberOfMessagesVisible"
    said = {
        "queue": "An event was given up: read the message in the failure queue, it names the error.",
        "app": "The app answered with errors.",
        "gateway": "Timeouts and crashes that reach no line of the app.",
        "slow": "Predictions take more than 50 ms inside the function.",
        "throttled": "The account's or the function's concurrency is used up.",
        "rejected": "Uploads are rejected: vintner status says why.",
        "files": "Files under batch/ are not answered: the report beside each answer says why.",
        "score": "A score carries a warning: vintner status has it.",
        "fresh": "Production does worse on what arrives than on the test set: vintner status says on which slot.",
        "drift": "A slot has a different distribution from the test set.",
    }
    alarms = [
        Alarm("events-given-up", "AWS/SQS", given_up, {"QueueName": queue}, said["queue"], "Maximum"),
        Alarm("answers-fail", OWN, "Errors", api, said["app"], threshold=4),
        Alarm("gateway-fails", "AWS/ApiGateway", "5XXError", gateway, said["gateway"], threshold=4),
        Alarm("predictions-are-slow", OWN, "PredictionLatency", api, said["slow"], "p99", 50, periods=3),
        Alarm("requests-are-turned-away", LAMBDA, "Throttles", {"FunctionName": name}, said["throttled"]),
        Alarm("uploads-are-rejected", OWN, "UploadsRejected", ingest, said["rejected"], period_seconds=_HOURS),
        Alarm("files-are-rejected", OWN, "FilesRejected", batch, said["files"], period_seconds=_HOURS),
        Alarm("data-drifts", OWN, "DriftedFeatures", ingest, said["drift"], period_seconds=24 * _HOURS),
        Alarm("test-set-ages", OWN, "FreshWarnings", ingest, said["fresh"], period_seconds=24 * _HOURS),
        Alarm("scores-mean-little", OWN, "ScoreWarnings", ingest, said["score"], period_seconds=24 * _HOURS),
    ]
    for function, seconds in timeouts.items():
        alarms += _of_function(function, {"FunctionName": f"{name}-{function}"}, seconds)
    return alarms


def _of_function(function: str, dimensions: Mapping[str, str], timeout_seconds: int) -> list[Alarm]:
    """Lambda's own metrics: a run that is killed for its time or memory writes none of ours."""
    fails = "A run raised an error, or was killed for its time or memory."
    nears = f"A run took two thirds of the {timeout_seconds} s after which Lambda kills it: fewer rows or more memory."
    stops = "The hourly sweep did not run: look at its schedule in EventBridge."
    most = timeout_seconds * 1000 * 2 / 3
    alarms = [
        Alarm(f"{function}-fails", LAMBDA, "Errors", dimensions, fails),
        Alarm(f"{function}-nears-its-end", LAMBDA, "Duration", dimensions, nears, "Maximum", most),
    ]
    if function.endswith("_sweep"):
        stopped = Alarm(f"{function}-stopped", LAMBDA, "Invocations", dimensions, stops, threshold=1, periods=2)
        alarms.append(replace(stopped, period_seconds=_HOURS, comparison="LessThanThreshold", missing="breaching"))
    return alarms


def stage_alarms(account: Account, functions: Sequence[str]) -> list[Alarm]:
    """The alarms of an account's stage."""
    project = account.project
    return alarms_of(
        name=account.name,
        app=project.config.app_name,
        api_stage=project.config.api_gateway_stage,
        bucket=account.settings.bucket,
        queue=queue_name(account),
        timeouts={name: project.function(name).timeout_seconds for name in functions if name != API},
    )


def ensure_alarms(account: Account, functions: Sequence[str], topic: str) -> list[str]:
    """Make the alarms, or change them to what they are now; their names."""
    topics = [topic] if topic else []
    wanted = [alarm.arguments(account.name, topics) for alarm in stage_alarms(account, functions)]
    for arguments in wanted:
        account.alarms.put_metric_alarm(**arguments)
    return [str(arguments["AlarmName"]) for arguments in wanted]


def delete_alarms(account: Account, functions: Sequence[str]) -> None:
    """Delete the alarms; nothing happens to one that is not there."""
    names = [f"{account.name}-{alarm.slug}" for alarm in stage_alarms(account, functions)]
    for start in range(0, len(names), _BATCH):
        account.alarms.delete_alarms(AlarmNames=names[start : start + _BATCH])
