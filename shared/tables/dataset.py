"""The dataset: slots put together into one training set and one test set.

Everything here is a pure function of the slots and the order of their upload keys; the order of arrival decides
nothing.

What a row that is there several times counts (`duplicates`):

union      as often as in the slot that has it most often, less its count in the test set: slots may overlap, as
           exports do, and rows may repeat, as answers to a survey do
sum        as often as it is there: slots never overlap, and the test set is one of them
distinct   once, and not at all when the test set has it
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.documents import Label
from shared.formats.row_errors import listed
from shared.formats.values import as_number
from shared.settings import Duplicates
from shared.tables.encoding import Encoding, encode
from shared.tables.freed_memory import give_back
from shared.tables.row_counts import count_rows, new_rows
from shared.tables.schema import Schema
from shared.tables.table import Table

MAX_CLASSES: Final = 100


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a model: `values` (rows, features) float64, NaN for missing; `codes` (rows,) int32 into the classes.

    The value of a category is its index in the vocabulary of the dataset's encoding.
    """

    values: NDArray[np.float64]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training set and the test set that scores what is trained on it.

    `schema` says what all columns are, `encoding` what the features' values are. `classes` are the labels of both
    sets in sorted order. `origin`, of shape (training rows,), is the slot of each training row. `used` counts those
    that each slot gave, in the order of the slots; None marks a slot that does not fit the test set, and `left_out`
    says why. `rows` counts all rows of each slot that fits, `repeated` those that add nothing to earlier slots and
    earlier rows. `duplicates` are these of all slots, `in_test_set` the further rows that the test set has.

    `scored` are the classes whose F1 counts, by index: the positive one when the test set has two classes, else all
    that the test set has. The slots have no say in it, so that scores on one test set can always be compared.
    `test_in_slots`, of shape (test rows,), marks the test rows that are also in a slot, as often as they are there.
    """

    encoding: Encoding
    schema: Schema
    classes: tuple[Label, ...]
    train: Rows
    origin: NDArray[np.int32]
    test: Rows
    used: tuple[int | None, ...]
    left_out: tuple[str | None, ...]
    rows: tuple[int, ...]
    repeated: tuple[int, ...]
    duplicates: int
    in_test_set: int
    scored: tuple[int, ...]
    test_in_slots: NDArray[np.bool_]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features in order."""
        return self.encoding.names

    def sampled(self, most: int) -> "Dataset":
        """The dataset with evenly spaced training rows, at most so many: what a fitted model is checked on."""
        step = max(1, -(-len(self.train) // most))
        train = Rows(self.train.values[::step].copy(), self.train.codes[::step].copy())
        return replace(self, train=train, origin=self.origin[::step].copy())

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of the columns that are no features."""
        return tuple(column.name for column in self.schema.columns if not column.is_feature)


def assemble(
    slots: Sequence[Table], tests: Sequence[Table], schema: Schema, *, truth: bool, duplicates: Duplicates = "union"
) -> Dataset:
    """Put slots and test set together.

    The features are those of the schema, in its order. `truth` says that the labels are ``true`` and ``false`` by a
    rule, `duplicates` what a row counts that is there several times: of equal rows the first ones are kept. Memory: a
    matrix of the rows beside the tables, or two where the caller keeps no table; and 50 bytes a row.
    """
    features = tuple(column.name for column in schema.features)
    left_out = tuple(misfit(table.features, features) for table in slots)
    fitting = [table for table, problem in zip(slots, left_out, strict=True) if problem is None]

    classes, translate = _classes([*tests, *fitting], truth=truth)
    encoding, matrices = encode([*tests, *fitting], schema.features)
    test = _stack(tests, matrices[: len(tests)], translate, len(features))
    train = _stack(fitting, matrices[len(tests) :], translate, len(features))
    positions = [position for position, problem in enumerate(left_out) if problem is None]
    slot_of_row = np.repeat(np.array(positions, np.int32), [len(table) for table in fitting])
    count = len(slots)
    del slots, fitting, matrices  # the tables are no longer needed, and they are as large as all that is made of them
    give_back()

    counted = count_rows(train, slot_of_row, test, duplicates)
    kept = ~(counted.repeated | counted.tested)
    used = np.bincount(slot_of_row[kept], minlength=count).tolist()
    return Dataset(
        encoding=encoding,
        schema=schema,
        classes=classes,
        train=train if kept.all() else Rows(train.values[kept], train.codes[kept]),
        test=test,
        origin=slot_of_row[kept],
        used=tuple(kept_rows if problem is None else None for kept_rows, problem in zip(used, left_out, strict=True)),
        left_out=left_out,
        rows=tuple(np.bincount(slot_of_row, minlength=count).tolist()),
        repeated=tuple(np.bincount(slot_of_row[counted.repeated], minlength=count).tolist()),
        duplicates=int(counted.repeated.sum()),
        in_test_set=int(counted.tested.sum()),
        scored=scored_classes(classes, test),
        test_in_slots=counted.test_in_slots,
    )


@dataclass(frozen=True, eq=False)
class Unseen:
    """The rows of a slot that a model has not seen. All else is as of `Dataset`."""

    encoding: Encoding
    classes: tuple[Label, ...]
    rows: Rows
    scored: tuple[int, ...]


def assemble_unseen(
    slots: Sequence[Table],
    seen: Sequence[Table],
    tests: Sequence[Table],
    schema: Schema,
    *,
    truth: bool,
    duplicates: Duplicates,
) -> list[Unseen]:
    """The rows of each slot that neither the slots of `seen` nor the test set has, by the rule of `duplicates`.

    Each slot is looked at as if no other one were new. All slots have the features of the schema; what lacks one in
    `seen` has no row of the kind. The classes are those of all tables.
    """
    features = tuple(column.name for column in schema.features)
    tables = [*slots, *tests, *(table for table in seen if misfit(table.features, features) is None)]
    classes, translate = _classes(tables, truth=truth)
    encoding, matrices = encode(tables, schema.features)
    rows = _stack(tables, matrices, translate, len(features))
    part = np.repeat(np.arange(len(tables), dtype=np.int64), [len(table) for table in tables])
    new = new_rows(rows, part, part >= len(slots), duplicates)
    is_test = (part >= len(slots)) & (part < len(slots) + len(tests))
    scored = scored_classes(classes, Rows(rows.values[is_test], rows.codes[is_test]))
    found = []
    for position in range(len(slots)):
        own = new & (part == position)
        found.append(Unseen(encoding, classes, Rows(rows.values[own], rows.codes[own]), scored))
    return found


def misfit(columns: Sequence[str], features: Sequence[str]) -> str | None:
    """Why rows with these columns cannot be used for a model of these features; None when they can."""
    absent = [name for name in features if name not in columns]
    if not absent:
        return None
    return f"expected the columns of the test set, found no column {listed(absent)}"


def numeric_labels(labels: Sequence[str]) -> bool:
    """Whether all labels are numbers."""
    return all(as_number(label) is not None for label in labels)


def _classes(tables: Sequence[Table], *, truth: bool) -> tuple[tuple[Label, ...], dict[str, int]]:
    return classes_of((label for table in tables for label in table.labels), truth=truth)


def classes_of(labels: Iterable[str], *, truth: bool) -> tuple[tuple[Label, ...], dict[str, int]]:
    """The sorted classes with their own types, and the class index of each label text."""
    texts = sorted(set(labels))
    numeric = numeric_labels(texts)
    own = {text: _own_type(text, numeric=numeric, truth=truth) for text in texts}
    classes = tuple(sorted(set(own.values())))
    position = {label: index for index, label in enumerate(classes)}
    return classes, {text: position[label] for text, label in own.items()}


def _own_type(text: str, *, numeric: bool, truth: bool) -> Label:
    if truth:
        return text == "true"
    if not numeric:
        return text
    number = float(text)
    return int(number) if number.is_integer() else number


def scored_classes(classes: tuple[Label, ...], test: Rows) -> tuple[int, ...]:
    """The classes whose F1 counts, by index, on these test rows."""
    if True in classes and isinstance(classes[-1], bool):
        return (len(classes) - 1,)
    present = [int(code) for code in np.unique(test.codes)]
    return (present[-1],) if len(present) == 2 else tuple(present)


def _stack(
    tables: Sequence[Table], matrices: Sequence[NDArray[np.float64]], translate: dict[str, int], features: int
) -> Rows:
    if not tables:
        return Rows(np.empty((0, features)), np.empty(0, np.int32))
    codes = [np.array([translate[label] for label in table.labels], np.int32)[table.codes] for table in tables]
    return Rows(np.concatenate(matrices), np.concatenate(codes))
