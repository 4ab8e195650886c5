"""The dataset: a pure function of the slots in the order of their upload keys, compared with a plain reference."""

import functools
import math
import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents import Label
from shared.errors import Rejected
from shared.formats.columns import Column
from shared.ingestion.csv_reader import read_csv
from shared.settings import Duplicates, Settings
from shared.tables.dataset import Dataset, assemble, misfit
from shared.tables.schema import Schema, infer_schema
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label")


def table(rows: str, header: str = "a,b,label") -> Table:
    """A table of lines that are separated by spaces."""
    return read_csv("\n".join([header, *rows.split()]).encode(), SETTINGS).table


def raw(rows: Sequence[tuple[float, float, str]]) -> Table:
    """A table as no upload gives it: zeros keep their signs."""
    labels = sorted({label for *_, label in rows})
    codes = np.array([labels.index(label) for *_, label in rows], np.int32)
    values = np.array([row[:2] for row in rows], np.float64).reshape(len(rows), 2)
    return Table(("a", "b"), values, tuple(labels), codes)


def put_together(slots: Sequence[Table], *tests: Table) -> Dataset:
    return together(slots, tests or [table("9,9,x 8,8,y")])


def together(
    slots: Sequence[Table],
    tests: Sequence[Table],
    *,
    truth: bool = False,
    duplicates: Duplicates = "union",
    schema: Schema | None = None,
) -> Dataset:
    return assemble(slots, tests, schema or infer_schema(tests), truth=truth, duplicates=duplicates)


def train_rows(dataset: Dataset) -> list[tuple[Any, ...]]:
    codes = dataset.train.codes.tolist()
    return [(*row, dataset.classes[code]) for row, code in zip(dataset.train.values.tolist(), codes, strict=True)]


COUNTED: list[tuple[Duplicates, str, str, str, tuple[int, ...]]] = [
    ("union", "1,2,x 1,2,x 3,4,y", "3,4,y 5,6,x", "1,2,x 1,2,x 3,4,y 5,6,x", (3, 1)),
    ("union", "1,2,x", "1,2,x 1,2,x 1,2,x", "1,2,x 1,2,x 1,2,x", (1, 2)),
    ("union", "1,2,x 9,9,x 9,9,x 9,9,x", "9,9,x", "1,2,x 9,9,x 9,9,x", (3, 0)),
    ("sum", "1,2,x 1,2,x 9,9,x", "1,2,x 9,9,x", "1,2,x 1,2,x 9,9,x 1,2,x 9,9,x", (3, 2)),
    ("distinct", "1,2,x 1,2,x 3,4,y", "3,4,y 5,6,x 9,9,x 9,9,x", "1,2,x 3,4,y 5,6,x", (2, 1)),
]


@pytest.mark.parametrize(
    ("duplicates", "first", "second", "trained", "used"),
    COUNTED,
    ids=["union", "the slot with most", "less the test set", "sum", "distinct"],
)
def test_what_a_row_counts(
    duplicates: Duplicates, first: str, second: str, trained: str, used: tuple[int, ...]
) -> None:
    dataset = together([table(first), table(second)], [table("9,9,x 8,8,y")], duplicates=duplicates)
    assert train_rows(dataset) == train_rows(together([table(trained)], [table("7,7,x 7,7,y")], duplicates="sum"))
    assert dataset.used == used
    assert dataset.rows == (len(first.split()), len(second.split()))


def test_a_survey_keeps_its_proportions() -> None:
    rows = ["A,1,yes"] * 270 + ["A,1,no"] * 30 + ["B,1,yes"] * 30 + ["B,1,no"] * 270
    dataset = put_together([table(" ".join(rows))], table("A,1,yes B,1,no"))
    assert (len(dataset.train), dataset.duplicates, dataset.in_test_set) == (598, 0, 2)


