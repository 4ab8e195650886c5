"""Bad fields of a body: where each one is, what was expected there, and what was found."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.errors import Rejected
from shared.formats.columns import Unusable


class Malformed(Rejected):
    """The body is not of the media type that it claims to be."""


@dataclass(frozen=True)
class FieldError:
    """One bad field: a JSON pointer (RFC 6901) into the body, and what was expected there.

    The rows of a CSV are numbered from 0; its header line is ``/header``.
    """

    pointer: str
    detail: str


class InvalidFields(Rejected):
    """The body can be read, but not every field is what the model needs."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(f"{len(errors)} bad field{'s' * (len(errors) > 1)}: {errors[0].pointer} {errors[0].detail}")
        self.errors = tuple(errors)


def bad_value(unusable: Unusable, value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """What to say of a value that does not fit its column."""
    is_nan = type(value) is float and value != value  # noqa: PLR0124  (NaN alone differs from itself)
    found = "one that does not" if unusable.is_out_of_range else kind_of(value)
    return f"expected {unusable}, found {found}{' (NaN): write a missing value as null' if is_nan else ''}"


def kind_of(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    """What a JSON value is, with the value itself where it is short."""
    kinds = {bool: "a boolean", str: "a string", list: "a list", dict: "an object", type(None): "null"}
    name = kinds.get(type(value), "a number")
    return f"{name} {short(value)}" if isinstance(value, str | bool) else name


def short(value: object) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:56]}..."


def escaped(name: str) -> str:
    """A name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
