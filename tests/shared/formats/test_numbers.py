"""Numbers as people write them: the way of writing that is found, and the number that is meant."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.numbers import NumberFormat, agreement, as_written_number, number_format

FOUND: dict[str, tuple[list[str], str, list[float]]] = {
    "percent": (["12.50%", "3%", "-1.5 %"], "1234.5%", [12.5, 3.0, -1.5]),
    "dollars": (["$1,200", "$45.10", "-$3"], "$1,234.5", [1200.0, 45.1, -3.0]),
    "euros": (["1 200 EUR", "45 EUR"], "1 234.5 EUR", [1200.0, 45.0]),
    "narrow spaces": (["1\u202f200 €", "45 €"], "1 234.5 €", [1200.0, 45.0]),
    "German": (["1.234,5", "234,5", "1.000.000,1"], "1.234,5", [1234.5, 234.5, 1000000.1]),
    "German euros": (["1.234,50 €", "45,00 €"], "1.234,5 €", [1234.5, 45.0]),
    "decimal commas": (["3,14", "2,7"], "1234,5", [3.14, 2.7]),
    "three decimals": (["0,803", "1,803"], "1234,5", [0.803, 1.803]),
    "accounting": (["(45)", "12", "(1,300)"], "(1,234.5)", [-45.0, 12.0, -1300.0]),
    "the largest with a mark": (["803", "1,803", "12", "7"], "1,234.5", [803.0, 1803.0, 12.0, 7.0]),
    "kilometres": (["5 km", "12.5 km"], "1234.5 km", [5.0, 12.5]),
    "micrograms": (["10 µg/l", "12 µg/l"], "1234.5 µg/l", [10.0, 12.0]),
    "months": (["36 months", "60 months"], "1234.5 months", [36.0, 60.0]),
    "Swiss": (["1'200.50", "3.00"], "1'234.5", [1200.5, 3.0]),
    "Indian": (["1,00,000", "5,000", "12,34,56,789"], "1,234.5", [100000.0, 5000.0, 123456789.0]),
    "a minus sign": (["\u22125%", "4%"], "1234.5%", [-5.0, 4.0]),
    "plain": (["1.5", "-2", "1e3"], "1234.5", [1.5, -2.0, 1000.0]),
}


@pytest.mark.parametrize(("texts", "example", "numbers"), FOUND.values(), ids=FOUND)
def test_the_way_of_writing_is_found(texts: list[str], example: str, numbers: list[float]) -> None:
    agreed = agreement(dict.fromkeys(texts, 1))
    assert agreed is not None
    assert (agreed.form.example, agreed.agreeing) == (example, len(texts))
    assert [as_written_number(text, example) for text in texts] == numbers
    assert number_format(example) == agreed.form


NOT_ALL: dict[str, tuple[list[str], int]] = {
    "two units": (["5 km", "3 mi", "4 km"], 2),
    "a word": (["$1,200", "free", "$3"], 2),
    "codes": (["1", "2", "3", "3A"], 3),
    "a single decimal comma": (["1", "2", "3", "1,5"], 3),
    "two signs": (["-+5%", "5%"], 1),
    "one parenthesis": (["(5", "5", "6"], 2),
    "wrong groups": (["1,20", "1,200.5", "2,500.5"], 2),
}


@pytest.mark.parametrize(("texts", "agreeing"), NOT_ALL.values(), ids=NOT_ALL)
def test_cells_that_do_not_agree_are_not_counted(texts: list[str], agreeing: int) -> None:
    agreed = agreement(dict.fromkeys(texts, 1))
    assert agreed is not None
    assert agreed.agreeing == agreeing


@pytest.mark.parametrize("texts", [["red", "blue"], ["555-1234"], ["A1", "A2"], ["1st", "2nd", "3rd"], []])
def test_other_texts_are_no_numbers(texts: list[str]) -> None:
    agreed = agreement(dict.fromkeys(texts, 1))
    assert agreed is None or agreed.agreeing < len(texts)


@pytest.mark.parametrize("example", ["", "1234", "12345", "5 km", "$", "(1234.5", "1,2,34.5", "1234.5 2", "%Y"])
def test_other_examples_name_no_way_of_writing(example: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(example)}$"):
        number_format(example)


def test_the_mark_of_the_file_decides_where_the_cells_do_not() -> None:
    cells = {"1.234": 1, "45.678": 1}
    german = agreement(cells, decimal=",")
    assert german is not None
    assert german.form.example == "1.234,5"
    assert {german.form.settled(text) for text in cells} == {"1.234,0", "45.678,0"}
    again = agreement(dict.fromkeys(map(german.form.settled, cells), 1))
    assert again is not None
    assert again.form == german.form


def test_another_meaning_that_fits_as_well_is_known() -> None:
    assert agreement({"1,234": 1, "5,678": 1}).is_open  # type: ignore[union-attr]
    assert not agreement({"1,234": 1, "5,678.5": 1}).is_open  # type: ignore[union-attr]


FORMS = st.builds(
    NumberFormat,
    decimal=st.just("."),
    thousands=st.sampled_from(["", ",", " ", "'"]),
    unit=st.sampled_from(["", "%", "km", "EUR"]),
    space=st.sampled_from(["", " "]),
    accounting=st.booleans(),
).map(lambda form: form if form.unit else NumberFormat(form.decimal, form.thousands, accounting=form.accounting))


@given(FORMS, st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_what_is_written_is_read(form: NumberFormat, whole: int, cents: int) -> None:
    digits = f"{abs(whole):,}".replace(",", form.thousands) + f".{cents:02}"
    text = f"{digits}{form.space}{form.unit}"
    negative = f"({text})" if form.accounting else f"-{text}"
    number = float(f"{abs(whole)}.{cents:02}")
    assert form.read(negative if whole < 0 else text) == (-number if whole < 0 else number)
    assert number_format(form.example) == form