def test_the_order_of_the_slots_decides_who_gave_a_row() -> None:
    first, second = table("1,2,x 3,4,y"), table("3,4,y 5,6,x")
    assert put_together([first, second]).used == (2, 1)
    assert put_together([second, first]).used == (2, 1)
    assert train_rows(put_together([second, first])) == [(3, 4, "y"), (5, 6, "x"), (1, 2, "x")]


def test_the_same_features_with_another_label_are_another_row() -> None:
    assert len(put_together([table("1,2,x 1,2,y")]).train) == 2


def test_missing_equals_missing() -> None:
    dataset = put_together([table("NA,2,x ,2,x 1,,y"), table("?,2,x")], table(",2,x 1,1,y"))
    assert (len(dataset.train), dataset.duplicates, dataset.in_test_set) == (2, 1, 1)


def test_zero_equals_negative_zero() -> None:
    dataset = put_together([raw([(0.0, 1, "x"), (-0.0, 1, "x"), (5, -0.0, "y")])], raw([(5, 0.0, "y"), (1, 1, "x")]))
    assert (len(dataset.train), dataset.rows, dataset.in_test_set) == (2, (3,), 1)
    again = put_together([raw([(0.0, 1, "x")]), raw([(-0.0, 1, "x")])])
    assert (len(again.train), again.repeated) == (1, (0, 1))


def test_nearly_equal_is_not_equal() -> None:
    assert len(put_together([raw([(1.0, 1, "x"), (math.nextafter(1.0, 2), 1, "x")])]).train) == 2


def test_rows_of_the_test_set_are_left_out_and_counted() -> None:
    dataset = put_together([table("9,9,x 1,1,y"), table("9,9,x 2,2,x")], table("9,9,x 8,8,y"))
    assert train_rows(dataset) == [(1, 1, "y"), (2, 2, "x")]
    assert (dataset.used, dataset.duplicates, dataset.in_test_set) == ((1, 1), 1, 1)
    assert dataset.test_in_slots.tolist() == [True, False]


def test_a_test_row_with_another_label_stays_in_training() -> None:
    dataset = put_together([table("9,9,y")], table("9,9,x 8,8,y"))
    assert (len(dataset.train), dataset.in_test_set, dataset.test_in_slots.tolist()) == (1, 0, [False, False])


def test_the_test_set_counts_as_it_was_uploaded() -> None:
    dataset = put_together([table("1,1,x 9,9,x")], table("9,9,x 9,9,x"), table("9,9,x 8,8,y"))
    assert len(dataset.test) == 4
    assert dataset.test_in_slots.tolist() == [True, False, False, False]
    distinct = together([table("1,1,x 9,9,x")], [table("9,9,x 9,9,x"), table("9,9,x 8,8,y")], duplicates="distinct")
    assert distinct.test_in_slots.tolist() == [True, True, True, False]


def test_columns_are_put_in_the_order_of_the_test_set() -> None:
    slot = table("x,4,3,7 y,6,5,8", "label,b,a,extra")
    dataset = put_together([slot], table("9,9,x 3,4,x"))
    assert dataset.features == ("a", "b")
    assert train_rows(dataset) == [(5, 6, "y")]
    assert dataset.in_test_set == 1


def test_slots_that_do_not_fit_are_left_out_with_the_reason() -> None:
    dataset = put_together([table("1,x", "a,label"), table("1,2,x"), table("1,y", "c,label")])
    reason = "expected the columns of the test set, found no column "
    assert dataset.left_out == (f"{reason}b", None, f"{reason}a, b")
    assert dataset.used == (None, 1, None)
    assert dataset.classes == ("x", "y")


def test_the_labels_of_a_slot_that_is_left_out_are_no_classes() -> None:
    assert put_together([table("1,other", "a,label")]).classes == ("x", "y")


def test_nothing_fits() -> None:
    dataset = put_together([table("1,x", "c,label")])
    assert (len(dataset.train), dataset.train.values.shape, dataset.used) == (0, (0, 2), (None,))
    assert dataset.test_in_slots.tolist() == [False, False]


