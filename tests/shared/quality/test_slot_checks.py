"""The checks of a slot against the test set, and the review of a training set."""

import numpy as np
import pytest

from shared.formats.row_errors import BadTable
from shared.ingestion.csv_reader import read_csv
from shared.quality.slot_checks import check
from shared.quality.training_review import review
from shared.settings import Settings
from shared.tables.dataset import assemble
from shared.tables.held_out import Reference, reference_of
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label", max_bad_share=1.0)
FIRST_DAY = np.datetime64("2024-01-01")
HEADER = "size,colour,day,on,label"


def rows(seed: int, number: int, *, shift: float = 0.0, colours: str = "red red blue", days: int = 300) -> list[str]:
    """Rows of a number, a category, a date and a truth value; `shift` moves the number by so many deviations."""
    random = np.random.default_rng(seed)
    return [
        f"{random.normal() + shift:.4f},{random.choice(colours.split())},"
        f"{FIRST_DAY + random.integers(days)},{random.choice(['yes', 'no'])},{random.choice(['x', 'y'])}"
        for _ in range(number)
    ]


def table(lines: list[str], reference: Reference | None = None, header: str = HEADER) -> Table:
    text = "\n".join([header, *lines])
    return read_csv(text.encode(), SETTINGS, reference.columns if reference else None).table


@pytest.fixture(scope="module")
def reference() -> Reference:
    return reference_of((table(rows(1, 200)), table(rows(2, 200))), None)


def warnings(reference: Reference, lines: list[str], header: str = HEADER) -> list[str]:
    return list(check(table(lines, reference, header), reference).warnings)


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_the_same_kind_raise_no_warning(reference: Reference, seed: int) -> None:
    assert warnings(reference, rows(10 + seed, 300)) == []


def test_a_missing_column_is_no_slot(reference: Reference) -> None:
    with pytest.raises(BadTable, match="expected the columns of the test set, found no column colour, day, on"):
        warnings(reference, ["1,x"] * 5, "size,label")


def test_other_columns_are_named(reference: Reference) -> None:
    found = warnings(reference, [f"{line},1" for line in rows(3, 40)], f"{HEADER},extra")
    assert found == ["columns that the test set lacks are not used: extra"]


def test_unknown_categories_are_named(reference: Reference) -> None:
    [found] = warnings(reference, [*rows(3, 400), "0,green,2024-02-01,yes,x", "0,violet,2024-02-01,yes,x"])
    assert found == "column colour: categories that the test set lacks: green, violet"


def test_values_far_away_are_counted(reference: Reference) -> None:
    [found] = warnings(reference, [*rows(3, 300), "90,red,2024-02-01,yes,x", "-90,red,2024-02-01,yes,x"])
    assert found.startswith("column size: 2 of 302 values are far from the test set's, -")


def test_unknown_classes_are_named(reference: Reference) -> None:
    [found] = warnings(reference, [*rows(3, 100), "0.5,red,2024-02-01,yes,z"])
    assert found == "classes that the test set lacks, so that they are trained on and never scored: z"


def test_equal_features_with_another_label_are_counted(reference: Reference) -> None:
    first = rows(1, 1)[0]
    other = first[:-1] + ("y" if first.endswith("x") else "x")
    noisy = ["0.125,red,2024-02-01,yes,x", "0.125,red,2024-02-01,yes,y"]
    [found] = warnings(reference, [*rows(3, 100), other, *noisy])
    assert found.startswith("3 of 103 rows have the features of another row")


DRIFT = {
    "a number": ({"shift": 2.0}, "size", "Kolmogorov-Smirnov test"),
    "a category": ({"colours": "blue blue blue red"}, "colour", "chi-squared test"),
    "a date": ({"days": 30}, "day", "Kolmogorov-Smirnov test"),
}


@pytest.mark.parametrize(("changes", "feature", "test"), DRIFT.values(), ids=DRIFT)
def test_drift_is_told_by_feature(reference: Reference, changes: dict[str, object], feature: str, test: str) -> None:
    findings = check(table(rows(5, 300, **changes), reference), reference)  # type: ignore[arg-type]
    [drift] = findings.drift
    assert (drift.feature, drift.test) == (feature, test)
    assert drift.p_value < 0.01
    assert drift.stability_index >= 0.25
    assert f"column {feature} has a different distribution from the test set" in findings.warnings[-1]
    assert findings.drift_document().keys() == {feature}


def test_missing_values_can_drift(reference: Reference) -> None:
    lines = [line if number % 2 else "," + line.partition(",")[2] for number, line in enumerate(rows(6, 300))]
    assert [one.feature for one in check(table(lines, reference), reference).drift] == ["size"]


def test_a_column_without_any_value_drifts(reference: Reference) -> None:
    lines = ["," + line.partition(",")[2] for line in rows(6, 300)]
    [drift] = check(table(lines, reference), reference).drift
    assert (drift.feature, drift.test) == ("size", "chi-squared test of missing values")


def test_few_rows_say_nothing_of_drift(reference: Reference) -> None:
    assert check(table(rows(5, 29, shift=5.0), reference), reference).drift == ()


def reviewed(reference: Reference, *slots: list[str]) -> list[str]:
    tables = [table(lines, reference) for lines in slots]
    dataset = assemble(tables, reference.tests, reference.schema, truth=False)
    return review(dataset, [f"data/slots/{number}.csv" for number in range(len(slots))])


def test_slots_of_the_same_kind_pass_the_review(reference: Reference) -> None:
    assert reviewed(reference, rows(20, 200), rows(21, 200), rows(22, 200)) == []
    assert reviewed(reference, rows(20, 200)) == []


def test_a_slot_unlike_the_others_is_named(reference: Reference) -> None:
    found = reviewed(reference, rows(20, 200), rows(21, 200), rows(22, 200, shift=3.0), rows(23, 200))
    [odd] = [line for line in found if "different distribution" in line]
    assert odd.startswith("data/slots/2.csv: a different distribution from the other slots: size (population")


def test_label_noise_between_slots_is_counted(reference: Reference) -> None:
    first, second = "0.125,red,2024-02-01,yes,x", "0.125,red,2024-02-01,yes,y"
    [found] = reviewed(reference, [*rows(20, 50), first], [*rows(21, 50), second])
    assert found.startswith("2 of 102 training rows have the features of another row and a different label")


def test_a_class_that_no_slot_has_is_named(reference: Reference) -> None:
    only_x = [line for line in rows(20, 100) if line.endswith("x")]
    assert "classes of the test set that no slot has, so that they are never predicted: y" in reviewed(
        reference, only_x
    )


def test_columns_that_are_not_used_are_named() -> None:
    tests = table([f"name {number},1,x" for number in range(40)], header="name,a,label")
    found = reference_of((tests,), None)
    dataset = assemble([tests], [tests], found.schema, truth=False)
    [line] = [line for line in review(dataset, ["a"]) if "not used" in line]
    assert line == "column name is not used: text that hardly repeats (40 different values in 40 rows)"
