"""The quick JSON of requests and answers against Python's own."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.serving.json_codec import json_text, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_reads_what_python_reads(value: object) -> None:
    body = json.dumps(value).encode()
    assert repr(parse_json(body)) == repr(json.loads(body))


@given(VALUES.filter(lambda value: "nan" not in repr(value) and "inf" not in repr(value)))
def test_writes_what_python_reads(value: object) -> None:
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '"\\ud800"', "\ufeff[1]", " [ 1 ] \n", "-0", "-0.0", "1e-400"])
def test_reads_the_same_oddities(text: str) -> None:
    assert repr(parse_json(text.encode())) == repr(json.loads(text.encode()))


def test_reads_other_encodings_and_what_is_no_number() -> None:
    assert parse_json('{"a": 1}'.encode("utf-16")) == {"a": 1}
    assert math.isnan(parse_json(b"NaN"))
    assert parse_json(b"[1e400]") == [math.inf]


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b"01", b"1.", b"\xff", b'"\x01"', b"[1]\0", b"[" * 100_000])
def test_refuses_what_python_refuses(body: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse_json(body)


def test_whole_numbers_of_more_than_64_bits() -> None:
    assert parse_json(str(10**25).encode()) == 1e25
    assert json_text({"prediction": 10**25}) == f'{{"prediction":{10**25}}}'
