"""The HTTP client of a stage's API: predictions, and the kinds of the model's features."""

import json
import urllib.error
import urllib.request
from typing import Any, Final

from cli.stages.target import Target
from shared.errors import Unavailable, VintnerError

_TOO_LARGE: Final = 413


def ask(target: Target, body: bytes, media_type: str, *, explain: bool = False) -> dict[str, Any]:
    """Post a body to ``/predict``; raise VintnerError that names every bad field."""
    url = target.endpoint() + "/predict" + ("?explain=true" if explain else "")
    headers = {"Content-Type": media_type, "Accept": "application/json", **target.headers()}
    request = urllib.request.Request(url, body, headers)  # noqa: S310  (the URL is the stage's own)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise VintnerError(_explained(error)) from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(f"{url} cannot be reached ({reason}): is it up? see vintner status") from None


def feature_kinds(target: Target) -> dict[str, str]:
    """The kind of each of the production model's features; empty when the API cannot say."""
    request = urllib.request.Request(target.endpoint() + "/model", headers=target.headers())  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return {column["name"]: column["kind"] for column in json.load(response)["schema"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _explained(answer: urllib.error.HTTPError) -> str:
    text = answer.read().decode("utf-8", "replace")
    try:
        problem = json.loads(text)
        lines = [f"{error['pointer']}: {error['detail']}" for error in problem.get("errors", [])]
        # Beside the lines the detail would say the same again.
        detail = "" if lines else f": {problem['detail']}"
        if answer.code == _TOO_LARGE and "vintner batch" not in detail:  # API Gateway's and Lambda's own do not say
            detail += "; vintner batch FILE predicts a file of any size"
        return "\n  ".join([f"{answer.code} {problem['title']}{detail}", *lines])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{answer.code} {answer.reason}: {text[:200]}"
