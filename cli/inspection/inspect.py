"""The inspection of a file of rows: what each column is, what it is used for, and the classes of the label.

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
from cli.schema_override.column_options import ColumnOptions
from cli.schema_override.merge import merge
from shared.documents import Label
from shared.errors import Rejected, VintnerError
from shared.formats.columns import Column
from shared.formats.row_errors import BadTable
from shared.formats.values import column_name
from shared.ingestion.csv_reader import Reading, read_csv
from shared.ingestion.csv_structure import looks_like_values, spaced
from shared.settings import Positive, ReadingSettings
from shared.tables.dataset import assemble
from shared.tables.row_counts import same_rows
from shared.tables.schema import Override, Schema, infer_column, infer_schema
from shared.tables.table import Table

MAX_MEGABYTES: Final = 1e6  # a file on this machine may be larger than an upload
MOSTLY_DISTINCT: Final = 0.5  # with fewer different rows than this share of all, rows repeat by nature
NO_HEADER: Final = (
    "the file seems to have no header line: name its columns with --header NAME,NAME,..., in the order of the file"
)


@dataclass(frozen=True)
class Request:
    """What a person asks for: the label, columns to use or to ignore whatever they look like, columns' kinds."""

    label: str
    positive: Positive | None = None
    use: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    options: ColumnOptions = field(default_factory=ColumnOptions)

    def settings(self, ignored: Sequence[str] = ()) -> ReadingSettings:
        """The settings by which uploads are read, those of the shell for missing values and bad rows among them."""
        known = ReadingSettings(self.label, self.positive, tuple(ignored), max_upload_mb=MAX_MEGABYTES)
        return known.of_environment()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a file holds, and what was decided about it.

    `ignored` are the columns that VINTNER_IGNORE names, `override` is what has to be said of others; the `schema`
    follows from these and the rows. `why` says of each column that is not a feature why it is not.
    `as_text` are columns in which most values are numbers, but too many are not. `codes`, of shape (rows,), are each
    usable row's index into `classes`; `groups`, of the same shape, is the same number for rows of the same features.
    """

    request: Request
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
    def settings(self) -> ReadingSettings:
        """The settings by which uploads are read."""
        return self.request.settings(self.ignored)

    @property
    def nameless(self) -> list[int]:
        """The positions of the columns that the reader takes for an index without a name."""
        known = {*self.reading.table.features, *self.ignored, column_name(self.request.label)}
        return [position for position, name in enumerate(self.source.names) if name not in known]

    @property
    def repeats_by_nature(self) -> bool:
        """Whether most rows repeat the features of another, as answers to a survey do: then each is an observation."""
        return len(np.unique(self.groups)) < MOSTLY_DISTINCT * len(self.groups)

    def counts(self) -> list[tuple[Label, int]]:
        """Each class with its number of rows."""
        return list(zip(self.classes, np.bincount(self.codes, minlength=len(self.classes)).tolist(), strict=True))


def inspect(body: bytes, request: Request) -> Inspection:
    """Decide what each column is for.

    Raise BadTable with the reader's reasons, and VintnerError when no feature is left or the label gives no classes.
    """
    source = Source.open(body, [request.label])
    _check_names(source, request)
    use = [column_name(name) for name in request.use]
    why = dict.fromkeys(map(column_name, request.ignore), "you said so")
    first, _ = _read(body, source, request, why, Override())
    why |= useless(first.table, use)
    options = _with_use(request.options, first.table, use)
    override = merge(Override(), options, [first.table])
    # VINTNER_IGNORE separates names by commas, so that a name with one has to be said in the override.
    override = Override(override.columns | {name: Column(name, "unused") for name in why if "," in name})
    reading, as_text = _read(body, source, request, why, override)
    schema = _schema(reading.table, override, why, request.label)
    dataset = assemble([], [reading.table], schema, truth=request.positive is not None)
    check_classes(request.label, dataset.classes, request.positive)
    return Inspection(
        request=request,
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


def _check_names(source: Source, request: Request) -> None:
    """Raise VintnerError unless every name is that of a column, and each has one meaning."""
    given = [("--label", request.label), *(("--use", name) for name in request.use)]
    given += [("--ignore", name) for name in request.ignore]
    given += [("--set or --missing", name) for name in request.options.names]
    for option, name in given:
        if column_name(name) not in source.names:
            raise VintnerError(f"expected {option} to name a column, found {name!r}: {_hint(source, name)}")
    label = {column_name(request.label)}
    use, ignore = ({column_name(name) for name in names} for names in (request.use, request.ignore))
    twice = label & {*use, *ignore, *request.options.names} or ignore & {*use, *request.options.names}
    if twice:
        raise VintnerError(
            f"column {twice.pop()!r} has two meanings: expected it with one of --label, --ignore and --use (or --set)"
        )


def _hint(source: Source, name: str) -> str:
    if looks_like_values(source.cells):
        return NO_HEADER
    if hint := spaced(source.spelled):
        return f"the only column is {source.spelled[0]!r}{hint}"
    close = difflib.get_close_matches(name, source.spelled, 1)
    return f"did you mean {close[0]!r}?" if close else f"the columns are {examples(source.spelled)}"


def _sayable(source: Source, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in source.names if name in names and "," not in name)


def _read(
    body: bytes, source: Source, request: Request, why: Mapping[str, str], override: Override
) -> tuple[Reading, tuple[str, ...]]:
    """Read as an upload would be, and the columns that are read as text because too many values are not numbers."""
    label = column_name(request.label)
    ignored = _sayable(source, why)
    _check_any_left(set(source.names) - {label, *ignored}, why, request.label)
    texts: dict[str, Column] = {}
    while True:
        try:
            return read_csv(body, request.settings(ignored), {**texts, **override.columns}), tuple(texts)
        except BadTable as error:
            bad = {reason.column for reason in error.reasons if reason.column} - {label, *override.columns, *texts}
            if not bad:
                raise
            texts |= {name: Column(name, "category") for name in bad}


def _check_any_left(names: set[str], why: Mapping[str, str], label: str) -> None:
    if not names:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in why.items()) or "no other column"
        raise VintnerError(
            f"expected at least one column besides {label!r} that can be a feature, found none ({reasons})"
        )


def _with_use(options: ColumnOptions, table: Table, use: Sequence[str]) -> ColumnOptions:
    """A column that is to be used although its texts hardly repeat is one of categories."""
    unused = [
        name
        for name in use
        if name in table.features and name not in options.names and not infer_column(name, [table]).is_feature
    ]
    return replace(options, kinds=(*options.kinds, *((name, "category") for name in unused)))


def _schema(table: Table, override: Override, why: Mapping[str, str], label: str) -> Schema:
    try:
        return infer_schema([table], override)
    except Rejected:
        unused = {name: why.get(name) or infer_column(name, [table]).why for name in (*why, *table.features)}
        _check_any_left(set(), unused, label)
        raise
