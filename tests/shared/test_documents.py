"""JSON documents: one spelling, and complaints that say what was found."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents import decode, digest, encode, sha256, timestamp
from shared.errors import Rejected
from shared.formats.values import MISSING, as_number

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text().filter(lambda name: name != "format"), JSON))
def test_documents_are_read_back(fields: dict[str, object]) -> None:
    assert decode(encode(fields), "key") == {"format": 1, **fields}


def test_the_same_fields_give_the_same_bytes() -> None:
    assert encode({"b": 1, "a": [1.0, "é"]}) == encode({"a": [1.0, "é"], "b": 1})
    assert encode({"b": 1, "a": None}) == b'{"a":null,"b":1,"format":1}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_document_holds_what_json_cannot_say(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode({"value": value})


BAD = {
    "empty": (b"", "expected a JSON document, found b''"),
    "cut off": (b'{"format":1,', "expected a JSON document"),
    "not UTF-8": (b'{"format":1,"a":"\xff"}', "expected a JSON document"),
    "a list": (b"[1]", "expected a document of format 1, found 'list'"),
    "no format": (b"{}", "found None"),
    "newer": (b'{"format":2}', "found 2; it was written by another version: update"),
    "text": (b'"format"', "found 'str'"),
}


@pytest.mark.parametrize(("body", "problem"), BAD.values(), ids=BAD)
def test_a_bad_document_is_rejected_by_its_key(body: bytes, problem: str) -> None:
    with pytest.raises(Rejected) as raised:
        decode(body, "some/key.json")
    assert str(raised.value).startswith("some/key.json: ")
    assert problem in str(raised.value)


def test_a_document_that_is_nested_too_deeply_is_rejected() -> None:
    with pytest.raises(Rejected):
        decode(b'{"format":1,"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "key")


def test_digests_are_of_the_spelling() -> None:
    assert digest({"b": 1, "a": 2}) == sha256(b'{"a":2,"b":1}')
    assert digest([1]) != digest(["1"])


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(datetime(2025, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)) == "2025-01-02T03:04:05.678Z"
    assert datetime.fromisoformat(timestamp()).tzinfo is UTC


NUMBERS: dict[str, float | None] = {
    "1": 1.0,
    "-1.5e-3": -0.0015,
    "+.5": 0.5,
    " 7 ": 7.0,
    "1e308": 1e308,
    "1e309": None,
    "inf": None,
    "-Infinity": None,
    "nan": None,
    "0x10": None,
    "1_000": None,
    "1,5": None,
    "\u0661": None,
    "true": None,
    "": None,
    "1 2": None,
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items(), ids=map(repr, NUMBERS))
def test_what_spells_a_number(text: str, number: float | None) -> None:
    assert as_number(text) == number


def test_no_missing_value_spells_a_number() -> None:
    assert not [text for text in MISSING if as_number(text) is not None]
