"""Labels as people spell them: classes that look like missing values, rows without a label, other spellings."""

from dataclasses import replace

import pytest

from shared.formats.row_errors import BadTable
from shared.ingestion.csv_reader import Reading, read_csv
from shared.settings import Positive, ReadingSettings

SETTINGS = ReadingSettings("y")


def read(*labels: str, known: frozenset[str] | None = None, settings: ReadingSettings = SETTINGS) -> Reading:
    rows = "".join(f"{number},{label}\n" for number, label in enumerate(labels))
    return read_csv(f"a,y\n{rows}".encode(), settings, None, known)


def labels_of(reading: Reading) -> list[str]:
    return [reading.table.labels[code] for code in reading.table.codes]


CLASSES: dict[str, list[str]] = {
    "severity": ["None", "Mild", "Severe"] * 4,
    "signs": ["-", "+"] * 4,
    "continents": ["NA", "EU"] * 4,
    "one in twenty": ["null", "null", *["x"] * 38],
    "a question mark": ["?", "!"] * 2,
}


@pytest.mark.parametrize("labels", CLASSES.values(), ids=CLASSES)
def test_a_missing_spelling_that_many_labels_share_is_a_class(labels: list[str]) -> None:
    reading = read(*labels)
    assert labels_of(reading) == labels
    assert [note for note in reading.warnings if "which is taken for a class" in note]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.84])
def test_rows_without_a_label_are_left_out_and_are_no_mistakes(share: float) -> None:
    empty = round(100 * share)
    reading = read(*["x", "y"] * ((100 - empty) // 2), *[""] * empty, settings=replace(SETTINGS, max_bad_share=0.0))
    assert (reading.rows, len(reading.table), reading.unlabelled) == (100, 100 - empty, empty)
    assert reading.left_out == ()
    assert f"{empty} of 100 rows have no label and are left out" in reading.warnings


def test_only_rows_without_a_label_are_refused() -> None:
    with pytest.raises(BadTable, match="line 2, column y: expected a label, found nothing"):
        read("", "", "")


def test_rows_of_delimiters_alone_are_blank_lines() -> None:
    reading = read_csv(b"a,b,y\n1,2,x\n,,\n3,4,z\n,,\n,,,,\n", replace(SETTINGS, max_bad_share=0.0))
    assert (reading.rows, len(reading.table), reading.unlabelled, reading.left_out) == (2, 2, 0, ())


def test_a_row_of_features_without_a_value_stays() -> None:
    assert labels_of(read_csv(b"a,b,y\n,,x\n3,4,z\n", SETTINGS)) == ["x", "z"]


def test_a_rare_missing_spelling_is_a_mistake() -> None:
    reading = read(*["x", "y"] * 50, "NA")
    assert [reason.line for reason in reading.left_out] == [102]
    assert "expected a label, found 'NA'" in reading.left_out[0].problem


def test_among_numbers_a_missing_spelling_is_no_class() -> None:
    reading = read(*["0", "1"] * 5, *["NA"] * 5)
    assert (sorted(set(labels_of(reading))), reading.unlabelled) == (["0", "1"], 5)


def test_in_a_slot_the_test_set_decides_what_is_a_class() -> None:
    assert labels_of(read("NA", "EU", "EU", known=frozenset({"NA", "EU"}))) == ["NA", "EU", "EU"]
    reading = read(*["NA", "EU"] * 5, known=frozenset({"US", "EU"}))
    assert (set(labels_of(reading)), reading.unlabelled) == ({"EU"}, 5)


SPELLED: dict[str, tuple[list[str], set[str], list[str]]] = {
    "case": (["Yes", "NO"], {"yes", "no"}, ["yes", "no"]),
    "digits": (["1", "0"], {"yes", "no"}, ["yes", "no"]),
    "words for digits": (["TRUE", "False"], {"0", "1"}, ["1", "0"]),
    "words": (["TRUE", "FALSE"], {"yes", "no"}, ["yes", "no"]),
    "a trailing point": ([">50K.", "<=50K."], {">50K", "<=50K"}, [">50K", "<=50K"]),
    "decimals": (["1.0", "2.0"], {"1", "2", "3"}, ["1", "2"]),
    "white space": (["very  good"], {"very good", "bad"}, ["very good"]),
    "one known": (["yes", "No"], {"yes", "no"}, ["yes", "no"]),
}


@pytest.mark.parametrize(("labels", "known", "meant"), SPELLED.values(), ids=SPELLED)
def test_labels_of_a_slot_are_read_as_the_test_set_spells_them(
    labels: list[str], known: set[str], meant: list[str]
) -> None:
    reading = read(*labels, known=frozenset(known))
    assert labels_of(reading) == meant
    assert any(note.startswith("labels are read as they are spelled in the test set") for note in reading.warnings)


APART: dict[str, tuple[list[str], set[str]]] = {
    "known already": (["yes", "no"], {"yes", "no"}),
    "two that fold together": (["YES", "no"], {"yes", "Yes", "no"}),
    "one more class": (["yes", "Maybe"], {"yes", "no"}),
}


@pytest.mark.parametrize(("labels", "known"), APART.values(), ids=APART)
def test_other_labels_stay_as_they_are(labels: list[str], known: set[str]) -> None:
    assert labels_of(read(*labels, known=frozenset(known))) == labels


def test_a_slot_without_a_known_label_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadTable, match=r"found none of them but Maybe, Yess: .* \(perhaps Yess as yes\)"):
        read("Yess", "Maybe", known=frozenset({"yes", "no"}))


RULES: dict[str, tuple[list[str], list[str]]] = {
    "case": (["Yes", "no"], ["true", "false"]),
    "digits": (["1", "0"], ["true", "false"]),
    "both": (["yes", "Yes", "no"], ["true", "true", "false"]),
    "digits beside words": (["yes", "1", "no"], ["true", "false", "false"]),
    "none": (["no", "maybe"], ["false", "false"]),
}


@pytest.mark.parametrize(("labels", "meant"), RULES.values(), ids=RULES)
def test_a_rule_of_equality_knows_other_spellings(labels: list[str], meant: list[str]) -> None:
    assert labels_of(read(*labels, settings=replace(SETTINGS, positive=Positive.parse("== yes")))) == meant
