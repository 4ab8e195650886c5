"""Chalice apps that know nothing of this project, run by ``python -m local``."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.events.resources import client_of, clients, dead_letters, idle, post
from local.events.timer import scheduled_event
from local.runfile import Running, running
from local.supervisor.children import ROOT
from tests.support.foreign_apps import APPS, config_of
from tests.support.patience import eventually
from tests.support.sample_app import write_project

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


@dataclass(frozen=True)
class App:
    """A foreign app that is up, and clients of its cloud."""

    up: Running
    s3: "S3Client"
    sqs: "SQSClient"

    def settle(self) -> None:
        eventually(lambda: idle(self.up, sqs=self.sqs), "all events are handled")

    def http(self, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.up.url}{path}", data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def invoke(self, name: str, payload: object, kind: str = "RequestResponse") -> dict[str, Any]:
        client = client_of("lambda", self.up.endpoint_url)
        answer = client.invoke(FunctionName=name, Payload=json.dumps(payload), InvocationType=kind)
        text = answer["Payload"].read()
        return {
            "status": answer["StatusCode"],
            "error": answer.get("FunctionError"),
            "result": json.loads(text) if text else None,
        }


@contextmanager
def run(project: Path) -> Iterator[App]:
    """Run ``python -m local`` until it says that it is ready, and end it as Ctrl-C does."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "local", str(project), "--port", "0", "--s3-port", "0"]
    with subprocess.Popen(command, env=environ, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("ready  http://127.0.0.1:")
        up = running(project / ".local-cloud")
        assert up
        s3, sqs = clients(up.endpoint_url)
        yield App(up, s3, sqs)
        s3.close()
        sqs.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], App]]:
    """The foreign app of a name, started once."""
    contexts: dict[str, Any] = {}
    apps: dict[str, App] = {}

    def find(name: str) -> App:
        if name not in apps:
            project = write_project(tmp_path_factory.mktemp(name), app=APPS[name], config=config_of(name))
            contexts[name] = run(project)
            apps[name] = contexts[name].__enter__()
        return apps[name]

    yield find
    for context in contexts.values():
        context.__exit__(None, None, None)


def test_an_upload_with_the_suffix_is_counted_and_served(start: Callable[[str], App]) -> None:
    words = start("words")
    words.s3.put_object(Bucket="texts", Key="a.txt", Body=b"to be or not to be")
    words.s3.put_object(Bucket="texts", Key="a.pdf", Body=b"%PDF")
    words.settle()
    assert words.http("/texts/a.txt") == (200, {"to": 2, "be": 2, "or": 1, "not": 1})
    assert words.http("/texts/a.pdf")[0] == 404
    words.s3.delete_object(Bucket="texts", Key="a.txt")
    words.settle()
    assert words.http("/texts/a.txt")[0] == 404


def test_messages_reach_queue_and_topic(start: Callable[[str], App]) -> None:
    orders = start("orders")
    assert orders.http("/orders", {})[0] == 400
    sent = [orders.http("/orders", {"item": f"item-{number}", "kind": "fast"})[0] for number in range(7)]
    assert sent == [200] * 7
    orders.settle()
    listed = orders.s3.list_objects_v2(Bucket="announced")["Contents"]
    assert [entry["Key"] for entry in listed] == [f"item-{number}" for number in range(7)]
    assert orders.s3.get_object(Bucket="announced", Key="item-0")["Body"].read() == b"fast"


def test_a_message_that_no_attempt_handles_is_a_dead_letter(start: Callable[[str], App]) -> None:
    orders = start("orders")
    orders.http("/orders", {"item": "poison"})
    orders.settle()
    (letter,) = dead_letters(orders.up, sqs=orders.sqs)
    assert (letter["function"], letter["error"]) == ("handle_orders", "ValueError: nobody can deliver this")
    assert letter["attempts"] == 3


@pytest.mark.parametrize(
    "name", ["report", "janitor-dev-report", "arn:aws:lambda:us-east-1:123456789012:function:report"]
)
def test_a_function_is_called_by_its_name(start: Callable[[str], App], name: str) -> None:
    answer = start("janitor").invoke(name, {"who": "me"})
    assert answer == {"status": 200, "error": None, "result": {"for": "me", "by": "report", "stage": "here"}}


def test_what_a_function_raises_is_its_callers(start: Callable[[str], App]) -> None:
    janitor = start("janitor")
    before = calls(janitor, "report")
    answer = janitor.invoke("report", {"fail": True})
    assert answer["error"] == "Unhandled"
    assert answer["result"] == {"errorType": "RuntimeError", "errorMessage": "asked to fail"}
    assert calls(janitor, "report") == before + 1


def test_a_call_for_nobody_is_an_event(start: Callable[[str], App]) -> None:
    janitor = start("janitor")
    before = calls(janitor, "report")
    assert janitor.invoke("report", {"who": "me"}, "Event") == {"status": 202, "error": None, "result": None}
    janitor.settle()
    assert calls(janitor, "report") == before + 1
    assert janitor.invoke("report", {"fail": True}, "Event")["status"] == 202
    janitor.settle()
    assert calls(janitor, "report") == before + 4
    assert [letter["event"] for letter in dead_letters(janitor.up, sqs=janitor.sqs)] == [{"fail": True}]


def calls(app: App, function: str) -> int:
    """How often a function was called."""
    log = Path(app.up.state_dir) / "logs" / f"{function}.log"
    return log.read_text().count("START RequestId") if log.exists() else 0


def test_an_unknown_function_is_refused_as_by_lambda(start: Callable[[str], App]) -> None:
    with pytest.raises(ClientError, match="Function not found: absent; the app has: notice, report, tidy") as refused:
        start("janitor").invoke("absent", {})
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_schedule_calls_a_function_that_calls_another(start: Callable[[str], App]) -> None:
    janitor = start("janitor")
    post(janitor.up, scheduled_event("tidy", datetime.now(UTC)), sqs=janitor.sqs)
    janitor.settle()
    body = janitor.s3.get_object(Bucket="reports", Key="tidy.json")["Body"].read()
    assert json.loads(body)["for"] == "tidy"


def test_what_was_there_is_there_again(tmp_path: Path) -> None:
    project = write_project(tmp_path, app=APPS["words"], config=config_of("words"))
    with run(project) as words:
        words.s3.put_object(Bucket="texts", Key="b.txt", Body=b"again")
    command = [sys.executable, "-m", "local", str(project), "--port", "0", "--s3-port", "0"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "objects of earlier runs" in process.stdout.readline()
        assert process.stdout.readline().startswith("ready")
        up = running(project / ".local-cloud")
        assert up
        eventually(lambda: idle(up), "all events are handled")
        with urllib.request.urlopen(f"{up.url}/texts/b.txt", timeout=30) as answer:
            assert json.loads(answer.read()) == {"again": 1}
        process.send_signal(signal.SIGINT)
