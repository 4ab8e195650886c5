"""JSON of requests and answers: quick wherever that makes no difference, the standard library's wherever it does."""

import json
from typing import Any

import orjson


def parse_json(body: bytes) -> Any:  # noqa: ANN401  (any JSON value)
    """A JSON value as Python's own parser reads it; raise ValueError or RecursionError.

    What the quick parser refuses (NaN, UTF-16, half surrogates, mistakes) is read, or refused, by Python's own.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        return json.loads(body)


def json_text(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """The text of a JSON value, without spaces. Whole numbers of more than 64 bits need Python's own."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, separators=(",", ":"))
