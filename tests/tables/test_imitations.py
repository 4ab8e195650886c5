"""The tables are what they claim to be: in their bytes, their rows, their missing values and their classes."""

import codecs
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.bundled import LOADERS, bundled
from tests.tables.catalogue import EVERY, table
from tests.tables.imitations import GENERATORS, imitation
from tests.tables.table import Imitation


def together(one: Imitation) -> pd.DataFrame:
    return pd.concat(one.frames(), ignore_index=True)


def same_texts(values: "pd.Series[Any]") -> "pd.Series[str]":
    return values.map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))


@pytest.mark.parametrize("name", EVERY)
def test_a_table_is_the_same_each_time(name: str) -> None:
    again = GENERATORS[name]() if name in GENERATORS else bundled.__wrapped__(name)
    assert again is not table(name)
    assert again == table(name)


@pytest.mark.parametrize("name", GENERATORS)
def test_an_imitation_has_the_size_of_a_real_table(name: str) -> None:
    one = imitation(name)
    train, test = one.frames()
    assert 600 <= len(train) + len(test) <= 1500
    assert len(test) == pytest.approx((len(train) + len(test)) / 4, rel=0.05)
    assert len(one.slots) == 2
    assert list(train.columns) == list(test.columns)


@pytest.mark.parametrize("name", EVERY)
def test_missing_values_have_the_share_that_is_claimed(name: str) -> None:
    one = table(name)
    found = together(one).isna().mean()
    assert {column: found[column] for column in one.missing} == pytest.approx(dict(one.missing), abs=0.002)
    assert not found[one.label]


@pytest.mark.parametrize("name", EVERY)
def test_classes_have_the_share_that_is_claimed(name: str) -> None:
    one = table(name)
    found = same_texts(together(one)[one.label]).value_counts(normalize=True).to_dict()
    assert found == pytest.approx(dict(one.classes), abs=0.03 if name == "shelter" else 0.002)


@pytest.mark.parametrize("name", LOADERS)
def test_the_files_have_every_row_that_the_library_has(name: str) -> None:
    loaded = LOADERS[name](as_frame=True)
    found = together(table(name)).drop(columns="target")
    expected = loaded.data.set_axis(found.columns, axis=1)
    pd.testing.assert_frame_equal(_in_order(found), _in_order(expected), check_dtype=False)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "shelter"])
def test_every_file_has_every_label(name: str) -> None:
    one = table(name)
    for body in (one.test, *one.slots):
        assert set(same_texts(one.frame(body)[one.label])) == set(one.classes)


def test_a_shelter_has_labels_that_only_one_file_has() -> None:
    one = imitation("shelter")
    found = [set(one.frame(body)["animal"]) for body in (one.test, *one.slots)]
    common = {"cat", "dog", "rabbit"}
    assert found == [common | {"tortoise"}, common | {"ferret"}, common | {"parrot"}]


SPELLINGS = {
    "adult": b"age, workclass, fnlwgt, education, ",
    "bank": b'"age";"job";"marital";',
    "german": "Prüfdatum;Werk;Oberfläche;Härte;Maßabweichung;Stückpreis (€);".encode("cp1252"),
    "subscriptions": codecs.BOM_UTF16_LE + "city\tplan\t".encode("utf-16-le"),
    "sensor": b"timestamp;machine;load;temperature;vibration;pressure;rpm;state\n2026-",
    "claims": b"claim_no|garage|damage|",
    "visits": b"\x1f\x8b",
    "loan": b"loan_id,issued,amount,term,",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_files_begin_as_claimed(name: str) -> None:
    assert all(body.startswith(SPELLINGS[name]) for body in (imitation(name).test, *imitation(name).slots))


INSIDE = [
    ("titanic", b'""",'),
    ("titanic", b",S\r\n"),
    ("adult", b", ?, "),
    ("telco", b", ,"),
    ("telco", b",No internet service,"),
    ("heart", b".0,?,?,"),
    ("sensor", b";;"),
    ("loan", b",n/a,"),
    ("claims", b"|dent, minor|"),
    ("claims", b"|NULL|"),
    ("german", "ungenügend\r\n".encode("cp1252")),
]


@pytest.mark.parametrize(("name", "piece"), INSIDE)
def test_files_have_the_spellings_that_make_them_hard(name: str, piece: bytes) -> None:
    assert all(piece in body for body in (imitation(name).test, *imitation(name).slots))


def test_heart_files_have_no_header_line_and_pima_has_zeros_for_missing_values() -> None:
    heart, pima = imitation("heart"), together(imitation("pima"))
    assert heart.header == "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,num"
    assert not any(byte in heart.test for byte in b"abcdefghijklmnopqrstuvwxyz")
    assert (pima["Insulin"] == 0).mean() == pytest.approx(0.487, abs=0.002)
    assert all(imitation(name).header is None for name in GENERATORS if not name.startswith("heart"))


def test_columns_are_read_as_what_they_are() -> None:
    loan, sensor, german = (together(imitation(name)) for name in ("loan", "sensor", "german"))
    assert loan["born"].between(pd.Timestamp("1950-01-01"), pd.Timestamp("1996-12-31")).sum() == loan["born"].count()
    assert loan["issued"].dt.day.max() == 31
    assert loan["homeowner"].dtype == bool
    assert {sensor["temperature"].dtype, german["Härte"].dtype, german["Stückpreis (€)"].dtype} == {np.dtype(float)}
