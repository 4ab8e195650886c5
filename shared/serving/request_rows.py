"""Rows of a request in the model's order of features, and how the columns of a table become them."""

from collections.abc import Callable, Iterable, Sequence
from math import hypot
from operator import itemgetter
from typing import Any, Final, NamedTuple

from shared.formats.columns import Column, Unusable, Value
from shared.formats.values import FLOAT32_MAX, column_name
from shared.scorer.scorer import Scorer
from shared.serving.field_names import FieldNames
from shared.serving.fields import FieldError, InvalidFields, bad_value, short

Row = Sequence[Value]
Read = Callable[[Column, Any], Value]
"""Reads the value of a column, or raises Unusable."""
Pointer = Callable[[int, str], str]
"""The JSON pointer to a field of a row."""

MAX_ERRORS: Final = 100_000  # no answer has room for more
_NUMBERS: Final = frozenset({float, int})


class RequestRows(NamedTuple):
    """The rows of a body, how to point at one of their fields, and what is worth a remark."""

    values: Sequence[Row]
    single: bool
    pointer: Pointer
    warnings: Sequence[str] = ()


def fast_values(row: Any, scorer: Scorer) -> Row | None:  # noqa: ANN401  (any JSON value)
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


def _are_plain(values: Iterable[Any]) -> bool:
    """Whether every value is a finite number that float32 can hold, as in `fast_values`."""
    try:
        return _NUMBERS.issuperset(map(type, values)) and hypot(*values) <= FLOAT32_MAX
    except OverflowError:
        return False


def accepting(scorer: Scorer) -> Read:
    """Reads the values of JSON."""
    return lambda column, value: column.accept(value, scorer.missing)


def find_columns(names: Sequence[str], scorer: Scorer, fields: FieldNames, place: str) -> list[int]:
    """The position of each feature among a table's columns, before any row is looked at.

    Raise InvalidFields that names each missing column once; `place` is the pointer to the columns' names.
    """
    positions = {column_name(name): position for position, name in enumerate(names)}
    unknown = fields.unknown(names)
    errors = [
        FieldError(place, fields.missing_column(column, unknown))
        for column in scorer.columns
        if column.name not in positions
    ]
    errors += [
        FieldError(f"{place}/{names.index(name)}", f"expected only the model's features, found {short(name)}")
        for name in fields.refused(unknown)
    ]
    if errors:
        raise InvalidFields(errors)
    return [positions[column.name] for column in scorer.columns]


def read_records(
    records: Iterable[Sequence[Any]], positions: Sequence[int], scorer: Scorer, read: Read, pointer: Pointer
) -> list[Row]:
    """The rows of a table with the features at these positions; raise InvalidFields with every bad cell."""
    pick = itemgetter(*positions) if len(positions) > 1 else lambda record: (record[positions[0]],)
    may_be_plain = scorer.pick is not None
    rows: list[Row] = []
    errors: list[FieldError] = []
    for number, record in enumerate(records):
        cells = pick(record)
        if may_be_plain and _are_plain(cells):
            rows.append(cells)
            continue
        row: list[Value] = []
        for column, cell in zip(scorer.columns, cells, strict=True):
            try:
                row.append(read(column, cell))
            except Unusable as unusable:
                errors.append(FieldError(pointer(number, column.name), bad_value(unusable, cell)))
        rows.append(row)
        if len(errors) >= MAX_ERRORS:
            break
    if errors:
        raise InvalidFields(errors)
    return rows