def test_a_long_reason_is_cut() -> None:
    names = [f"c{number}" for number in range(8)]
    assert misfit(["z"], names) == "expected the columns of the test set, found no column c0, c1, c2, c3, c4 and 3 more"
    assert misfit([*names, "z"], names) is None


def test_test_uploads_must_fit_each_other() -> None:
    with pytest.raises(Rejected, match=r"the test uploads have different columns: .*no column b"):
        put_together([table("1,2,x")], table("9,9,x"), table("8,y", "a,label"))


CLASSES: dict[str, tuple[str, tuple[Label, ...]]] = {
    "texts": ("b a c", ("a", "b", "c")),
    "case": ("b B a", ("B", "a", "b")),
    "integers": ("10 9 -1", (-1, 9, 10)),
    "one number, several spellings": ("5 5.0 05 5e0", (5,)),
    "decimals": ("1.5 1 0.5", (0.5, 1, 1.5)),
    "one text makes all texts": ("10 9 x", ("10", "9", "x")),
    "spellings are texts beside a text": ("5 5.0 x", ("5", "5.0", "x")),
}


@pytest.mark.parametrize(("labels", "classes"), CLASSES.values(), ids=CLASSES)
def test_classes_are_the_sorted_labels_with_their_own_type(labels: str, classes: tuple[Label, ...]) -> None:
    rows = " ".join(f"{number},0,{label}" for number, label in enumerate(labels.split()))
    dataset = put_together([table(rows)], table(rows.split()[0]))
    assert dataset.classes == classes
    assert [type(label) for label in dataset.classes] == [type(label) for label in classes]


def test_labels_of_all_uploads_decide_the_type() -> None:
    assert put_together([table("1,1,5"), table("2,2,good")], table("9,9,6")).classes == ("5", "6", "good")


def test_numbers_spelled_otherwise_are_one_class_and_one_row() -> None:
    dataset = put_together([table("1,1,5 2,2,6"), table("1,1,5.0")], table("9,9,05"))
    assert (dataset.classes, dataset.duplicates, len(dataset.train)) == ((5, 6), 1, 2)


def test_a_rule_makes_booleans() -> None:
    dataset = together([table("1,1,true 2,2,false")], [table("9,9,true")], truth=True)
    assert dataset.classes == (False, True)
    assert [type(label) for label in dataset.classes] == [bool, bool]
    assert dataset.train.codes.tolist() == [1, 0]


VALUES = st.sampled_from([0.0, -0.0, 1.0, 2.5, math.nan, 1e308])
TABLES = st.lists(st.tuples(VALUES, VALUES, st.sampled_from(["1", "1.0", "2", "x"])), min_size=1, max_size=8).map(raw)

NUMBERS = Schema((Column("a"), Column("b")))  # also where the drawn test set has no value


def _rows(found: Table, own: dict[str, Label]) -> list[tuple[Any, ...]]:
    """Rows that can be compared: None for missing, no signs of zeros."""
    labels = [own[found.labels[code]] for code in found.codes]
    cells = [[None if math.isnan(value) else value + 0.0 for value in row] for row in found.values.tolist()]
    return [(*row, label) for row, label in zip(cells, labels, strict=True)]


class Reference(NamedTuple):
    """Training rows, how many each slot gave, duplicates, rows of the test set, and the test rows that a slot has."""

    kept: list[tuple[Any, ...]]
    used: list[int]
    duplicates: int
    in_test_set: int
    in_slots: list[bool]


