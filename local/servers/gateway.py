"""The process that is API Gateway: Chalice's own local gateway behind a fast HTTP server.

A request is handled in the event loop, one after the other, as one warm Lambda instance would; threads would
only take turns at the interpreter's lock, and halve the throughput.
"""

import argparse
import asyncio
import base64
import functools
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from chalice.config import Config
from chalice.local import ForbiddenError, LocalGateway, LocalGatewayException, MatchResult, RouteMatcher

from local.errors import LocalError
from local.project.project import API, Project
from local.servers.asgi import (
    Answer,
    BodyTooLarge,
    Disconnected,
    Receive,
    Send,
    read_body,
    respond,
    serve,
    server_arguments,
)
from local.servers.payload_limits import (
    ANSWER_REFUSED,
    LARGEST_REQUEST,
    MEASURED_REQUEST,
    REQUEST_REFUSED,
    is_answer_too_large,
    is_request_too_large,
)
from local.workers.packaged import PackagedApp, handlers, packaged_function

if TYPE_CHECKING:
    from chalice.app import Chalice

REMEMBERED_PATHS: Final = 1_024
LOG_DELAY_SECONDS: Final = 0.01
# A quoted '/', '?' or '#' stays quoted: unquoted it would change which route the path is for.
_KEEP_QUOTED: Final = re.compile(r"%(?=2f|3f|23)", re.IGNORECASE)


class Gateway:
    """An ASGI application that serves a Chalice app's routes."""

    def __init__(self, app: "Chalice | PackagedApp", config: Config) -> None:
        self._routes = app.routes
        self._local = LocalGateway(app, _settled(config))
        self._matcher = RememberingMatcher(self._local.event_converter._route_matcher)  # noqa: SLF001
        self._local.event_converter._route_matcher = self._matcher  # noqa: SLF001
        self._stage_prefix = f"/{config.api_gateway_stage}/"
        self._is_to_flush = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            # The server drops the rest of a body that is not read.
            body = None if _declared_length(headers) > LARGEST_REQUEST else await _read(receive)
        except Disconnected:
            return
        if body is None:
            answer = problem(413, "Content Too Large", REQUEST_REFUSED)
        else:
            answer = self.handle(scope["method"], scope["raw_path"], scope["query_string"], headers, body)
            self._flush_soon()
        await respond(send, answer)

    def _flush_soon(self) -> None:
        """Write the log lines of all requests of a moment at once: each by itself takes longer than the model does."""
        if not self._is_to_flush:
            self._is_to_flush = True
            asyncio.get_running_loop().call_later(LOG_DELAY_SECONDS, self._flush)

    def _flush(self) -> None:
        self._is_to_flush = False
        sys.stdout.flush()

    def handle(self, method: str, raw_path: bytes, query: bytes, headers: dict[str, str], body: bytes) -> Answer:
        """The app's answer to one request, or the gateway's own when it does not reach the app."""
        path = _decoded(raw_path)
        route = self._route(path)
        if route is None and path.startswith(self._stage_prefix):
            path = path[len(self._stage_prefix) - 1 :]
            route = self._route(path)
        if route is None:
            return self._no_route(path)
        methods = self._routes[route]
        if method == "HEAD" and "HEAD" not in methods:
            method = "GET"
        if method not in methods and method != "OPTIONS":
            return _no_method(method, path, methods)
        target = f"{path}?{query.decode('latin-1')}" if query else path
        return self._ask(method, target, headers, body)

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        try:
            if len(body) > MEASURED_REQUEST:
                event = self._local.event_converter.create_lambda_event(method, target, headers, body)
                if is_request_too_large(event):
                    return problem(413, "Content Too Large", REQUEST_REFUSED)
            response = self._local.handle_request(method, target, headers, body or None)
            return _unanswered() if is_answer_too_large(response) else _answer(response)
        except LocalGatewayException as error:
            return _refusal(error)
        except Exception:  # noqa: BLE001 - the edge of the app: a 502 of API Gateway's
            traceback.print_exc()
            return problem(502, "Bad Gateway", "the app raised an error that it does not handle: see its log")

    def _route(self, path: str) -> str | None:
        if path.startswith("//"):
            return None  # a URL parser would take the first part for a host
        try:
            route: str = self._matcher.match_route(path).route
        except ValueError:
            return None
        return route

    def _no_route(self, path: str) -> Answer:
        known = ", ".join(sorted(self._routes)) or "none"
        return problem(404, "Not Found", f"there is no route {path}; known: {known}")


