"""Request bodies: one row or many, as JSON, as MLflow's spellings of it, or as CSV; every bad field is named."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Final, NamedTuple

from shared.errors import Rejected
from shared.formats.columns import Column, Unusable, Value
from shared.formats.csv_dialect import open_csv
from shared.formats.row_errors import BadTable
from shared.formats.values import FLOAT32_MAX, column_name
from shared.scorer.scorer import Scorer
from shared.serving.json_codec import parse_json

MAX_UNPACKED_BYTES: Final = 16_000_000  # a packed body must not take a small function's memory

Row = Sequence[Value]
Read = Callable[[Column, Any], Value]
"""Reads the value of a column, or raises Unusable."""

_NUMBERS: Final = frozenset({float, int})


class Malformed(Rejected):
    """The body is not of the media type that it claims to be."""


@dataclass(frozen=True)
class FieldError:
    """One bad field: a JSON pointer (RFC 6901) into the body, and what was expected there."""

    pointer: str
    detail: str


class InvalidFields(Rejected):
    """The body can be read, but not every field is what the model needs."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(f"{len(errors)} bad field{'s' * (len(errors) > 1)}: {errors[0].pointer} {errors[0].detail}")
        self.errors = tuple(errors)


class RequestRows(NamedTuple):
    """The rows of a body in the model's order of features, and how to point at one of their fields."""

    values: Sequence[Row]
    single: bool
    pointer: Callable[[int, str], str]


def parse_body(body: bytes, media_type: str, scorer: Scorer) -> RequestRows:
    """Read a body for a model. Raise Malformed, or InvalidFields with every bad field."""
    if media_type == "text/csv":
        return _parse_csv(body, scorer)
    try:
        document = parse_json(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"expected a JSON object, found {_shown(body)} ({error})") from None
    if (values := _fast_values(document, scorer)) is not None:
        return RequestRows((values,), True, _top_level)
    if type(document) is not dict:
        raise InvalidFields([FieldError("", f"expected an object {{feature: value}}, found {_kind(document)}")])
    for name, parse in _MANY.items():
        if name in document and name not in scorer.features:
            return parse(document, name, scorer)
    return _rows([document], scorer, _accepting(scorer), _top_level, single=True)


def _top_level(_row: int, field: str) -> str:
    return f"/{_escaped(field)}"


def _accepting(scorer: Scorer) -> Read:
    return lambda column, value: column.accept(value, scorer.missing)


def _parse_records(document: dict[str, Any], name: str, scorer: Scorer) -> RequestRows:
    _only(document, {name}, "")
    records = document[name]
    if type(records) is not list:
        raise InvalidFields([FieldError(f"/{name}", f"expected a list of objects, found {_kind(records)}")])
    pointer = lambda row, field: f"/{name}/{row}/{_escaped(field)}".removesuffix("/")  # noqa: E731
    return _rows(records, scorer, _accepting(scorer), pointer)


def _parse_split(document: dict[str, Any], name: str, scorer: Scorer) -> RequestRows:
    _only(document, {name}, "")
    split = document[name]
    if type(split) is not dict:
        raise InvalidFields([FieldError(f"/{name}", f"expected an object with columns and data, found {_kind(split)}")])
    _only(split, {"columns", "data", "index"}, f"/{name}")
    columns, data = split.get("columns"), split.get("data")
    if type(columns) is not list or not all(type(column) is str for column in columns):
        raise InvalidFields([FieldError(f"/{name}/columns", f"expected a list of names, found {_kind(columns)}")])
    if len(set(columns)) != len(columns):
        raise InvalidFields([FieldError(f"/{name}/columns", "expected each name once")])
    if type(data) is not list:
        raise InvalidFields([FieldError(f"/{name}/data", f"expected a list of rows, found {_kind(data)}")])
    errors = [
        FieldError(f"/{name}/data/{row}", f"expected a list of {len(columns)} values, found {_kind(values)}")
        for row, values in enumerate(data)
        if type(values) is not list or len(values) != len(columns)
    ]
    if errors:
        raise InvalidFields(errors)

    def pointer(row: int, field: str) -> str:
        return f"/{name}/data/{row}/{columns.index(field)}" if field in columns else f"/{name}/columns"

    rows = [dict(zip(columns, values, strict=True)) for values in data]
    return _rows(rows, scorer, _accepting(scorer), pointer)


_MANY: Final = {
    "instances": _parse_records,
    "dataframe_records": _parse_records,
    "dataframe_split": _parse_split,
}


