"""Asking a stage's API for predictions."""

import json
import urllib.error
import urllib.request
from typing import Any

from cli.stages.target import Target
from shared.errors import Unavailable, VintnerError


def ask(target: Target, body: bytes, media_type: str) -> dict[str, Any]:
    """Post a body to ``/predict``; raise VintnerError that tells every bad field."""
    url = target.endpoint() + "/predict"
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


def _explained(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(text)
        lines = [f"{one['pointer']}: {one['detail']}" for one in problem.get("errors", [])]
        # Beside the lines the detail would tell the same again.
        detail = "" if lines else f": {problem['detail']}"
        return "\n  ".join([f"{error.code} {problem['title']}{detail}", *lines])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{error.code} {error.reason}: {text[:200]}"