def _settled(config: Config) -> Config:
    """The settings that a call's context shows; Chalice would look them up at every level for each request."""
    fixed = {"lambda_timeout": config.lambda_timeout, "lambda_memory_size": config.lambda_memory_size}
    return Config(config.chalice_stage, config.function_name, user_provided_params=fixed)


class RememberingMatcher:
    """Chalice's route matcher with a memory: without one it splits every route of the app twice for each request."""

    def __init__(self, matcher: RouteMatcher) -> None:
        self._match = functools.lru_cache(maxsize=REMEMBERED_PATHS)(matcher.match_route)

    def match_route(self, url: str) -> MatchResult:
        """The route of a path, with parameters of its own; raise `ValueError` when there is none."""
        match = self._match(url)
        query = {name: [*values] for name, values in match.query_params.items()}
        return MatchResult(match.route, {**match.captured}, query)


async def _read(receive: Receive) -> bytes | None:
    try:
        return await read_body(receive, limit=LARGEST_REQUEST)
    except BodyTooLarge:
        return None


def problem(status: int, title: str, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """An RFC 9457 answer."""
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    own = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    return Answer(status, [*own, *headers], body)


def _answer(response: Mapping[str, Any]) -> Answer:
    """Translate a Lambda proxy response."""
    body = response.get("body")
    if body is None:
        content = b""
    elif response.get("isBase64Encoded"):
        content = base64.b64decode(body)
    else:
        content = body if isinstance(body, bytes) else str(body).encode()
    fields = {name.lower(): [value] for name, value in (response.get("headers") or {}).items()}
    fields |= {name.lower(): values for name, values in (response.get("multiValueHeaders") or {}).items()}
    fields.setdefault("content-type", ["application/json"])
    fields["content-length"] = [str(len(content))]
    encoded = [
        (name.encode("latin-1"), str(value).encode("latin-1")) for name, values in fields.items() for value in values
    ]
    return Answer(int(response["statusCode"]), encoded, content)


def _unanswered() -> Answer:
    """Say what API Gateway says when Lambda does not deliver what the app has answered."""
    print("[ERROR] Function.ResponseSizeTooLarge:", ANSWER_REFUSED, file=sys.stderr)
    return _answer({"statusCode": 502, "body": '{"message": "Internal server error"}'})


def _refusal(error: LocalGatewayException) -> Answer:
    """Translate the authorizer's refusal, which takes the place of the app's answer."""
    status = 403 if isinstance(error, ForbiddenError) else error.CODE
    return _answer({"statusCode": status, "headers": error.headers, "body": error.body})


def _no_method(method: str, path: str, methods: Iterable[str]) -> Answer:
    allowed = ", ".join(sorted(methods))
    detail = f"{path} does not answer {method}; it answers {allowed}"
    return problem(405, "Method Not Allowed", detail, [(b"allow", allowed.encode())])


def _decoded(raw_path: bytes) -> str:
    text = raw_path.decode("latin-1")
    return unquote(_KEEP_QUOTED.sub("%25", text)) if "%" in text else text


def _declared_length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def main(arguments: list[str] | None = None) -> None:
    """Load the app and serve its routes on an inherited socket."""
    options = _parser().parse_args(arguments)
    project = Project(options.project, options.stage)
    os.environ.update(project.lambda_variables(API))
    try:
        app = project.load(API)
        if options.packaged:
            log = options.state_dir / "logs" / f"{API}.log"
            app = PackagedApp(app, packaged_function(project, API, handlers(app)[API], log))
    except LocalError as error:
        sys.exit(str(error))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=False, write_through=False)
    serve(Gateway(app, project.config.scope(project.stage, API)), fd=options.fd)


def _parser() -> argparse.ArgumentParser:
    parser = server_arguments(__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--packaged", action="store_true", help="the project is an unpacked package")
    parser.add_argument("--state-dir", type=Path, required=True)
    return parser


if __name__ == "__main__":
    main()
