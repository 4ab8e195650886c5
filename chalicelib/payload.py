"""What Lambda carries: the events of a request and of its answer, each a JSON document with the body as a string."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from shared.errors import VintnerError
from shared.serving.json_codec import json_text

MAX_EVENT_BYTES: Final = 6_291_456
# The event of a larger body is measured, that of a smaller one always fits: at most six bytes stand for one of a
# request (a control character), and twelve for one character of an answer (beyond the basic plane, as two escapes).
_MEASURED_BODY: Final = 1_000_000
_MEASURED_TEXT: Final = 500_000
_BESIDE_THE_BODY: Final = 4_096  # status and headers of an answer


class TooLarge(VintnerError):
    """The request or its answer is larger than what Lambda carries."""


def check_request(body: bytes, *, is_binary: bool) -> None:
    """Raise TooLarge for a body whose event Lambda does not carry; binary ones travel as base64."""
    if len(body) <= _MEASURED_BODY:
        return
    size = -(-len(body) // 3) * 4 if is_binary else _string_bytes(body.decode("utf-8", "replace"), ascii_only=False)
    if size > MAX_EVENT_BYTES:
        form = "base64" if is_binary else "a JSON string"
        raise TooLarge(
            f"expected a body of at most {MAX_EVENT_BYTES} bytes as {form}, found {size}: send the rows in parts, "
            "or predict the file through the bucket with vintner batch"
        )


def check_answer(answer: Mapping[str, object], text: str) -> None:
    """Raise TooLarge, with the number of rows that fit, for an answer whose event Lambda does not carry.

    `text` is the answer as JSON.
    """
    if is_carried(text):
        return
    predictions = answer.get("predictions")
    if not isinstance(predictions, list) or not (fitting := _fitting(answer, predictions)):
        raise TooLarge(f"{_expected(text)} for one row: ask /invocations, which answers with the prediction alone")
    way_out = (
        f"send at most {fitting} at a time, ask /invocations, whose answers are shorter, or predict the file through "
        "the bucket with vintner batch"
    )
    raise TooLarge(f"{_expected(text)} for {len(predictions)} rows: {way_out}")


def is_carried(text: str) -> bool:
    """Whether Lambda carries an answer with this body."""
    return len(text) <= _MEASURED_TEXT or _string_bytes(text) + _BESIDE_THE_BODY <= MAX_EVENT_BYTES


def _expected(text: str) -> str:
    return f"expected an answer of at most {MAX_EVENT_BYTES} bytes, found {_string_bytes(text) + _BESIDE_THE_BODY}"


def _fitting(answer: Mapping[str, object], predictions: Sequence[object]) -> int:
    """How many rows surely fit into one answer, whichever of these they are."""
    frame = _string_bytes(json_text({**answer, "predictions": []})) + _BESIDE_THE_BODY
    largest = max(_string_bytes(json_text(prediction)) for prediction in predictions) - 1  # no quotes, but a comma
    return max(0, MAX_EVENT_BYTES - frame) // largest


def _string_bytes(text: str, *, ascii_only: bool = True) -> int:
    """The bytes of a text as a JSON string. Lambda's client for Python 3.11 escapes what is not ASCII."""
    return len(json.dumps(text, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
