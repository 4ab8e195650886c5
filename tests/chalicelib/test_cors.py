"""Pages of other origins: what the setting takes, what a preflight and an answer say, with an API key and without."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.cors import allowed_origins, cors_headers
from cli.deploying.gateway import gateway_responses
from shared.errors import BadSetting

ROOT = Path(__file__).resolve().parents[2]
ONE, OTHER = "https://example.org", "http://localhost:5173"
CODE = """
import json, sys
from app import app
from chalice.test import Client
method, path, origin = sys.argv[1:]
with Client(app) as client:
    answer = client.http.request(method, path, headers={"Origin": origin})
route = app.routes[path]
keys = {name: bool(entry.api_key_required) for name, entry in route.items()}
print(json.dumps([answer.status_code, dict(answer.headers), keys]))
"""


def ask(method: str, path: str, origin: str, **variables: str) -> tuple[int, dict[str, str], dict[str, bool]]:
    """Ask the app in a fresh interpreter, as its routes are made when it is loaded."""
    environ = {**os.environ, "VINTNER_BUCKET": "b", "VINTNER_LABEL": "l", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-c", CODE, method, path, origin]
    done = subprocess.run(
        command, cwd=ROOT, env=environ | variables, capture_output=True, text=True, check=True, timeout=120
    )
    status, headers, keys = json.loads(done.stdout)
    return status, {name.lower(): value for name, value in headers.items()}, keys


@pytest.mark.parametrize(
    ("text", "origins"),
    [("", ()), ("*", ("*",)), (f" {ONE} , {OTHER}", (ONE, OTHER)), (",", ())],
    ids=["nobody", "everybody", "two", "a comma"],
)
def test_the_setting_takes_origins(text: str, origins: tuple[str, ...]) -> None:
    assert allowed_origins({"VINTNER_CORS": text}) == origins


@pytest.mark.parametrize("text", ["example.org", "https://example.org/", "https://*.org", f"*,{ONE}", "null"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match=rf"VINTNER_CORS={re.escape(repr(text))}: expected"):
        allowed_origins({"VINTNER_CORS": text})


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        (("*",), ONE, {"Access-Control-Allow-Origin": "*"}),
        ((ONE, OTHER), OTHER, {"Access-Control-Allow-Origin": OTHER, "Vary": "Origin"}),
        ((ONE,), OTHER, {"Vary": "Origin"}),
        ((ONE,), None, {"Vary": "Origin"}),
    ],
)
def test_an_answer_names_the_origin_that_may_read_it(
    origins: tuple[str, ...], origin: str | None, expected: dict[str, str]
) -> None:
    assert cors_headers(origins, origin) == expected


def test_a_preflight_is_answered_without_a_key() -> None:
    status, headers, keys = ask("OPTIONS", "/predict", ONE, VINTNER_CORS=ONE, VINTNER_API_KEY="on")
    assert status == 204
    assert headers["access-control-allow-origin"] == ONE
    assert "POST" in headers["access-control-allow-methods"]
    assert "X-Api-Key" in headers["access-control-allow-headers"]
    assert keys == {"POST": True, "OPTIONS": False}


def test_an_error_of_the_app_can_be_read_by_the_page() -> None:
    status, headers, _ = ask(
        "POST", "/predict", ONE, VINTNER_CORS=f"{ONE},{OTHER}", AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )
    assert status >= 400
    assert headers["access-control-allow-origin"] == ONE
    assert headers["content-type"] == "application/problem+json"


def test_without_the_setting_nothing_changes() -> None:
    status, headers, keys = ask("GET", "/openapi.json", ONE, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert status == 200
    assert not any(name.startswith("access-control") or name == "vary" for name in headers)
    assert set(keys) == {"GET"}


@pytest.mark.parametrize(
    ("origins", "header"),
    [((), None), ((ONE,), f"'{ONE}'"), (("*",), "'*'"), ((ONE, OTHER), "method.request.header.Origin")],
)
def test_the_gateways_own_answers_can_be_read_by_the_page(origins: tuple[str, ...], header: str | None) -> None:
    answers: list[dict[str, Any]] = list(gateway_responses(origins).values())
    name = "gatewayresponse.header.Access-Control-Allow-Origin"
    assert {answer["responseParameters"].get(name) for answer in answers} == {header}