def _parse_csv(body: bytes, scorer: Scorer) -> RequestRows:
    try:
        csv = open_csv(body, scorer.features, MAX_UNPACKED_BYTES)
        _, names = csv.header()
        _, *records = csv.records()
    except BadTable as error:
        raise Malformed(str(error)) from None
    if len({name for name in names if name}) != sum(map(bool, names)):
        raise Malformed(f"expected each column once in the header, found {', '.join(names)}")
    for number, (_, record) in enumerate(records, 1):
        if len(record) != len(names):
            raise Malformed(f"row {number}: expected {len(names)} fields as in the header, found {len(record)}")
    rows = [{name: cell for name, cell in zip(names, record, strict=True) if name} for _, record in records]
    read = lambda column, cell: column.parse(cell, scorer.missing, csv.decimal)  # noqa: E731
    return _rows(rows, scorer, read, lambda row, field: f"/{row}/{_escaped(field)}".removesuffix("/"))


def _rows(
    rows: list[Any], scorer: Scorer, read: Read, pointer: Callable[[int, str], str], *, single: bool = False
) -> RequestRows:
    values: list[Row] = []
    errors: list[FieldError] = []
    for number, row in enumerate(rows):
        try:
            values.append(_fast_values(row, scorer) or _checked_values(row, scorer, read, number, pointer))
        except InvalidFields as invalid:
            errors += invalid.errors
    if errors:
        raise InvalidFields(errors)
    return RequestRows(values, single, pointer)


def _fast_values(row: Any, scorer: Scorer) -> Row | None:  # noqa: ANN401  (any JSON value)
    """The values of a row that holds exactly the features, all of them plain numbers and finite; else None."""
    if type(row) is not dict or scorer.pick is None or len(row) != len(scorer.features):
        return None
    try:
        values = scorer.pick(row)
        # If the root of the sum of squares is within the limit, then every value is, and none is NaN.
        if _NUMBERS.issuperset(map(type, values)) and hypot(*values) <= FLOAT32_MAX:
            return values
    except (KeyError, OverflowError):
        pass
    return None


def _checked_values(
    row: Any,  # noqa: ANN401  (any JSON value)
    scorer: Scorer,
    read: Read,
    number: int,
    pointer: Callable[[int, str], str],
) -> list[Value]:
    if type(row) is not dict:
        raise InvalidFields([FieldError(pointer(number, ""), f"expected an object, found {_kind(row)}")])
    spelled = {column_name(name): name for name in row}
    errors = [
        FieldError(
            pointer(number, name), f"expected each field once, found it as {_short(spelled[column_name(name)])} too"
        )
        for name in row
        if spelled[column_name(name)] != name
    ]
    values: list[Value] = []
    for column in scorer.columns:
        name = spelled.get(column.name)
        if name is None:
            errors.append(
                FieldError(pointer(number, column.name), f"expected {column.expected} or null, found no such field")
            )
            continue
        try:
            values.append(read(column, row[name]))
        except Unusable as unusable:
            errors.append(
                FieldError(pointer(number, name), f"expected {unusable}, found {_found(row[name], unusable)}")
            )
    known = {*scorer.features, *scorer.ignored, scorer.label}
    errors += [
        FieldError(pointer(number, name), f"expected only the model's features, found {_short(name)}")
        for canonical, name in spelled.items()
        if canonical not in known
    ]
    if errors:
        raise InvalidFields(errors)
    return values


def _found(value: Any, unusable: Unusable) -> str:  # noqa: ANN401  (any JSON value)
    return "one that does not" if unusable.is_out_of_range else _kind(value)


def _only(document: dict[str, Any], allowed: set[str], place: str) -> None:
    errors = [
        FieldError(f"{place}/{_escaped(name)}", f"expected nothing beside {', '.join(sorted(allowed))}")
        for name in document
        if name not in allowed
    ]
    if errors:
        raise InvalidFields(errors)


def _kind(value: Any) -> str:  # noqa: ANN401  (any JSON value)
    kinds = {bool: "a boolean", str: "a string", list: "a list", dict: "an object", type(None): "null"}
    name = kinds.get(type(value), "a number")
    return f"{name} {_short(value)}" if isinstance(value, str | bool) else name


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:56]}..."


def _shown(body: bytes) -> str:
    return repr(body[:40].decode("utf-8", "replace")) + ("..." if len(body) > 40 else "")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
