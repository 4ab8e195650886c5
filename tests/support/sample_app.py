"""A Chalice project for the tests: triggers, a schedule, routes, and functions that go wrong."""

import json
from pathlib import Path
from typing import Any

STAGE = "dev"

CONFIG: dict[str, Any] = {
    "version": "2.0",
    "app_name": "sample",
    "environment_variables": {"GREETING": "good morning", "PLACE": "everywhere"},
    "stages": {
        STAGE: {
            "api_gateway_stage": "v1",
            "environment_variables": {"GREETING": "hello"},
            "lambda_memory_size": 256,
            "lambda_functions": {
                "sleep": {"lambda_timeout": 1, "environment_variables": {"GREETING": "good night"}},
            },
        }
    },
}

APP = """
import json
import os
import time

import boto3
from chalice import Chalice, Rate, Response, UnauthorizedError

app = Chalice(app_name="sample")
BUCKET = "uploads"
CREATED = ["s3:ObjectCreated:*"]


def put(key, body=b"x"):
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="in/", suffix=".csv")
def copy(event):
    put("copied/" + event.key, json.dumps({"pid": os.getpid(), "greeting": os.environ["GREETING"]}).encode())


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="in/")
def log(event):
    print("saw", event.key)
    put("logged/" + event.key)


@app.on_s3_event(bucket=BUCKET, events=["s3:ObjectRemoved:*"], prefix="in/")
def removed(event):
    put("removed/" + event.key)


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="fail/")
def fail(event):
    raise ValueError("no good: " + event.key)


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="flaky/")
def flaky(event):
    marker = "tried/" + event.key
    if boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=marker)["KeyCount"] == 0:
        put(marker)
        raise RuntimeError("only the first time")
    put("recovered/" + event.key)


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="die/")
def die(event):
    if event.key.endswith("now"):
        os._exit(3)
    put("survived/" + event.key)


@app.on_s3_event(bucket=BUCKET, events=CREATED, prefix="sleep/")
def sleep(event):
    time.sleep(60)


@app.schedule(Rate(1, unit=Rate.HOURS))
def tick(event):
    put("ticked/" + event.event_id)


@app.on_kinesis_record(stream="news")
def news(event):
    pass


@app.route("/", methods=["GET", "POST"], content_types=["application/json", "application/octet-stream"])
def index():
    request = app.current_request
    return {"greeting": os.environ["GREETING"], "method": request.method, "body": request.raw_body.decode()}


@app.route("/items/{name}")
def item(name):
    return {"name": name, "query": app.current_request.query_params}


@app.route("/binary")
def binary():
    return Response(bytes(range(256)), headers={"Content-Type": "application/octet-stream"})


@app.route("/cookies")
def cookies():
    return Response("ok", headers={"Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/plain"})


@app.route("/letters/{count}")
def letters(count):
    of = (app.current_request.query_params or {}).get("of", "x")
    return Response(of * int(count), headers={"Content-Type": "text/plain"})


@app.route("/broken")
def broken():
    raise ValueError("not handled")


@app.authorizer()
def nobody(auth_request):
    raise UnauthorizedError("nobody may")


@app.route("/secret", authorizer=nobody)
def secret():
    return {}
"""


def write_project(directory: Path, *, app: str = APP, config: dict[str, Any] | None = None) -> Path:
    """Write a project to `directory` and return it."""
    (directory / ".chalice").mkdir(parents=True, exist_ok=True)
    (directory / ".chalice" / "config.json").write_text(json.dumps(config or CONFIG))
    (directory / "app.py").write_text(app)
    return directory
