"""Looking at a CSV: which columns can be features, which cannot and why, and what the label's classes are.

What counts as a number is decided by the reader of uploads itself, so that what is written passes it again.
"""

import csv
import difflib
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.dataset import Label, assemble
from shared.errors import VintnerError
from shared.reading import BadTable, Reason, Table, read_table, shortened
from shared.settings import Positive, Settings
from shared.values import MISSING, as_number

MAX_CLASSES: Final = 100
MAX_LIKELY_CLASSES: Final = 20
ID_ROWS: Final = 20  # with fewer rows a column of distinct whole numbers says nothing
SHOWN_VALUES: Final = 4

ID_NAME: Final = re.compile(r"(?i:id|index|idx|uuid|guid|rowid|unnamed(: ?\d+)?|.*[ _.-](id|uuid|guid))|.*[a-z]I[Dd]")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./](\d\d)?\d\d\b")
_UUID: Final = re.compile(r"(?i)\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?")


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in a CSV, and what was decided.

    `texts` holds the cells as they stand; `table` the rows as the reader of uploads gives them. `codes`, of shape
    (rows,), are each row's index into `classes`. `ignored` tells why each column that is no feature is none.
    """

    texts: pd.DataFrame
    table: Table
    classes: tuple[Label, ...]
    codes: NDArray[np.int32]
    ignored: dict[str, str]

    def counts(self) -> list[tuple[Label, int]]:
        """Each class with its number of rows."""
        return list(zip(self.classes, np.bincount(self.codes, minlength=len(self.classes)).tolist(), strict=True))

    def groups(self) -> NDArray[np.int64]:
        """A number for each row (rows,), the same for rows of the same feature values, missing ones included."""
        frame = pd.DataFrame(self.table.values)
        return frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy().astype(np.int64)


def read_texts(body: bytes) -> pd.DataFrame:
    """The cells of a CSV as they stand; raise BadTable with the reader's reasons when its form is not usable."""
    names = _names(body)
    trial = names[-1] if len(names) > 1 else "label"
    try:
        read_table(body, Settings(bucket="", label=trial))
    except BadTable as error:
        if error.reasons[0].column is None or len(set(names)) < len(names):
            raise
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    return pd.read_csv(text, header=0, names=names, index_col=False, dtype=str, keep_default_na=False, na_filter=False)


def _names(body: bytes) -> list[str]:
    """The header's names; of what is no text or no CSV, something that the reader will refuse."""
    records = csv.reader(io.StringIO(body.decode("utf-8-sig", "replace").replace("\0", ""), newline=""))
    try:
        return [name.strip() for name in next((record for record in records if record), [])]
    except csv.Error:
        return []


def inspect(
    body: bytes, label: str, *, positive: Positive | None, use: Collection[str] = (), ignore: Collection[str] = ()
) -> Inspection:
    """Decide what each column is for.

    Columns in `use` are features whatever they look like, those in `ignore` are none. Raise BadTable with the
    reader's reasons, and VintnerError when no feature is left or the label gives no classes.
    """
    texts = read_texts(body)
    _check_names(texts, label, use, ignore)
    ignored = dict.fromkeys(ignore, "you said so")
    source = _Source(body, list(texts.columns), label, positive)
    ignored |= _useless(_without_text(source, texts, use, ignored), use)
    table = source.read(ignored)
    dataset = assemble([], [table], truth=positive is not None)
    _check_classes(label, dataset.classes, positive)
    in_order = {name: ignored[name] for name in texts.columns if name in ignored}
    if unsayable := [name for name in in_order if "," in name]:
        raise VintnerError(
            f"column {unsayable[0]!r} cannot be ignored ({in_order[unsayable[0]]}): VINTNER_IGNORE separates names by "
            "commas, and this one has a comma; rename the column or drop it from the file"
        )
    return Inspection(texts, table, dataset.classes, dataset.test.codes, in_order)


def _check_names(texts: pd.DataFrame, label: str, use: Collection[str], ignore: Collection[str]) -> None:
    """Raise VintnerError unless every name is that of a column, and each has one meaning."""
    names = list(texts.columns)
    for option, name in [("--label", label), *(("--use", one) for one in use), *(("--ignore", one) for one in ignore)]:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"the columns are {examples(names)}"
            raise VintnerError(f"expected {option} to name a column, found {name!r}: {hint}")
    twice = {label} & {*use, *ignore} or {*use} & {*ignore}
    if twice:
        raise VintnerError(f"column {twice.pop()!r} has two meanings: expected one of --label, --use and --ignore")


