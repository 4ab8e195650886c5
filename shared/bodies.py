"""Request bodies: one row or many, as JSON, as MLflow's spellings of it, or as CSV; every bad field is named."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import Rejected
from shared.scorer import Scorer
from shared.values import FLOAT32_MAX, MISSING, as_number

Row = Sequence[float | None]


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


@dataclass(frozen=True)
class Rows:
    """The rows of a body in the model's order of features, and how to point at one of their fields."""

    values: Sequence[Row]
    single: bool
    pointer: Callable[[int, str], str] = field(compare=False)


def parse_body(body: bytes, media_type: str, scorer: Scorer) -> Rows:
    """Read a body for a model. Raise Malformed, or InvalidFields with every bad field."""
    if media_type == "text/csv":
        return _parse_csv(body, scorer)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"expected a JSON object, found {_shown(body)} ({error})") from None
    if type(document) is not dict:
        raise InvalidFields([FieldError("", f"expected an object {{feature: value}}, found {_kind(document)}")])
    for name, parse in _MANY.items():
        if name in document and name not in scorer.features:
            return parse(document, name, scorer)
    return _rows([document], scorer, lambda _, name: f"/{_escaped(name)}", single=True)


def _parse_records(document: dict[str, Any], name: str, scorer: Scorer) -> Rows:
    _only(document, {name}, "")
    records = document[name]
    if type(records) is not list:
        raise InvalidFields([FieldError(f"/{name}", f"expected a list of objects, found {_kind(records)}")])
    return _rows(records, scorer, lambda row, field: f"/{name}/{row}/{_escaped(field)}".removesuffix("/"))


def _parse_split(document: dict[str, Any], name: str, scorer: Scorer) -> Rows:
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

    return _rows([dict(zip(columns, values, strict=True)) for values in data], scorer, pointer)


_MANY: Final = {
    "instances": _parse_records,
    "dataframe_records": _parse_records,
    "dataframe_split": _parse_split,
}


def _parse_csv(body: bytes, scorer: Scorer) -> Rows:
    try:
        records = [
            record for record in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True) if record
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"expected CSV text in UTF-8, found {_shown(body)} ({error})") from None
    if not records:
        raise Malformed("expected a header line and rows, found an empty body")
    header, *lines = records
    names = [name.strip() for name in header]
    if len(set(names)) != len(names):
        raise Malformed(f"expected each column once in the header, found {', '.join(names)}")
    for number, line in enumerate(lines, 1):
        if len(line) != len(names):
            raise Malformed(f"row {number}: expected {len(names)} fields as in the header, found {len(line)}")
    rows = [{name: _cell(cell) for name, cell in zip(names, line, strict=True)} for line in lines]
    return _rows(rows, scorer, lambda row, field: f"/{row}/{_escaped(field)}".removesuffix("/"))


def _cell(cell: str) -> float | str | None:
    text = cell.strip()
    if text in MISSING:
        return None
    number = as_number(text)
    return text if number is None else number


def _rows(rows: list[Any], scorer: Scorer, pointer: Callable[[int, str], str], *, single: bool = False) -> Rows:
    values = []
    errors: list[FieldError] = []
    for number, row in enumerate(rows):
        try:
            values.append(_fast_values(row, scorer))
        except _Unusual:
            try:
                values.append(_checked_values(row, scorer, number, pointer))
            except InvalidFields as invalid:
                errors += invalid.errors
    if errors:
        raise InvalidFields(errors)
    return Rows(values, single, pointer)


class _Unusual(Exception):
    """The row is not exactly the model's features as finite floats: look closer."""


def _fast_values(row: Any, scorer: Scorer) -> list[float | None]:  # noqa: ANN401  (any JSON value)
    """The values of a row that holds exactly the features, all of them finite floats."""
    if type(row) is not dict or len(row) != len(scorer.features):
        raise _Unusual
    try:
        values = [row[name] for name in scorer.features]
    except KeyError:
        raise _Unusual from None
    for value in values:
        if type(value) is not float or not -FLOAT32_MAX <= value <= FLOAT32_MAX:
            raise _Unusual
    return values


def _checked_values(
    row: Any,  # noqa: ANN401  (any JSON value)
    scorer: Scorer,
    number: int,
    pointer: Callable[[int, str], str],
) -> list[float | None]:
    if type(row) is not dict:
        raise InvalidFields([FieldError(pointer(number, ""), f"expected an object, found {_kind(row)}")])
    errors = []
    values: list[float | None] = []
    for name in scorer.features:
        problem = None if name in row else "expected a number or null, found no such field"
        value = row.get(name)
        if problem is None and value is not None:
            value, problem = _number(value)
        if problem:
            errors.append(FieldError(pointer(number, name), problem))
        values.append(value)
    known = {*scorer.features, *scorer.ignored, scorer.label}
    errors += [
        FieldError(pointer(number, name), f"expected only the model's features, found {_short(name)}")
        for name in row
        if name not in known
    ]
    if errors:
        raise InvalidFields(errors)
    return values


def _number(value: Any) -> tuple[float | None, str | None]:  # noqa: ANN401  (any JSON value)
    """The value as a float, or what is wrong with it."""
    if type(value) not in {int, float}:
        return None, f"expected a number or null, found {_kind(value)}"
    if not -FLOAT32_MAX <= value <= FLOAT32_MAX:
        return None, "expected a finite number that fits into float32, found one that does not"
    return float(value), None


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
