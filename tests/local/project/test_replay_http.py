"""An HTTP request of SAM's event generator, which comes for ``/{proxy+}``, reaches the route of its path."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from local.project.invoke import replay
from local.project.project import Project
from tests.support.sample_app import STAGE

if TYPE_CHECKING:
    from pathlib import Path


def generated(method: str, path: str, body: str = "") -> dict[str, Any]:
    """What ``sam local generate-event apigateway aws-proxy`` gives for a method, a path and a body."""
    headers = {"Accept": "*/*", "Host": "1234567890.execute-api.us-east-1.amazonaws.com"}
    context = {
        "accountId": "123456789012",
        "apiId": "1234567890",
        "httpMethod": method,
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "Custom User Agent String"},
        "path": f"/prod{path}",
        "protocol": "HTTP/1.1",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTime": "09/Apr/2015:12:34:56 +0000",
        "requestTimeEpoch": 1428582896000,
        "resourceId": "123456",
        "resourcePath": "/{proxy+}",
        "stage": "prod",
    }
    return {
        "body": base64.b64encode(body.encode()).decode(),
        "headers": headers,
        "httpMethod": method,
        "isBase64Encoded": True,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": {"foo": ["bar"]},
        "path": path,
        "pathParameters": {"proxy": path},
        "queryStringParameters": {"foo": "bar"},
        "requestContext": context,
        "resource": "/{proxy+}",
        "stageVariables": {"baz": "qux"},
    }


def answer(project: Path, event: dict[str, Any]) -> tuple[int, Any]:
    (invocation,) = replay(Project(project, STAGE), event, foreign=True).invocations
    assert invocation.error is None
    return invocation.result["statusCode"], json.loads(invocation.result["body"])


@pytest.mark.usefixtures("own_process")
def test_it_reaches_the_route_of_its_path(project_dir: Path) -> None:
    status, body = answer(project_dir, generated("POST", "/", "rows"))
    assert (status, body["method"], body["body"]) == (200, "POST", "rows")
    assert answer(project_dir, generated("GET", "/items/red")) == (200, {"name": "red", "query": {"foo": "bar"}})


@pytest.mark.usefixtures("own_process")
def test_a_path_of_no_route_is_the_apps_to_refuse(project_dir: Path) -> None:
    (invocation,) = replay(Project(project_dir, STAGE), generated("GET", "/nothing"), foreign=True).invocations
    assert invocation.result["statusCode"] >= 400
