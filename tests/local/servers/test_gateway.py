import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from local.servers.payload_limits import ANSWER_REFUSED, LARGEST_ANSWER, LARGEST_REQUEST, REQUEST_REFUSED
from tests.local.conftest import Cloud


def ask(
    sim: Cloud, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(sim.up.url.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def problem(sim: Cloud, method: str, path: str) -> dict[str, Any]:
    response, body = ask(sim, method, path)
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == response.status
    return document


def test_a_route_answers_with_the_stage_s_environment(sim: Cloud) -> None:
    response, body = ask(sim, "GET", "/")
    assert response.status == 200
    assert json.loads(body) == {"greeting": "hello", "method": "GET", "body": ""}


def test_a_body_reaches_the_app(sim: Cloud) -> None:
    _, body = ask(sim, "POST", "/", b'{"a": 1}', {"Content-Type": "application/json"})
    assert json.loads(body)["body"] == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "name", "query"),
    [
        ("/items/a", "a", None),
        ("/items/a/", "a", None),
        ("/items/a%20b%C3%A9", "a bé", None),
        ("/items/a%2Fb%3Fc", "a%2Fb%3Fc", None),
        ("/items/a?x=1&x=2&y=%20", "a", {"x": "2", "y": " "}),
        ("/v1/items/a", "a", None),
    ],
    ids=["plain", "trailing slash", "quoted", "quoted separators", "query", "stage prefix"],
)
def test_paths(sim: Cloud, path: str, name: str, query: dict[str, str] | None) -> None:
    _, body = ask(sim, "GET", path)
    assert json.loads(body) == {"name": name, "query": query}


@pytest.mark.parametrize("path", ["/nowhere", "/items", "/items/a/b", "//", "//items/a", "/v1/nowhere"])
def test_an_unknown_route_is_a_problem_that_lists_the_routes(sim: Cloud, path: str) -> None:
    document = problem(sim, "GET", path)
    assert (document["status"], document["title"], document["type"]) == (404, "Not Found", "about:blank")
    assert "/items/{name}" in document["detail"]


def test_another_method_is_a_problem_that_lists_the_methods(sim: Cloud) -> None:
    assert "it answers GET, POST" in problem(sim, "DELETE", "/")["detail"]
    assert ask(sim, "DELETE", "/")[0].headers["Allow"] == "GET, POST"


def test_head_is_get_without_a_body(sim: Cloud) -> None:
    response, body = ask(sim, "HEAD", "/")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(ask(sim, "GET", "/")[1])


def test_binary_bodies_are_decoded(sim: Cloud) -> None:
    response, body = ask(sim, "GET", "/binary", headers={"Accept": "application/octet-stream"})
    assert body == bytes(range(256))
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_a_header_may_have_several_values(sim: Cloud) -> None:
    response, _ = ask(sim, "GET", "/cookies")
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_options_are_answered_for_cors(sim: Cloud) -> None:
    assert ask(sim, "OPTIONS", "/")[0].headers["Access-Control-Allow-Methods"] == "OPTIONS"


def test_an_error_of_the_app_is_the_app_s_answer(sim: Cloud) -> None:
    response, body = ask(sim, "GET", "/broken")
    assert response.status == 500
    assert json.loads(body)["Code"] == "InternalServerError"
    assert "ValueError: not handled" in (Path(sim.up.state_dir) / "logs" / "gateway.log").read_text()


def test_an_authorizer_is_asked(sim: Cloud) -> None:
    assert ask(sim, "GET", "/secret")[0].status == 401
    assert problem(sim, "GET", "/nowhere?auth")["status"] == 404


REQUESTS: dict[str, tuple[str, bytes, int]] = {
    "text": ("application/json", b"x" * (LARGEST_REQUEST - 2_000), 200),
    "text that has no room for the headers": ("application/json", b"x" * (LARGEST_REQUEST - 50), 413),
    "quotes": ("application/json", b'"' * (LARGEST_REQUEST // 5), 200),
    "quotes count twice": ("application/json", b'"' * (LARGEST_REQUEST // 2), 413),
    "binary": ("application/octet-stream", b"x" * (LARGEST_REQUEST // 4 * 3 - 2_000), 200),
    "binary is base64": ("application/octet-stream", b"x" * (LARGEST_REQUEST // 4 * 3), 413),
    "more than any event": ("application/json", b"x" * (LARGEST_REQUEST + 1), 413),
}


@pytest.mark.parametrize(("content_type", "content", "status"), REQUESTS.values(), ids=REQUESTS)
def test_the_largest_body_is_lambda_s(sim: Cloud, content_type: str, content: bytes, status: int) -> None:
    response, body = ask(sim, "POST", "/", content, {"Content-Type": content_type})
    assert response.status == status
    if status == 413:
        document = json.loads(body)
        assert (document["status"], document["detail"]) == (413, REQUEST_REFUSED)


ANSWERS: dict[str, tuple[str, int]] = {
    "text": (f"/letters/{LARGEST_ANSWER - 500}", 200),
    "text that has no room for the headers": (f"/letters/{LARGEST_ANSWER - 5}", 502),
    "quotes": (f"/letters/{LARGEST_ANSWER // 2 - 500}?of=%22", 200),
    "quotes count twice": (f"/letters/{LARGEST_ANSWER // 2}?of=%22", 502),
    "not ASCII": (f"/letters/{LARGEST_ANSWER // 6 - 500}?of=%C3%A9", 200),
    "not ASCII is escaped": (f"/letters/{LARGEST_ANSWER // 6}?of=%C3%A9", 502),
    "beyond the basic plane": (f"/letters/{LARGEST_ANSWER // 12}?of=%F0%9F%8D%87", 502),
}


@pytest.mark.parametrize(("path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_the_largest_answer_is_lambda_s(sim: Cloud, path: str, status: int) -> None:
    response, body = ask(sim, "GET", path)
    assert response.status == status
    if status == 502:
        assert json.loads(body) == {"message": "Internal server error"}
        assert ANSWER_REFUSED in (Path(sim.up.state_dir) / "logs" / "gateway.log").read_text()


def test_a_chunked_body_is_measured_as_it_comes(sim: Cloud) -> None:
    connection = http.client.HTTPConnection(sim.up.url.removeprefix("http://"), timeout=30)
    connection.request("POST", "/", body=(b"x" * 1024 * 1024 for _ in range(7)), encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_connection_serves_many_requests(sim: Cloud) -> None:
    connection = http.client.HTTPConnection(sim.up.url.removeprefix("http://"), timeout=30)
    for method, status in [("GET", 200), ("HEAD", 200), ("DELETE", 405), ("GET", 200)]:
        connection.request(method, "/")
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.close()
