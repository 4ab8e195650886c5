"""JSON bodies: one row as an object, or many rows in MLflow's spellings of them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from shared.formats.columns import Unusable, Value
from shared.formats.values import column_name
from shared.scorer.scorer import Scorer
from shared.serving.field_names import FieldNames
from shared.serving.fields import FieldError, InvalidFields, bad_value, escaped, kind_of, short
from shared.serving.request_rows import (
    MAX_ERRORS,
    Pointer,
    RequestRows,
    Row,
    accepting,
    fast_values,
    find_columns,
    read_records,
)
from shared.settings import UnknownFields


def read_document(document: Any, scorer: Scorer, unknown_fields: UnknownFields) -> RequestRows:  # noqa: ANN401
    """Read a JSON value for a model; raise InvalidFields with every bad field."""
    if type(document) is not dict:
        raise InvalidFields([FieldError("", f"expected an object {{feature: value}}, found {kind_of(document)}")])
    fields = FieldNames(scorer, unknown_fields)
    for name, parse in _MANY.items():
        if name in document and name not in scorer.features:
            return parse(document, name, scorer, fields)
    return _read_rows([document], scorer, fields, top_level)._replace(single=True)


def top_level(_row: int, field: str) -> str:
    """The pointer to a field of a body that is one row."""
    return f"/{escaped(field)}"


def _parse_records(document: dict[str, Any], name: str, scorer: Scorer, fields: FieldNames) -> RequestRows:
    _only(document, {name}, "")
    records = document[name]
    if type(records) is not list:
        raise InvalidFields([FieldError(f"/{name}", f"expected a list of objects, found {kind_of(records)}")])
    return _read_rows(records, scorer, fields, lambda row, field: f"/{name}/{row}/{escaped(field)}".removesuffix("/"))


def _parse_split(document: dict[str, Any], name: str, scorer: Scorer, fields: FieldNames) -> RequestRows:
    _only(document, {name}, "")
    columns, data = _parts_of_split(document[name], f"/{name}")
    positions = find_columns(columns, scorer, fields, f"/{name}/columns")
    place = {column.name: position for column, position in zip(scorer.columns, positions, strict=True)}
    pointer = lambda row, field: f"/{name}/data/{row}/{place[field]}"  # noqa: E731
    rows = read_records(data, positions, scorer, accepting(scorer), pointer)
    return RequestRows(rows, False, pointer, fields.warnings(1))


def _parts_of_split(split: Any, place: str) -> tuple[list[str], list[list[Any]]]:  # noqa: ANN401  (any JSON value)
    """The names of the columns, and rows with a value for each; raise InvalidFields."""
    if type(split) is not dict:
        raise InvalidFields([FieldError(place, f"expected an object with columns and data, found {kind_of(split)}")])
    _only(split, {"columns", "data", "index"}, place)
    columns, data = split.get("columns"), split.get("data")
    if type(columns) is not list or not all(type(column) is str for column in columns):
        raise InvalidFields([FieldError(f"{place}/columns", f"expected a list of names, found {kind_of(columns)}")])
    named = [column_name(column) for column in columns]
    if len(set(named)) != len(named):
        raise InvalidFields([FieldError(f"{place}/columns", "expected each name once")])
    if type(data) is not list:
        raise InvalidFields([FieldError(f"{place}/data", f"expected a list of rows, found {kind_of(data)}")])
    errors = [
        FieldError(f"{place}/data/{row}", f"expected a list of {len(columns)} values, found {kind_of(values)}")
        for row, values in enumerate(data)
        if type(values) is not list or len(values) != len(columns)
    ]
    if errors:
        raise InvalidFields(errors)
    return columns, data


_MANY: Final[dict[str, Callable[[dict[str, Any], str, Scorer, FieldNames], RequestRows]]] = {
    "instances": _parse_records,
    "dataframe_records": _parse_records,
    "dataframe_split": _parse_split,
}


def _read_rows(objects: Sequence[Any], scorer: Scorer, fields: FieldNames, pointer: Pointer) -> RequestRows:
    values: list[Row] = []
    errors: list[FieldError] = []
    for number, row in enumerate(objects):
        try:
            values.append(fast_values(row, scorer) or _checked_values(row, scorer, fields, partial(pointer, number)))
        except InvalidFields as invalid:
            errors += invalid.errors
            if len(errors) >= MAX_ERRORS:
                break
    if errors:
        raise InvalidFields(errors)
    return RequestRows(values, False, pointer, fields.warnings(len(values)))


def _checked_values(
    row: Any,  # noqa: ANN401  (any JSON value)
    scorer: Scorer,
    fields: FieldNames,
    pointer: Callable[[str], str],
) -> list[Value]:
    if type(row) is not dict:
        raise InvalidFields([FieldError(pointer(""), f"expected an object, found {kind_of(row)}")])
    spelled = {column_name(name): name for name in row}
    errors = [
        FieldError(pointer(name), f"expected each field once, found it as {short(spelled[column_name(name)])} too")
        for name in row
        if spelled[column_name(name)] != name
    ]
    unknown = fields.unknown(spelled.values())
    values: list[Value] = []
    for column in scorer.columns:
        name = spelled.get(column.name)
        if name is None:
            errors.append(FieldError(pointer(column.name), fields.missing_field(column, unknown)))
            continue
        try:
            values.append(column.accept(row[name], scorer.missing))
        except Unusable as unusable:
            errors.append(FieldError(pointer(name), bad_value(unusable, row[name])))
    errors += [
        FieldError(pointer(name), f"expected only the model's features, found {short(name)}")
        for name in fields.refused(unknown)
    ]
    if errors:
        raise InvalidFields(errors)
    return values


def _only(document: dict[str, Any], allowed: set[str], place: str) -> None:
    errors = [
        FieldError(f"{place}/{escaped(name)}", f"expected nothing beside {', '.join(sorted(allowed))}")
        for name in document
        if name not in allowed
    ]
    if errors:
        raise InvalidFields(errors)
