"""Reading an upload: CSV bytes into a table, or every reason why not, with line and column.

The line structure is checked by the `csv` module, which knows where each record starts; the values are read by
pandas. Both must agree on the number of records. A row that cannot be used is named and left out; too many of them, and
the upload is rejected.
"""

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.columns import Column
from shared.csv_text import CsvText, open_csv, split_lines
from shared.encoding import typed
from shared.reasons import BadTable, Reason, at_most, listed, shortened
from shared.settings import Settings
from shared.table import Table, Vocabulary, sorted_texts
from shared.values import FLOAT32_MAX, MISSING, as_number, category_text, column_name, has_thousands

MOSTLY: Final = 0.8  # a column with at least this share of numbers is one of numbers, with mistakes in it
ID_ROWS: Final = 20  # with fewer rows a column of distinct whole numbers says nothing

_INDEX_NAME: Final = re.compile(r"(?i:unnamed:?_\d+|unnamed)")

Problem = tuple[int, str, str]
"""A row, counted from 0, its column, and what is wrong there."""


@dataclass(frozen=True, eq=False)
class Reading:
    """An upload as it was read: its usable rows, what was detected, why rows were left out, what is worth a look.

    `kept`, of shape (rows of the table,), tells which of the records that have as many fields as the header they are.
    """

    table: Table
    rows: int
    detected: CsvText
    kept: NDArray[np.int64]
    left_out: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = ()


def read_csv(body: bytes, settings: Settings, columns: Mapping[str, Column] | None = None) -> Reading:
    """Read an upload; raise BadTable with every reason when it is not a usable CSV.

    `columns` are those of the schema. A column that is not among them is of numbers or of texts, as its content says.
    """
    columns = columns or {}
    csv = open_csv(body, [settings.label, *columns], settings.max_upload_mb * 1e6)
    line, names = csv.header()
    _check_header(names, line, settings)
    source, misshapen, count = _shapely(csv, len(names))
    if not count + len(misshapen):
        raise BadTable([Reason("expected at least one row under the header, found none", line=2)])
    _refuse_too_many(misshapen, len(misshapen), count + len(misshapen), settings)
    frame = _parse(source, names, _used_names(names, settings), settings)
    if len(frame) != count:
        raise BadTable([Reason(f"{count} records were counted but {len(frame)} could be parsed: check the quoting")])
    table, problems, notes = _typed(frame, source, settings, columns)
    reasons = sorted([*misshapen, *_located(problems, source)], key=Reason.place)
    bad = {row for row, _, _ in problems}
    _refuse_too_many(reasons, len(misshapen) + len(bad), count + len(misshapen), settings)
    kept = np.flatnonzero(~np.isin(np.arange(count), list(bad)))
    if bad:
        table = table.rows(kept)
    if not len(table):
        raise BadTable(at_most(reasons))
    notes = [*_notes_on_names(names), *notes, *_notes_on_rows(table)]
    return Reading(table, count + len(misshapen), csv, kept, tuple(at_most(reasons)), tuple(notes))


def _refuse_too_many(reasons: Sequence[Reason], bad: int, rows: int, settings: Settings) -> None:
    """Raise BadTable when more than the allowed share of rows cannot be used."""
    if bad > settings.max_bad_share * rows:
        allowed = f"{settings.max_bad_share:g} of the rows may be unusable (VINTNER_MAX_BAD_SHARE)"
        summary = Reason(f"{bad} of {rows} rows cannot be used: at most {allowed}; correct them")
        raise BadTable([*at_most(reasons), summary])


def _used_names(names: Sequence[str], settings: Settings) -> list[str]:
    """The label and the columns that can be features."""
    ignored = {column_name(name) for name in settings.ignore}
    return [name for name in names if name and name not in ignored and not _INDEX_NAME.fullmatch(name)]


def _check_header(names: Sequence[str], line: int, settings: Settings) -> None:
    label = column_name(settings.label)
    if label not in names and looks_like_values(names):
        raise BadTable([Reason(_no_header(names), line)])
    reasons = [
        Reason(f"expected each column once, found {times} of this name", line, name)
        for name, times in Counter(names).items()
        if name and times > 1
    ]
    if label not in names:
        found = f"found the columns {listed(names, 12)}: check the header line and VINTNER_LABEL"
        reasons.append(Reason(f"expected the label column {settings.label!r}, {found}", line))
    elif _used_names(names, settings) == [label]:
        reasons.append(Reason("expected at least one feature column beside the label, found none", line))
    if reasons:
        raise BadTable(at_most(reasons))


def _no_header(names: Sequence[str]) -> str:
    return (
        f"expected a header line, found a line of values ({listed(names, 4)}): write the columns' names above the "
        "rows, or let 'vintner upload --header NAME,NAME,...' do it"
    )


