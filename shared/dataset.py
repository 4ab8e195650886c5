"""The dataset: slots put together into one training set and one test set.

Everything here is a pure function of the slots and the order of their upload keys; the order of arrival decides
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.errors import Rejected
from shared.reading import Table
from shared.values import as_number

Label = bool | int | float | str


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a model: `values` (rows, features) float64, NaN for missing; `codes` (rows,) int32 into the classes."""

    values: NDArray[np.float64]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training set and the test set that scores what is trained on it.

    `classes` are the labels of both sets in sorted order. `used` counts the training rows that each slot gave,
    in the order of the slots; None marks a slot that does not fit the test set, and `left_out` says why.
    `scored` are the classes whose F1 counts, by index: the positive one when the test set has two classes, else all
    that the test set has. The slots have no say in it, so that scores on one test set can always be compared.
    `test_in_slots`, of shape (test rows,), marks the test rows that also stand in a slot.
    """

    features: tuple[str, ...]
    classes: tuple[Label, ...]
    train: Rows
    test: Rows
    used: tuple[int | None, ...]
    left_out: tuple[str | None, ...]
    duplicates: int
    in_test_set: int
    scored: tuple[int, ...]
    test_in_slots: NDArray[np.bool_]


def assemble(slots: Sequence[Table], tests: Sequence[Table], *, truth: bool) -> Dataset:
    """Put slots and test set together.

    The features are those of the first test upload, in its order. Each distinct training row is kept once, at its
    first slot, less the rows (features and label) that also stand in the test set. `truth` says that the labels are
    ``true`` and ``false`` by a rule. Raise Rejected when the test uploads do not fit each other.
    """
    features = tests[0].features
    for table in tests[1:]:
        if problem := misfit(table.features, features):
            raise Rejected(f"the test uploads have different columns: {problem}; upload them with the same columns")
    left_out = tuple(misfit(table.features, features) for table in slots)
    fitting = [table for table, problem in zip(slots, left_out, strict=True) if problem is None]

    classes, translate = _classes([*tests, *fitting], truth=truth)
    test = _stack(tests, features, translate)
    train = _stack(fitting, features, translate)
    slot_of_row = np.repeat(np.arange(len(fitting)), [len(table) for table in fitting])

    repeated, tested = _repeats(train, test)
    kept = ~(repeated | tested)
    counts = iter(np.bincount(slot_of_row[kept], minlength=len(fitting)).tolist())
    return Dataset(
        features=features,
        classes=classes,
        train=Rows(train.values[kept], train.codes[kept]),
        test=test,
        used=tuple(next(counts) if problem is None else None for problem in left_out),
        left_out=left_out,
        duplicates=int(repeated.sum()),
        in_test_set=int(tested.sum()),
        scored=_scored(classes, test),
        test_in_slots=_among(test, Rows(train.values[tested], train.codes[tested])),
    )


def misfit(columns: Sequence[str], features: Sequence[str]) -> str | None:
    """Why rows with these columns cannot be used for a model of these features; None when they can."""
    absent = [name for name in features if name not in columns]
    if not absent:
        return None
    more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
    return f"expected the columns of the test set, no column {', '.join(absent[:5])}{more}"


def numeric_labels(labels: Sequence[str]) -> bool:
    """Whether all labels are numbers."""
    return all(as_number(label) is not None for label in labels)


def _classes(tables: Sequence[Table], *, truth: bool) -> tuple[tuple[Label, ...], dict[str, int]]:
    """The sorted classes with their own types, and the class index of each label text."""
    texts = sorted({label for table in tables for label in table.labels})
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


def _scored(classes: tuple[Label, ...], test: Rows) -> tuple[int, ...]:
    if True in classes and isinstance(classes[-1], bool):
        return (len(classes) - 1,)
    present = [int(code) for code in np.unique(test.codes)]
    return (present[-1],) if len(present) == 2 else tuple(present)


def _stack(tables: Sequence[Table], features: tuple[str, ...], translate: dict[str, int]) -> Rows:
    if not tables:
        return Rows(np.empty((0, len(features))), np.empty(0, np.int32))
    values = [_ordered(table, features) for table in tables]
    codes = [np.array([translate[label] for label in table.labels], np.int32)[table.codes] for table in tables]
    return Rows(np.concatenate(values), np.concatenate(codes))


def _ordered(table: Table, features: tuple[str, ...]) -> NDArray[np.float64]:
    if table.features == features:
        return table.values
    return table.values[:, [table.features.index(name) for name in features]]


def _frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows.values).assign(code=rows.codes)


def _among(rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """Which rows also stand among others."""
    if not len(others):
        return np.zeros(len(rows), bool)
    together = pd.concat([_frame(rows), _frame(others)])
    ids = together.groupby(list(together.columns), dropna=False, sort=False).ngroup().to_numpy()
    return np.isin(ids[: len(rows)], ids[len(rows) :])


def _repeats(train: Rows, test: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each training row: does it repeat an earlier one, does it stand in the test set. NaN equals NaN here."""
    frame = _frame(train)
    repeated = frame.duplicated().to_numpy()
    first = np.flatnonzero(~repeated)
    together = pd.concat([_frame(test), frame.iloc[first]])
    tested = np.zeros(len(train), bool)
    tested[first] = together.duplicated().to_numpy()[len(test) :]
    return repeated, tested
