"""CSV bodies: a header line and rows, or rows alone in the order of the model's features."""

from collections.abc import Sequence
from itertools import islice
from typing import Final, NoReturn

from shared.formats.columns import Column, Value
from shared.formats.csv_dialect import CsvText, open_csv
from shared.formats.row_errors import BadTable
from shared.formats.values import column_name, column_names
from shared.scorer.scorer import Scorer
from shared.serving.field_names import FieldNames
from shared.serving.fields import FieldError, InvalidFields, Malformed, escaped, short
from shared.serving.request_rows import Read, RequestRows, Row, find_columns, read_records
from shared.settings import UnknownFields

MAX_UNPACKED_BYTES: Final = 16_000_000  # a packed body must not take a small function's memory
HEADER: Final = "/header"
_SHOWN: Final = 12  # names or cells in a message


def read_csv(body: bytes, scorer: Scorer, unknown_fields: UnknownFields, charset: str = "") -> RequestRows:
    """Read a CSV body for a model. Raise Malformed, or InvalidFields with every missing column or every bad field.

    `charset` is what the sender says of the encoding, where that is said.
    The first line is a row, too, when it names no column at all and has a value for each feature.
    """
    try:
        csv = open_csv(body, scorer.features, MAX_UNPACKED_BYTES, _ask_for_charset, charset)
        first, *others = (record for _, record in csv.records())
    except BadTable as error:
        raise Malformed(str(error)) from None
    fields = FieldNames(scorer, unknown_fields)
    if not fields.has_any(first):
        rows = _without_header([first, *others], scorer, fields, _reader(csv, scorer))
        return RequestRows(rows, False, _pointer, [_no_header(scorer)])
    names = _names(first, others, scorer)
    positions = find_columns(names, scorer, fields, HEADER)
    _check_widths(others, len(names), "header")
    rows = read_records(others, positions, scorer, _reader(csv, scorer), _pointer)
    return RequestRows(rows, False, _pointer, fields.warnings(1))


def _ask_for_charset(_body: bytes) -> NoReturn:
    """Of bytes that may be anything nothing is guessed: a text that is read wrongly is answered wrongly."""
    raise Malformed(
        "expected CSV text in UTF-8, UTF-16 or Windows-1252, found bytes of another encoding: send it as UTF-8, or say "
        "what it is, as in 'Content-Type: text/csv; charset=shift_jis'"
    )


def _names(header: Sequence[str], records: Sequence[Sequence[str]], scorer: Scorer) -> list[str]:
    """The names as an upload has them: a repeated one numbered, a missing one ``column_7`` where the model has that.

    Raise Malformed when a column is there again with other values and the model does not know it by its number.
    """
    known = {*scorer.features, *scorer.ignored, scorer.label}
    spelled = [column_name(cell) for cell in header]
    names = column_names(header)
    for position, (name, own) in enumerate(zip(spelled, names, strict=True)):
        if name == own or own in known:
            continue
        names[position] = ""
        first = spelled.index(name)
        if name and any(record[position : position + 1] != record[first : first + 1] for record in records):
            raise Malformed(f"expected each column once in the header, found {', '.join(spelled)}")
    return names


def _pointer(row: int, field: str) -> str:
    return f"/{row}/{escaped(field)}"


def _reader(csv: CsvText, scorer: Scorer) -> Read:
    def read(column: Column, cell: str) -> Value:
        return column.parse(cell, scorer.missing, csv.decimal)

    return read


def _check_widths(records: Sequence[Sequence[str]], width: int, of: str, first: int = 1) -> None:
    for number, record in enumerate(records, first):
        if len(record) != width:
            raise Malformed(f"row {number}: expected {width} fields as in the {of}, found {len(record)}")


def _without_header(records: Sequence[Sequence[str]], scorer: Scorer, fields: FieldNames, read: Read) -> list[Row]:
    first, width = records[0], len(scorer.features)
    if len(first) != width:
        raise InvalidFields([_header_error(first, scorer)])
    positions = range(width)
    try:
        read_records([first], positions, scorer, read, _pointer)
    except InvalidFields:  # neither a header nor a row: say what would make it a header
        unknown = fields.unknown(first)
        missing = [FieldError(HEADER, fields.missing_column(column, unknown)) for column in scorer.columns]
        raise InvalidFields([_header_error(first, scorer), *missing]) from None
    _check_widths(records[1:], width, "first line", first=2)
    return read_records(records, positions, scorer, read, _pointer)


def _header_error(first: Sequence[str], scorer: Scorer) -> FieldError:
    order = "" if len(scorer.features) == 1 else ", in this order"
    expected = f"expected a header line that names the columns {_listed(scorer.features)}"
    values = f"or a line of {len(scorer.features)} values that fit them{order}"
    return FieldError(HEADER, f"{expected}, {values}; found {_listed([short(cell) for cell in first])}")


def _no_header(scorer: Scorer) -> str:
    return f"the first line names no column, so it is read as a row: expected is the order {_listed(scorer.features)}"


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _SHOWN
    return ", ".join(islice(texts, _SHOWN)) + (f" and {more} more" if more > 0 else "")
