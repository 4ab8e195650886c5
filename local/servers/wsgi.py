"""A WSGI application called from an ASGI server with a body that is already in memory."""

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

from local.servers.asgi import Answer

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def call(application: WsgiApplication, environ: dict[str, Any]) -> Answer:
    """Run `application` to its end and return all that it answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        started.append((status, headers))

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, headers = started[-1]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Answer(int(status.split(None, 1)[0]), encoded, body)


def environ_of(scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Translate an ASGI scope, as WSGI's and moto's own request handlers do it."""
    raw_path: bytes = scope["raw_path"]
    query: str = scope["query_string"].decode("latin-1")
    target = raw_path.decode("latin-1") + (f"?{query}" if query else "")
    host, port = scope["server"] or ("127.0.0.1", 0)
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": (scope["client"] or ("127.0.0.1",))[0],
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
    } | _headers(scope, len(body))


def _headers(scope: Mapping[str, Any], length: int) -> dict[str, Any]:
    """The headers under their WSGI names; moto gets S3 metadata names as they were spelled."""
    variables: dict[str, Any] = {}
    preserved: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        key = environ_key_for_header(name)
        if should_preserve_original_header_name(name):
            preserved.setdefault(key, name)
        elif "_" in name:
            continue
        variables[key] = f"{variables[key]},{value}" if key in variables else value
    # The body was read to its end, however it was sent.
    variables.pop("HTTP_TRANSFER_ENCODING", None)
    return variables | {"CONTENT_LENGTH": str(length), PRESERVED_HEADER_NAMES_ENVIRON_KEY: preserved}