@dataclass(frozen=True, eq=False)
class _Source:
    """A CSV with its label, to be read with more and more columns ignored."""

    body: bytes
    names: Sequence[str]
    label: str
    positive: Positive | None

    def read(self, ignored: dict[str, str]) -> Table:
        """Read as an upload would be; raise BadTable, and VintnerError when no feature is left."""
        if not set(self.names) - {self.label, *ignored}:
            found = "; ".join(f"{name}: {reason}" for name, reason in ignored.items()) or "no other column"
            raise VintnerError(f"expected at least one numeric column beside {self.label!r}, found none ({found})")
        settings = Settings(bucket="", label=self.label, positive=self.positive, ignore=tuple(ignored))
        return read_table(self.body, settings)


def _without_text(source: _Source, texts: pd.DataFrame, use: Collection[str], ignored: dict[str, str]) -> Table:
    """Read with more and more columns ignored, until the reader complains of none; `ignored` gets the reasons."""
    while True:
        try:
            return source.read(ignored)
        except BadTable as error:
            # Reversed, so that the first reason of a column stays.
            bad = {reason.column: reason for reason in reversed(error.reasons) if reason.column}
            found = {name: reason for name, reason in bad.items() if name not in {source.label, *use}}
            if not found:
                raise
            for name, reason in found.items():
                ignored[name] = _not_numbers([cell.strip() for cell in texts[name]], reason)


def _not_numbers(cells: Sequence[str], first: Reason) -> str:
    """Why a column that the reader cannot use is none, and what to do."""
    present = [cell for cell in cells if cell not in MISSING]
    distinct = list(dict.fromkeys(present))
    wrong = sum(as_number(cell) is None for cell in present)
    if len(distinct) == 1:
        return f"the same value in every row ({examples(distinct)})"
    if all(_UUID.fullmatch(cell) for cell in distinct):
        return "UUIDs, which name a row and say nothing about it"
    if wrong <= len(present) / 5:
        return (
            f"{wrong} of {len(cells)} values {'is no number' if wrong == 1 else 'are no numbers'}, "
            f"first on line {first.line} ({first.problem}); "
            "to make it a feature, correct or empty every one and run this again"
        )
    if len(distinct) == len(cells) >= ID_ROWS:
        return "text that is another one in every row, as a name or an id is"
    way = "a number, such as days since the first" if all(map(_DATE.match, distinct)) else "columns of 0 and 1"
    return f"text, {len(distinct)} different values ({examples(distinct)}); only numbers can be features: write {way}"


def examples(values: Sequence[str]) -> str:
    """The first of some values, shortened."""
    shown = ", ".join(shortened(value, 20)[1:-1] for value in values[:SHOWN_VALUES])
    return shown + (", ..." if len(values) > SHOWN_VALUES else "")


def _useless(table: Table, use: Collection[str]) -> dict[str, str]:
    """The numeric columns that cannot help a model, and why."""
    rows = pd.DataFrame(table.values).drop_duplicates().to_numpy()  # a row that is there twice has its id twice
    found = {
        name: _why_useless(name, values) for name, values in zip(table.features, rows.T, strict=True) if name not in use
    }
    return {name: reason for name, reason in found.items() if reason}


def _why_useless(name: str, values: NDArray[np.float64]) -> str | None:
    distinct = np.unique(values)  # every NaN is one
    if len(distinct) == 1:
        return "no value in any row" if np.isnan(distinct[0]) else f"the same value in every row ({distinct[0]:g})"
    if ID_NAME.fullmatch(name):
        return "its name says that it is an id"
    if len(distinct) == len(values) >= ID_ROWS and bool(np.all(values == np.floor(values))):
        return f"another whole number in every row, as an id has; if it is none, add --use {name!r}"
    return None


def _check_classes(label: str, classes: Sequence[Label], positive: Positive | None) -> None:
    if len(classes) == 1:
        under = f" under the rule '{positive}'" if positive else ""
        raise VintnerError(
            f"expected at least two classes in the label column {label!r}{under}, found only {classes[0]!r}: "
            "choose another label" + (" or rule" if positive else "")
        )
    numbers = [one for one in classes if not isinstance(one, str)]
    rule = (
        f"if it is a quantity, make two classes of it with --positive '> {numbers[len(numbers) // 2]}'"
        if numbers
        else ""
    )
    if len(classes) > MAX_CLASSES:
        raise VintnerError(
            f"expected at most {MAX_CLASSES} classes in the label column {label!r}, "
            f"found {len(classes)} different values: {rule or 'choose a column with fewer values'}"
        )
    if fractions := [one for one in numbers if one != int(one)]:
        raise VintnerError(
            f"expected classes in the label column {label!r}, found the decimal number {fractions[0]:g}: {rule}; "
            "if it is a class, name it by a whole number or a word"
        )
