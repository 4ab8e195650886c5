"""What Lambda carries of a request and of an answer, with its own words for what is more.

Both are measured as the JSON document that travels, in which the body is a string: a binary one is base64, in a text
quotes and control characters are escaped, and the Python 3.11 client of Lambda escapes all that is not ASCII in an
answer.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

LARGEST_REQUEST: Final = 6_291_456
LARGEST_ANSWER: Final = 6_291_556
REQUEST_REFUSED: Final = f"Request must be smaller than {LARGEST_REQUEST} bytes for the InvokeFunction operation"
ANSWER_REFUSED: Final = f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."

# A smaller body fits whatever is in it, beside ten kilobytes of headers: a byte of a request becomes six at most, a
# character of an answer twelve.
MEASURED_REQUEST: Final = 1_000_000
_MEASURED_ANSWER: Final = 500_000


def is_request_too_large(event: Mapping[str, Any]) -> bool:
    """Whether an event is more than a function can be invoked with."""
    return len(_document(event, ascii_only=False)) > LARGEST_REQUEST


def is_answer_too_large(response: Mapping[str, Any]) -> bool:
    """Whether a function's answer is more than it can return."""
    body = response.get("body") or ""
    return len(body) > _MEASURED_ANSWER and len(_document(response, ascii_only=True)) > LARGEST_ANSWER


def _document(value: Mapping[str, Any], *, ascii_only: bool) -> bytes:
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"), default=_text)
    return text.encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:  # noqa: ANN401  (what JSON has no form of)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
