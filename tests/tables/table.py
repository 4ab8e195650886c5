"""What an imitated table is: files as a person would have them, and how a notebook reads the same bytes."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Dialect:
    """How a table is spelled in its files, and so how it has to be read."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    missing: str = ""
    quoted: bool = False
    """Quotes around every value, not only where they are needed."""
    line_end: str = "\n"
    header: bool = True
    spaced: bool = False
    """A space after each delimiter; only for tables without a delimiter inside a value."""
    zipped: bool = False

    def write(self, frame: pd.DataFrame) -> bytes:
        """The file of a table."""
        text = frame.to_csv(
            index=False,
            sep=self.delimiter,
            decimal=self.decimal,
            na_rep=self.missing,
            quoting=csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL,
            lineterminator=self.line_end,
            header=self.header,
        )
        body = (text.replace(self.delimiter, self.delimiter + " ") if self.spaced else text).encode(self.encoding)
        return gzip.compress(body, mtime=0) if self.zipped else body

    def reading(self, columns: Sequence[str]) -> dict[str, Any]:
        """The arguments with which ``pandas.read_csv`` reads such a file."""
        arguments = {
            "sep": self.delimiter,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "na_values": [self.missing],
            "skipinitialspace": self.spaced,
            "compression": "gzip" if self.zipped else None,
        }
        return arguments if self.header else {**arguments, "header": None, "names": list(columns)}


@dataclass(frozen=True)
class Imitation:
    """A table in its files, and what is true of it.

    `test` and `slots` are the bytes of the files. `header` is the comma-separated line of column names that the files
    lack, None when they have one. `positive` is the rule that makes two classes of the label, None when its own values
    are the classes. `ignore` are the columns that a person would name as no features.
    `missing` is the share of missing values of columns, `classes` that of the label's values, over all files.
    """

    name: str
    label: str
    positive: str | None
    ignore: tuple[str, ...]
    test: bytes
    slots: tuple[bytes, ...]
    header: str | None
    suffix: str
    reading: Mapping[str, Any]
    dates: Mapping[str, str]
    missing: Mapping[str, float]
    classes: Mapping[str, float]
    notes: str

    def frame(self, body: bytes) -> pd.DataFrame:
        """One file as a notebook reads it: missing values as NaN or NaT, dates as datetimes."""
        frame: pd.DataFrame = pd.read_csv(io.BytesIO(body), **self.reading)
        dated = {name: pd.to_datetime(frame[name], format=spelling) for name, spelling in self.dates.items()}
        return frame.assign(**dated)

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The training rows, which are those of all slots, and the test rows."""
        return pd.concat([self.frame(slot) for slot in self.slots], ignore_index=True), self.frame(self.test)


@dataclass(frozen=True)
class Facts:
    """What a generator says of its table beside the rows; the fields are those of Imitation."""

    label: str
    classes: Mapping[str, float]
    missing: Mapping[str, float] = field(default_factory=dict)
    positive: str | None = None
    ignore: tuple[str, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ".csv"
    notes: str = ""


def imitate(name: str, rows: pd.DataFrame, facts: Facts, dialect: Dialect) -> Imitation:
    """The files of a table: a quarter of each class is the test set, the rest is two slots, all in the order
    of the rows.

    Each row is an observation, also one that repeats another.
    """
    parts = train_test_split(rows, test_size=0.25, random_state=42, stratify=rows[facts.label])
    train, test = (part.sort_index() for part in parts)
    cut = len(train) * 3 // 5
    return from_parts(name, test, (train.iloc[:cut], train.iloc[cut:]), facts, dialect)


def from_parts(
    name: str, test: pd.DataFrame, slots: tuple[pd.DataFrame, ...], facts: Facts, dialect: Dialect
) -> Imitation:
    """The files of a table that is in parts already."""
    return Imitation(
        name=name,
        label=facts.label,
        positive=facts.positive,
        ignore=facts.ignore,
        test=dialect.write(test),
        slots=tuple(map(dialect.write, slots)),
        header=None if dialect.header else ",".join(test.columns),
        suffix=facts.suffix,
        reading=dialect.reading(list(test.columns)),
        dates=facts.dates,
        missing=facts.missing,
        classes=facts.classes,
        notes=facts.notes,
    )
