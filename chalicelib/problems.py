"""Errors as problem documents (RFC 9457), Chalice's own ones included."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from chalice import Response
from chalice.app import Request

from shared.errors import VintnerError
from shared.serving.production_cache import NotServing
from shared.serving.requests import FieldError, InvalidFields, Malformed

MEDIA_TYPES: Final = ["application/json", "text/csv"]
PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = {"Retry-After": "5"}


class TooLarge(VintnerError):
    """The body is larger than a function accepts."""


class Unsupported(VintnerError):
    """The body is of a media type that is not read."""

    def __init__(self, found: str) -> None:
        super().__init__(f"expected {' or '.join(MEDIA_TYPES)}, found {found}")


def problem(
    status: int, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """An error answer; `errors` names each bad field."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [vars(error) for error in errors]
    return Response(json.dumps(document), {"Content-Type": PROBLEM_TYPE, **(headers or {})}, status)


def as_problem(error: VintnerError) -> Response:
    """The answer to an error of the project."""
    match error:
        case Malformed():
            return problem(400, str(error))
        case TooLarge():
            return problem(413, str(error))
        case Unsupported():
            return problem(415, str(error))
        case InvalidFields():
            return problem(422, str(error), errors=error.errors)
        case NotServing():
            return problem(503, str(error), headers=RETRY_AFTER)
        case _:
            return problem(503, f"the store cannot be read: {error}", headers=RETRY_AFTER)


def _media_type(request: Request) -> str:
    return str(request.headers.get("content-type", "none"))


def of_one_form(request: Request, response: Response) -> Response:
    """The response, with Chalice's own error answers in the form of the project's."""
    if response.status_code < 400 or response.headers.get("Content-Type") == PROBLEM_TYPE:
        return response
    body = response.body
    if response.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return as_problem(Unsupported(_media_type(request)))
    detail = body.get("Message") or body.get("message") if isinstance(body, dict) else None
    kept = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
    return problem(response.status_code, str(detail or HTTPStatus(response.status_code).description), headers=kept)