def looks_like_values(names: Sequence[str]) -> bool:
    """Whether what should be a header is more likely a row: all numbers, or one that no one would count columns by."""
    spelled = [name for name in names if name not in MISSING]
    numbers = [number for name in spelled if (number := as_number(name.replace(",", "."))) is not None]
    if len(numbers) < 2 or len(numbers) == len(spelled):
        return bool(numbers)
    near = all(number.is_integer() and abs(number - numbers[0]) < 2 * len(numbers) for number in numbers)
    return not near or len(set(numbers)) < len(numbers)


def _notes_on_names(names: Sequence[str]) -> Iterator[str]:
    for position, name in enumerate(names, 1):
        if not name or _INDEX_NAME.fullmatch(name):
            yield f"column {position} has no name (the index that DataFrame.to_csv writes?): not used"


def _shapely(csv: CsvText, width: int) -> tuple[CsvText, list[Reason], int]:
    """The CSV without the records that have another number of fields than the header, these, and the others' number."""
    reasons = []
    misshapen: list[tuple[int, int | None]] = []
    count = -1
    for line, record in csv.records():
        if misshapen and misshapen[-1][1] is None:
            misshapen[-1] = misshapen[-1][0], line
        if len(record) == width:
            count += 1
        else:
            reasons.append(Reason(f"expected {width} fields as in the header, found {len(record)}", line))
            misshapen.append((line, None))
    if not misshapen:
        return csv, [], count
    # Blank lines take the place of the records, so that every other one stays on its line.
    lines = list(split_lines(csv.text))
    for start, end in misshapen:
        for number in range(start - 1, len(lines) if end is None else end - 1):
            lines[number] = "\n"
    return replace(csv, text="".join(lines)), reasons, count


def _parse(csv: CsvText, names: list[str], used: list[str], settings: Settings) -> pd.DataFrame:
    """The used columns. Those of truth values are texts: pandas would forget how they were spelled."""
    label = column_name(settings.label)
    frame = _read(csv, names, used, {label: str}, settings)
    truths = [name for name in used if pd.api.types.infer_dtype(frame[name], skipna=True) == "boolean"]
    if truths:
        frame[truths] = _read(csv, names, truths, dict.fromkeys(truths, str), settings)
    return frame


def _read(
    csv: CsvText, names: list[str], used: list[str], texts: Mapping[str, type], settings: Settings
) -> pd.DataFrame:
    wanted = {str(position): name for position, name in enumerate(names) if name in used}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                io.StringIO(csv.text, newline=""),
                sep=csv.delimiter,
                decimal=csv.decimal,
                skipinitialspace=True,
                header=0,
                names=[str(position) for position in range(len(names))],  # several columns may have no name
                usecols=list(wanted),
                index_col=False,
                dtype={position: texts[name] for position, name in wanted.items() if name in texts},
                na_values={position: list(settings.missing) for position, name in wanted.items() if name not in texts},
                keep_default_na=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            raise BadTable([Reason(f"expected a CSV, found one that cannot be parsed ({error})")]) from None
    return frame.rename(columns=wanted)


def _typed(
    frame: pd.DataFrame, csv: CsvText, settings: Settings, columns: Mapping[str, Column]
) -> tuple[Table, list[Problem], list[str]]:
    """The rows, what is wrong with some of them, and notes on columns."""
    label = column_name(settings.label)
    features = [name for name in frame.columns if name != label]
    problems: list[Problem] = []
    notes: list[str] = []
    values = np.empty((len(frame), len(features)))
    vocabularies: list[Vocabulary] = []
    for position, name in enumerate(features):
        values[:, position], vocabulary, bad = _column(frame[name], columns.get(name), csv, settings)
        vocabularies.append(vocabulary)
        problems += [(row, name, problem) for row, problem in bad]
        notes += _notes_on_texts(name, vocabulary)
    labels, codes, bad = _labels(frame[label], settings, csv.decimal)
    problems += [(row, label, problem) for row, problem in bad]
    return Table(tuple(features), values, labels, codes, tuple(vocabularies)), problems, notes


def _column(
    column: "pd.Series[float]", wanted: Column | None, csv: CsvText, settings: Settings
) -> tuple[NDArray[np.float64], Vocabulary, list[tuple[int, str]]]:
    """A column as numbers or as indices into its texts, and (row, problem) of each cell that is not as wanted."""
    values, texts = _raw(column, settings)
    if wanted is None and texts is not None:
        wanted = _provisional(values, texts, csv.decimal)
    if wanted is not None and wanted.kind in {"category", "unused"}:
        return (*_neutral(values, texts, csv.decimal), [])
    if wanted is None or (texts is None and wanted.kind == "number"):
        return (*_neutral(values, texts, csv.decimal), _too_large(values, texts))
    spelled = None if texts is None else tuple(category_text(text, csv.decimal) for text in texts)
    bad = [
        (row, f"expected {expected}, found {shortened(texts[int(values[row])] if texts else found)}")
        for row, expected, found in typed(values, spelled, wanted).bad_rows()
    ]
    if wanted.kind == "number" and spelled is not None:
        return typed(values, spelled, wanted).values, None, bad
    return (*_neutral(values, texts, csv.decimal), bad)