def _reference(slots: list[Table], tests: list[Table], duplicates: Duplicates) -> Reference:
    """Row by row, with counters: `standing` is how often a row counts by now."""
    texts = {label for one in [*slots, *tests] for label in one.labels}
    own: dict[str, Label] = {text: text if "x" in texts else float(text) for text in texts}
    held_out = [row for one in tests for row in _rows(one, own)]
    tested, standing = Counter(held_out), Counter[tuple[Any, ...]]()
    found = Reference([], [], 0, 0, [])
    repeats = in_test_set = 0
    for one in slots:
        here = Counter[tuple[Any, ...]]()
        before = len(found.kept)
        for row in _rows(one, own):
            here[row] += 1
            count = 1 if duplicates == "distinct" else here[row]
            if duplicates != "sum" and count <= standing[row]:
                repeats += 1
                continue
            standing[row] = count
            if duplicates != "sum" and count <= tested[row]:
                in_test_set += 1
            else:
                found.kept.append(row)
        found.used.append(len(found.kept) - before)
    numbers = Counter[tuple[Any, ...]]()
    for row in held_out:
        numbers[row] += duplicates == "union"
        found.in_slots.append(duplicates != "sum" and max(1, numbers[row]) <= standing[row])
    return found._replace(duplicates=repeats, in_test_set=in_test_set)


@given(
    st.lists(TABLES, max_size=5),
    st.lists(TABLES, min_size=1, max_size=2),
    st.sampled_from(["union", "sum", "distinct"]),
)
def test_agrees_with_a_plain_reference(slots: list[Table], tests: list[Table], duplicates: Duplicates) -> None:
    dataset = together(slots, tests, duplicates=duplicates, schema=NUMBERS)
    expected = _reference(slots, tests, duplicates)
    cells = [[None if math.isnan(value) else value for value in row] for row in dataset.train.values.tolist()]
    labels = [dataset.classes[code] for code in dataset.train.codes]
    assert [(*row, label) for row, label in zip(cells, labels, strict=True)] == expected.kept
    assert list(dataset.used) == expected.used
    assert (dataset.duplicates, dataset.in_test_set) == (expected.duplicates, expected.in_test_set)
    assert dataset.test_in_slots.tolist() == expected.in_slots


SPELLED = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.just(1.0), st.sampled_from("xy")), min_size=1).map(raw)


@given(st.lists(SPELLED, max_size=4), st.lists(SPELLED, min_size=1, max_size=2))
def test_union_is_the_largest_count_less_that_of_the_test_set(slots: list[Table], tests: list[Table]) -> None:
    counts = [Counter(train_rows(together([one], tests, duplicates="sum", schema=NUMBERS))) for one in slots]
    union: Counter[tuple[Any, ...]] = functools.reduce(operator.or_, counts, Counter())
    held_out = Counter(train_rows(together(tests, tests, duplicates="sum", schema=NUMBERS)))
    assert Counter(train_rows(together(slots, tests, schema=NUMBERS))) == union - held_out


@given(st.lists(TABLES, max_size=5), st.lists(TABLES, min_size=1, max_size=2))
def test_the_counts_add_up(slots: list[Table], tests: list[Table]) -> None:
    dataset = together(slots, tests, schema=NUMBERS)
    assert sum(count or 0 for count in dataset.used) == len(dataset.train)
    assert len(dataset.train) + dataset.duplicates + dataset.in_test_set == sum(map(len, slots))
    assert dataset.rows == tuple(map(len, slots))
    assert len(dataset.test) == sum(map(len, tests))


@pytest.mark.parametrize(
    ("tests", "slots", "truth", "scored"),
    [
        ("no yes", "no yes", False, (1,)),
        ("no yes", "maybe no yes", False, (2,)),
        ("a b c", "a b", False, (0, 1, 2)),
        ("b", "a b", False, (1,)),
        ("false", "false true", True, (1,)),
        ("true", "true", True, (0,)),
    ],
    ids=str,
)
def test_the_test_set_says_which_classes_are_scored(tests: str, slots: str, truth: bool, scored: tuple[int]) -> None:
    tables = [_labelled(names.split()) for names in (slots, tests)]
    assert together([tables[0]], [tables[1]], truth=truth).scored == scored


def _labelled(labels: list[str]) -> Table:
    values = np.arange(len(labels), dtype=float).reshape(-1, 1) + 100 * len(labels)
    return Table(("a",), values, tuple(labels), np.arange(len(labels), dtype=np.int32))
