"""Looking at a file of rows: what each column is and what it is for, and what the label's classes are.

All of it is decided by what reads and trains: the reader of uploads, the schema and the dataset.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cli.inspection.column_summary import examples
from cli.inspection.csv_file import Source
from cli.inspection.label_classes import check_classes
from cli.inspection.useless_columns import useless
from cli.schema_override.column_options import Said
from cli.schema_override.merge import put_together
from shared.errors import Rejected, VintnerError
from shared.formats.columns import Column
from shared.formats.row_errors import BadTable
from shared.formats.values import column_name
from shared.ingestion.csv_reader import Reading, looks_like_values, read_csv
from shared.settings import Positive, Settings
from shared.tables.dataset import Label, assemble
from shared.tables.row_counts import same_rows
from shared.tables.schema import Override, Schema, infer, inferred
from shared.tables.table import Table

MAX_MEGABYTES: Final = 1e6  # a file on this machine may be larger than an upload
NO_HEADER: Final = (
    "the file seems to have no header line: name its columns with --header NAME,NAME,..., in the order of the file"
)


@dataclass(frozen=True)
class Wanted:
    """What a person wants: the label, columns that are features or none whatever they look like, columns' kinds."""

    label: str
    positive: Positive | None = None
    use: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    said: Said = field(default_factory=Said)

    def settings(self, ignored: Sequence[str] = ()) -> Settings:
        """The settings by which uploads are read."""
        return Settings("", self.label, self.positive, tuple(ignored), max_upload_mb=MAX_MEGABYTES)


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in a file, and what was decided.

    `ignored` are the columns that VINTNER_IGNORE names, `override` is what has to be said of others; by these and the
    rows follows the `schema`. `why` tells of each column that a person or its look made none that it is no feature.
    `as_text` are columns in which most values are numbers, and too many are not. `codes`, of shape (rows,), are each
    usable row's index into `classes`; `groups`, of the same shape, is the same number for rows of the same features.
    """

    wanted: Wanted
    source: Source
    reading: Reading
    ignored: tuple[str, ...]
    why: Mapping[str, str]
    as_text: tuple[str, ...]
    override: Override
    schema: Schema
    classes: tuple[Label, ...]
    codes: NDArray[np.int32]
    groups: NDArray[np.int64]

    @property
    def settings(self) -> Settings:
        """The settings by which uploads are read."""
        return self.wanted.settings(self.ignored)

    @property
    def nameless(self) -> list[int]:
        """The positions of the columns that the reader takes for an index without a name."""
        known = {*self.reading.table.features, *self.ignored, column_name(self.wanted.label)}
        return [position for position, name in enumerate(self.source.names) if name not in known]

    def counts(self) -> list[tuple[Label, int]]:
        """Each class with its number of rows."""
        return list(zip(self.classes, np.bincount(self.codes, minlength=len(self.classes)).tolist(), strict=True))


def inspect(body: bytes, wanted: Wanted) -> Inspection:
    """Decide what each column is for.

    Raise BadTable with the reader's reasons, and VintnerError when no feature is left or the label gives no classes.
    """
    source = Source.open(body, [wanted.label])
    _check_names(source, wanted)
    use = [column_name(name) for name in wanted.use]
    why = dict.fromkeys(map(column_name, wanted.ignore), "you said so")
    first, _ = _read(body, source, wanted, why, Override())
    why |= useless(first.table, use)
    said = _with_use(wanted.said, first.table, use)
    override = put_together(Override(), said, [first.table])
    # VINTNER_IGNORE separates names by commas, so that a name with one has to be said otherwise.
    override = Override(override.columns | {name: Column(name, "unused") for name in why if "," in name})
    reading, as_text = _read(body, source, wanted, why, override)
    schema = _schema(reading.table, override, why, wanted.label)
    dataset = assemble([], [reading.table], schema, truth=wanted.positive is not None)
    check_classes(wanted.label, dataset.classes, wanted.positive)
    return Inspection(
        wanted=wanted,
        source=source,
        reading=reading,
        ignored=_sayable(source, why),
        why={name: why[name] for name in source.names if name in why},
        as_text=as_text,
        override=override,
        schema=schema,
        classes=dataset.classes,
        codes=dataset.test.codes,
        groups=same_rows(dataset.test.values),
    )


def _check_names(source: Source, wanted: Wanted) -> None:
    """Raise VintnerError unless every name is that of a column, and each has one meaning."""
    given = [("--label", wanted.label), *(("--use", one) for one in wanted.use)]
    given += [("--ignore", one) for one in wanted.ignore]
    given += [("--set or --missing", one) for one in wanted.said.names]
    for option, name in given:
        if column_name(name) not in source.names:
            raise VintnerError(f"expected {option} to name a column, found {name!r}: {_hint(source, name)}")
    label = {column_name(wanted.label)}
    use, ignore = ({column_name(name) for name in names} for names in (wanted.use, wanted.ignore))
    twice = label & {*use, *ignore, *wanted.said.names} or ignore & {*use, *wanted.said.names}
    if twice:
        raise VintnerError(
            f"column {twice.pop()!r} has two meanings: expected it with one of --label, --ignore and --use (or --set)"
        )


def _hint(source: Source, name: str) -> str:
    if looks_like_values(source.names):
        return NO_HEADER
    close = difflib.get_close_matches(name, source.spelled, 1)
    return f"did you mean {close[0]!r}?" if close else f"the columns are {examples(source.spelled)}"


def _sayable(source: Source, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in source.names if name in names and "," not in name)


def _read(
    body: bytes, source: Source, wanted: Wanted, why: Mapping[str, str], override: Override
) -> tuple[Reading, tuple[str, ...]]:
    """Read as an upload would be, and the columns that are read as texts since too many values are no numbers."""
    label = column_name(wanted.label)
    ignored = _sayable(source, why)
    _check_any_left(set(source.names) - {label, *ignored}, why, wanted.label)
    texts: dict[str, Column] = {}
    while True:
        try:
            return read_csv(body, wanted.settings(ignored), {**texts, **override.columns}), tuple(texts)
        except BadTable as error:
            bad = {reason.column for reason in error.reasons if reason.column} - {label, *override.columns, *texts}
            if not bad:
                raise
            texts |= {name: Column(name, "category") for name in bad}


def _check_any_left(names: set[str], why: Mapping[str, str], label: str) -> None:
    if not names:
        found = "; ".join(f"{name}: {reason}" for name, reason in why.items()) or "no other column"
        raise VintnerError(f"expected at least one column beside {label!r} that can be a feature, found none ({found})")


def _with_use(said: Said, table: Table, use: Sequence[str]) -> Said:
    """A column that is to be used although its texts hardly repeat is one of categories."""
    unused = [
        name
        for name in use
        if name in table.features and name not in said.names and not inferred(name, [table]).is_feature
    ]
    return replace(said, kinds=(*said.kinds, *((name, "category") for name in unused)))


def _schema(table: Table, override: Override, why: Mapping[str, str], label: str) -> Schema:
    try:
        return infer([table], override)
    except Rejected:
        unused = {name: why.get(name) or inferred(name, [table]).why for name in (*why, *table.features)}
        _check_any_left(set(), unused, label)
        raise
