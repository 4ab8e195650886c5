"""Which pages of other origins may call the API: the answer to their preflight, and the header of every answer.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import os
import re
from collections.abc import Callable, Mapping
from typing import Final

from chalice import Blueprint, Response
from chalice.app import Request

from shared.errors import BadSetting

VARIABLE: Final = "VINTNER_CORS"
EVERYONE: Final = "*"
PREFLIGHTED: Final = ("/predict", "/invocations", "/health", "/ping")
PREFLIGHTED_PAGES: Final = ("/model", "/profile", "/status", "/openapi.json")
HEADERS: Final = "Content-Type,X-Api-Key"
METHODS: Final = "GET,POST,OPTIONS"
MAX_AGE_SECONDS: Final = 600
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


def allowed_origins(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The origins of the setting, none where it is empty; raise BadSetting that says what is allowed."""
    text = (os.environ if environment is None else environment).get(VARIABLE, "")
    origins = tuple(origin for part in text.split(",") if (origin := part.strip()))
    for origin in origins:
        if origin != EVERYONE and not _ORIGIN.fullmatch(origin):
            raise BadSetting(
                f"{VARIABLE}={text!r}: expected origins such as https://example.org, with commas between, or *; "
                f"found {origin!r}"
            )
    if EVERYONE in origins and len(origins) > 1:
        raise BadSetting(f"{VARIABLE}={text!r}: expected either * or origins, found both")
    return origins


def cors_headers(origins: tuple[str, ...], origin: str | None) -> dict[str, str]:
    """The headers that let a page of this origin read an answer; none for another one's."""
    if EVERYONE in origins:
        return {"Access-Control-Allow-Origin": EVERYONE}
    if origin in origins:
        return {"Access-Control-Allow-Origin": str(origin), "Vary": "Origin"}
    return {"Vary": "Origin"}


def allow_origins(blueprint: Blueprint, paths: tuple[str, ...], origins: tuple[str, ...]) -> None:
    """Have a blueprint answer the preflights of its paths; nothing changes where there are no origins.

    A preflight never carries an API key, so its route needs none.
    """
    if not origins:
        return
    for path in paths:
        # Chalice wants a function of its own for each route.
        name = f"preflight{path.replace('/', '_').replace('.', '_')}"
        blueprint.route(path, methods=["OPTIONS"], name=name)(lambda: Response("", status_code=204))


def with_origins(origins: tuple[str, ...]) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Middleware that puts the headers on every answer."""

    def cors(request: Request, get_response: Callable[[Request], Response]) -> Response:
        response = get_response(request)
        headers = cors_headers(origins, request.headers.get("origin"))
        if request.method == "OPTIONS":
            headers |= {"Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": HEADERS}
            headers["Access-Control-Max-Age"] = str(MAX_AGE_SECONDS)
        response.headers.update(headers)
        return response

    return cors
