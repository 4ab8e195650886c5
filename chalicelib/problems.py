"""Errors as problem documents (RFC 9457), Chalice's own ones included."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from chalice import Response
from chalice.app import Request

from chalicelib.payload import TooLarge, is_carried
from shared.errors import VintnerError
from shared.serving.fields import FieldError, InvalidFields, Malformed
from shared.serving.production_cache import NotServing

MEDIA_TYPES: Final = ["application/json", "text/csv"]
FORM_TYPE: Final = "application/x-www-form-urlencoded"  # read as JSON where that is what it is
PROBLEM_TYPE: Final = "application/problem+json"
_LISTED: Final = 1_000  # errors of a problem that is too large
_LONGEST: Final = 200  # characters of its texts
RETRY_AFTER: Final = {"Retry-After": "5"}


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
    text = json.dumps(document)
    if not is_carried(text):
        text = json.dumps(_cut(document, errors))
    return Response(text, {"Content-Type": PROBLEM_TYPE, **(headers or {})}, status)


def _cut(document: Mapping[str, object], errors: Sequence[FieldError]) -> Mapping[str, object]:
    """A problem that no answer carries, with the first errors alone and without the ends of long texts."""
    detail = f"{document['detail']}"[:_LONGEST]
    if not errors:
        return {**document, "detail": detail}
    listed = [
        {"pointer": one.pointer[:_LONGEST].removesuffix("~"), "detail": one.detail[:_LONGEST]}
        for one in errors[:_LISTED]
    ]
    return {**document, "detail": f"{detail}; listed are the first {len(listed)}", "errors": listed}


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