def _raw(column: "pd.Series[float]", settings: Settings) -> tuple[NDArray[np.float64], list[str] | None]:
    """The column as pandas has it: numbers, or indices into its distinct texts; NaN is missing."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.asarray(column.to_numpy(), dtype=np.float64) + 0.0, None  # -0.0 and 0.0 are one value
    codes, distinct = pd.factorize(column.to_numpy(object))
    texts = [str(text).strip() for text in distinct]
    gone = np.array([*(text in settings.missing for text in texts), True])  # code -1 is missing
    return np.where(gone[codes], np.nan, codes), texts


def _provisional(values: NDArray[np.float64], texts: Sequence[str], decimal: str) -> Column | None:
    """A column of numbers with mistakes in it, or None: nothing is known of the column."""
    if not any(as_number(text, decimal) is not None for text in texts):
        return None
    numbers = np.array([as_number(text, decimal) is not None for text in texts])
    present = values[~np.isnan(values)].astype(np.int64)
    return Column("", "number") if len(present) and numbers[present].mean() >= MOSTLY else None


def _neutral(
    values: NDArray[np.float64], texts: Sequence[str] | None, decimal: str
) -> tuple[NDArray[np.float64], Vocabulary]:
    if texts is None:
        return values, None
    return sorted_texts(values, [category_text(text, decimal) for text in texts])


def _too_large(values: NDArray[np.float64], texts: Sequence[str] | None) -> list[tuple[int, str]]:
    """(row, problem) of each number that float32 cannot hold; pandas also reads ``inf`` as a number."""
    if texts is not None:
        return []
    rows = np.flatnonzero(np.abs(values) > FLOAT32_MAX)
    return [(int(row), f"expected a finite number or nothing, found {shortened(str(values[row]))}") for row in rows]


def _labels(
    column: "pd.Series[str]", settings: Settings, decimal: str
) -> tuple[tuple[str, ...], NDArray[np.int32], list[tuple[int, str]]]:
    """Sorted label texts (``true`` and ``false`` under a rule), codes into them, and (row, problem) of each bad one."""
    codes, distinct = pd.factorize(column.to_numpy(object))
    texts = [_label_text(str(text), decimal) for text in distinct]
    positive = settings.positive
    problems: dict[int, str] = {}
    for code, text in enumerate(texts):
        if text in settings.missing:
            problems[code] = f"expected a label, found {shortened(text) if text else 'nothing'}"
        elif positive is not None:
            truth = positive.holds(text)
            texts[code] = str(truth).lower()
            if truth is None:
                problems[code] = f"expected a number for the rule '{positive}', found {shortened(text)}"
    bad = [(int(row), problems[codes[row]]) for row in np.flatnonzero(np.isin(codes, list(problems)))]
    labels, position = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return tuple(labels.tolist()), position[codes].astype(np.int32), bad


def _label_text(text: str, decimal: str) -> str:
    """A label as it stands, but for a decimal comma."""
    return category_text(text, decimal) if decimal == "," else text.strip()


def _located(problems: Sequence[Problem], csv: CsvText) -> list[Reason]:
    """Reasons with the line on which each row starts."""
    if not problems:
        return []
    lines = [line for line, _ in csv.records()]
    return [Reason(problem, lines[row + 1], column) for row, column, problem in sorted(problems)]


def _notes_on_texts(name: str, vocabulary: Vocabulary) -> Iterator[str]:
    odd = [text for text in vocabulary or () if has_thousands(text)]
    if odd:
        yield (
            f"column {name}: {len(odd)} different values look like numbers with thousands separators, such as "
            f"{shortened(odd[0])}: they are left as text; write them without separators to make them numbers"
        )


def _notes_on_rows(table: Table) -> Iterator[str]:
    for name, values, vocabulary in zip(table.features, table.values.T, table.vocabularies, strict=True):
        if np.isnan(values).all():
            yield f"column {name} has no value"
        elif vocabulary is None and _is_id(values):
            yield f"column {name} counts the rows, as an id does: if it is one, ignore it with VINTNER_IGNORE"


def _is_id(values: NDArray[np.float64]) -> bool:
    """Whether the values are distinct whole numbers that leave out less than every other one."""
    if len(values) < ID_ROWS or np.isnan(values).any() or not np.all(values == np.floor(values)):
        return False
    return len(np.unique(values)) == len(values) and float(np.ptp(values)) < 2 * len(values)
