"""Predict: every form of body, every kind of bad field, and a cache that keeps serving."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import predict, status
from shared.bucket import keys
from shared.bucket.obstore_reader import ObstoreReader
from shared.documents import encode, sha256
from shared.errors import NotFound, Rejected, Unavailable
from shared.scorer.scorer import Scorer
from shared.serving.fields import InvalidFields, Malformed
from shared.serving.production_cache import NotServing, ProductionCache
from shared.settings import UnknownFields
from tests.support.fake_store import Call, FakeStore
from tests.support.stage import SLOT, Stage, model_id, sample, stump

A, B = model_id(1), model_id(2)
ROOT = Path(__file__).parents[2]
YES, NO = {"a": 1, "b": 0}, {"a": -1, "b": 0}
JSON, CSV = "application/json", "text/csv"


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def fake(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


def scorer_with(**changes: object) -> bytes:
    return encode({**json.loads(stump()), **changes})


@pytest.fixture
def served(stage: Stage) -> Stage:
    """A stage with a model in production: yes where a is positive."""
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5, scorer=scorer_with(ignored=["Id"]))
    stage.promote()
    return stage


def cache_of(stage: Stage, clock: Clock | None = None, seconds: float = 5.0) -> ProductionCache:
    return ProductionCache(stage.store, seconds, clock or Clock())


def ask(stage: Stage, body: object, media_type: str = JSON, unknown: UnknownFields = "warn") -> Any:  # noqa: ANN401
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return predict.predict(cache_of(stage), raw, media_type, unknown)


def test_one_row_gets_one_prediction(served: Stage) -> None:
    answer = ask(served, YES)
    assert (answer["prediction"], answer["model_id"]) == ("yes", A)
    assert answer["probability"] == answer["probabilities"]["yes"] > 0.5
    assert list(answer["probabilities"]) == ["no", "yes"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_an_explained_row_has_what_each_feature_added(served: Stage) -> None:
    plain = ask(served, YES)
    explained = predict.explain(cache_of(served), json.dumps(YES).encode(), JSON)
    contributions, explanation = explained.pop("contributions"), explained.pop("explanation")
    assert explained == plain
    assert contributions == {"a": 2.0, "b": 0.0}
    assert explanation == {"class": "yes", "unit": "log_odds", "method": "additive", "base": 0.0}


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        pytest.param(json.dumps({"instances": [YES]}), JSON, id="one instance"),
        pytest.param(json.dumps({"instances": []}), JSON, id="no instance"),
        pytest.param("a,b\n1,2\n", "text/csv", id="csv"),
    ],
)
def test_an_explanation_is_for_one_row_as_an_object(served: Stage, body: str, media_type: str) -> None:
    with pytest.raises(
        InvalidFields, match="expected one row as a JSON object for explain=true, found a body for many"
    ):
        predict.explain(cache_of(served), body.encode(), media_type)


def test_an_explained_row_may_be_imputed_and_have_unknown_fields(served: Stage) -> None:
    body = json.dumps({"a": None, "b": 1.0, "c": 1}).encode()
    explained = predict.explain(cache_of(served), body, JSON)
    assert explained["contributions"].keys() == {"a", "b"}
    assert len(explained["warnings"]) == 1


MANY: dict[str, tuple[object, str]] = {
    "instances": ({"instances": [YES, NO]}, JSON),
    "one instance": ({"instances": [YES]}, JSON),
    "no instance": ({"instances": []}, JSON),
    "records": ({"dataframe_records": [NO, YES, YES]}, JSON),
    "split": ({"dataframe_split": {"columns": ["b", "a"], "data": [[0, 1], [0, -1]]}}, JSON),
    "split with index": ({"dataframe_split": {"index": [0], "columns": ["a", "b"], "data": [[1, 0]]}}, JSON),
    "split without rows": ({"dataframe_split": {"columns": ["a", "b"], "data": []}}, JSON),
    "CSV": ("a,b\n1,0\n-1,0\n", CSV),
    "CSV with other columns": ("Id,label,b,a\nx7,yes,0,1\n", CSV),
    "CSV with CRLF, BOM, blanks and quotes": ('\ufeff"a", b\r\n\r\n" 1",0\r\n-1, 0', CSV),
    "CSV with one row": ("a,b\n1,0\n", CSV),
    "CSV without rows": ("a,b\n", CSV),
}
EXPECTED = [[1, 0], [1], [], [0, 1, 1], [1, 0], [1], [], [1, 0], [1], [1, 0], [1], []]


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [(*case, classes) for case, classes in zip(MANY.values(), EXPECTED, strict=True)],
    ids=MANY,
)
def test_many_rows_get_a_list(served: Stage, body: object, media_type: str, expected: list[int]) -> None:
    answer = ask(served, body, media_type)
    names = [["no", "yes"][index] for index in expected]
    assert [one["prediction"] for one in answer["predictions"]] == names
    assert answer["model_id"] == A
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    assert predict.invoke(cache_of(served), raw, media_type) == {"predictions": names}


def test_invocations_answer_one_row_with_a_list(served: Stage) -> None:
    assert predict.invoke(cache_of(served), json.dumps(YES).encode(), JSON) == {"predictions": ["yes"]}


ALLOWED: dict[str, tuple[object, str]] = {
    "label": ({**YES, "label": "anything"}, "yes"),
    "ignored": ({**YES, "Id": [1, {}]}, "yes"),
    "integers": ({"a": 7, "b": 0}, "yes"),
    "large integers": ({"a": 10**38, "b": -(10**38)}, "yes"),
    "null takes the fill": ({"a": None, "b": None}, "no"),
    "any order": ({"b": 0.5, "a": 1.5}, "yes"),
    "negative zero": ({"a": -0.0, "b": 0}, "no"),
}


@pytest.mark.parametrize(("body", "expected"), ALLOWED.values(), ids=ALLOWED)
def test_what_a_row_may_hold(served: Stage, body: object, expected: str) -> None:
    assert ask(served, body)["prediction"] == expected


NUMBER = "expected a number or null, found "
WARNED: dict[str, tuple[object, str, list[str]]] = {
    "one row": ({**YES, "c": 1}, JSON, ['ignored "c": the model has no such feature']),
    "some rows": (
        {"instances": [YES, {**NO, "c": 1}, {**YES, "c": 2, "d": 3}]},
        JSON,
        [
            'ignored "c" in 2 of 3 rows: the model has no such feature',
            'ignored "d" in 1 of 3 rows: the model has no such feature',
        ],
    ),
    "a split": (
        {"dataframe_split": {"columns": ["c", "a", "b"], "data": [[9, 1, 0], [9, -1, 0]]}},
        JSON,
        ['ignored "c": the model has no such feature'],
    ),
    "a CSV": ("a,c,b\n1,9,0\n", CSV, ['ignored "c": the model has no such feature']),
    "many": (
        {**YES, **dict.fromkeys(map(str, range(25)), 0)},
        JSON,
        ["ignored 5 more: the model has no such features"],
    ),
}


@pytest.mark.parametrize(("body", "media_type", "warnings"), WARNED.values(), ids=WARNED)
def test_an_unknown_field_is_ignored_and_named(
    served: Stage, body: object, media_type: str, warnings: list[str]
) -> None:
    raw = (body if isinstance(body, str) else json.dumps(body)).encode()
    answer = ask(served, body, media_type)
    assert answer["warnings"][-len(warnings) :] == warnings
    assert predict.invoke(cache_of(served), raw, media_type)["warnings"] == answer["warnings"]
    with pytest.raises(InvalidFields, match="expected only the model's features"):
        ask(served, body, media_type, "error")
    with pytest.raises(InvalidFields, match="expected only the model's features"):
        predict.invoke(cache_of(served), raw, media_type, "error")


def test_without_anything_to_say_there_are_no_warnings(served: Stage) -> None:
    bodies: list[tuple[object, str]] = [
        (YES, JSON),
        ({**YES, "label": "no", "Id": 1, "": 0}, JSON),
        ("a,b\n1,0\n", CSV),
    ]
    assert all("warnings" not in ask(served, body, media_type) for body, media_type in bodies)


FINITE = "expected a finite number that fits into float32, found one that does not"
BAD: dict[str, tuple[str | object, list[tuple[str, str]]]] = {
    "boolean": ({"a": True, "b": 0}, [("/a", NUMBER + "a boolean true")]),
    "numeric string": ({"a": "1", "b": 0}, [("/a", NUMBER + 'a string "1"')]),
    "list": ({"a": [1], "b": 0}, [("/a", NUMBER + "a list")]),
    "object": ({"a": {"x": 1}, "b": 0}, [("/a", NUMBER + "an object")]),
    "NaN": ('{"a": NaN, "b": 0}', [("/a", FINITE)]),
    "Infinity": ('{"a": Infinity, "b": -Infinity}', [("/a", FINITE), ("/b", FINITE)]),
    "1e999": ('{"a": 1e999, "b": 0}', [("/a", FINITE)]),
    "beyond float32": ({"a": 3.5e38, "b": -1e39}, [("/a", FINITE), ("/b", FINITE)]),
    "a huge integer": ({"a": 10**400, "b": 0}, [("/a", FINITE)]),
    "absent": ({"a": 1}, [("/b", "expected a number or null, found no such field")]),
    "all absent": ({}, [("/a", "found no such field"), ("/b", "found no such field")]),
    "unknown": ({**YES, "c": 1}, [("/c", 'expected only the model\'s features, found "c"')]),
    "unknown and escaped": ({**YES, "x/y~z": 1}, [("/x~1y~0z", "expected only the model's features")]),
    "a long name": ({**YES, "c" * 99: 1}, [("/" + "c" * 99, "ccc...")]),
    "another case": ({"A": 1, "b": 0}, [("/a", "found no such field"), ("/A", "expected only")]),
    "every bad field": ({"a": "x", "c": 1}, [("/a", "a string"), ("/b", "no such field"), ("/c", "only")]),
    "a list of rows": ([YES], [("", "expected an object {feature: value}, found a list")]),
    "null": (None, [("", "found null")]),
    "a number": (1, [("", "found a number")]),
    "a string": ('"a"', [("", 'found a string "a"')]),
    "instances is an object": ({"instances": YES}, [("/instances", "expected a list of objects, found an object")]),
    "instances is null": ({"instances": None}, [("/instances", "found null")]),
    "an instance is a list": ({"instances": [[1, 0]]}, [("/instances/0", "expected an object, found a list")]),
    "fields of instances": (
        {"instances": [YES, {"a": "x", "b": 0}, {"b": True}]},
        [("/instances/1/a", "a string"), ("/instances/2/a", "no such field"), ("/instances/2/b", "a boolean")],
    ),
    "more beside instances": ({"instances": [], "a": 1}, [("/a", "expected nothing beside instances")]),
    "records is a number": ({"dataframe_records": 1}, [("/dataframe_records", "found a number")]),
    "split is a list": ({"dataframe_split": []}, [("/dataframe_split", "an object with columns and data")]),
    "split without columns": ({"dataframe_split": {"data": []}}, [("/dataframe_split/columns", "found null")]),
    "split without data": ({"dataframe_split": {"columns": ["a", "b"]}}, [("/dataframe_split/data", "found null")]),
    "split with numbers as columns": (
        {"dataframe_split": {"columns": [1], "data": []}},
        [("/dataframe_split/columns", "expected a list of names")],
    ),
    "split with a column twice": (
        {"dataframe_split": {"columns": ["a", "a"], "data": []}},
        [("/dataframe_split/columns", "expected each name once")],
    ),
    "split with more": ({"dataframe_split": {"x": 1}}, [("/dataframe_split/x", "beside columns, data, index")]),
    "split with short rows": (
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1], [1, 2], 3]}},
        [("/dataframe_split/data/0", "a list of 2 values"), ("/dataframe_split/data/2", "found a number")],
    ),
    "fields of a split": (
        {"dataframe_split": {"columns": ["b", "a"], "data": [[0, "x"]]}},
        [("/dataframe_split/data/0/1", "a string")],
    ),
    "columns of a split": (
        {"dataframe_split": {"columns": ["a", "c"], "data": [[0, 1]]}},
        [("/dataframe_split/columns", "no such field"), ("/dataframe_split/columns/1", "only the model's features")],
    ),
}


def errors_of(stage: Stage, body: object, media_type: str = JSON) -> list[tuple[str, str]]:
    with pytest.raises(InvalidFields) as raised:
        ask(stage, body, media_type, "error")
    assert str(raised.value).startswith(f"{len(raised.value.errors)} bad field")
    return [(error.pointer, error.detail) for error in raised.value.errors]


@pytest.mark.parametrize(("body", "expected"), BAD.values(), ids=BAD)
def test_names_every_bad_field(served: Stage, body: object, expected: list[tuple[str, str]]) -> None:
    found = errors_of(served, body)
    assert [pointer for pointer, _ in found] == [pointer for pointer, _ in expected]
    assert all(part in detail for (_, detail), (_, part) in zip(found, expected, strict=True)), found


BAD_CSV: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "text": ("a,b\n1,0\nlow,0\n", [("/1/a", 'found a string "low"')]),
    "infinity": ("a,b\ninf,1e999\n", [("/0/a", 'a string "inf"'), ("/0/b", 'a string "1e999"')]),
    "boolean": ("a,b\ntrue,0\n", [("/0/a", 'a string "true"')]),
    "beyond float32": ("a,b\n1e39,0\n", [("/0/a", FINITE)]),
    "unknown column": ("a,b,c\n1,0,5\n", [("/header/2", "expected only the model's features")]),
    "absent column": ("a\n1\n2\n", [("/header", 'expected a column "b" (a number), found no such field')]),
}


@pytest.mark.parametrize(("body", "expected"), BAD_CSV.values(), ids=BAD_CSV)
def test_names_every_bad_field_of_a_csv(served: Stage, body: str, expected: list[tuple[str, str]]) -> None:
    found = errors_of(served, body, CSV)
    assert [pointer for pointer, _ in found] == [pointer for pointer, _ in expected]
    assert all(part in detail for (_, detail), (_, part) in zip(found, expected, strict=True)), found


def test_missing_values_of_a_csv_are_imputed(served: Stage) -> None:
    answer = ask(served, "a,b\n,NA\n?, nan \n-,1\n", CSV)
    assert [one["prediction"] for one in answer["predictions"]] == ["no"] * 3


MALFORMED: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", JSON, "expected a JSON object, found ''"),
    "not JSON": (b"a=1&b=2", JSON, "expected a JSON object, found 'a=1&b=2'"),
    "cut off": (b'{"a": 1', JSON, "expected a JSON object"),
    "not UTF-8": (b'{"a\xff": 1}', JSON, "expected a JSON object"),
    "a long body": (b"x" * 100, JSON, "found '" + "x" * 40 + "'..."),
    "nested too deeply": (b"[" * 100_000, JSON, "expected a JSON object"),
    "too many digits": (b'{"a": ' + b"1" * 5_000 + b"}", JSON, "expected a JSON object"),
    "an empty CSV": (b"", CSV, "expected a CSV with a header line, found an empty file"),
    "blank lines": (b"\n\r\n", CSV, "expected a CSV with a header line, found an empty file"),
    "a column twice": (b"a,a\n1,2\n", CSV, "expected each column once in the header, found a, a"),
    "a short row": (b"a,b\n1,2\n1\n", CSV, "row 2: expected 2 fields as in the header, found 1"),
    "broken quoting": (b'a,b\n"1,2\n', CSV, "line 2: expected a CSV record, found broken quoting"),
    "no text": (b"a,b\n\x81,2\n", CSV, "line 2: expected CSV text in UTF-8, UTF-16 or Windows-1252, found byte 0x81"),
    "a huge field": (b"a,b\n" + b"1" * 200_000 + b",2\n", CSV, "field larger than field limit"),
    "a workbook": (b"PK\x03\x04...", CSV, "found a zip archive or an Excel workbook"),
}


@pytest.mark.parametrize(("body", "media_type", "problem"), MALFORMED.values(), ids=MALFORMED)
def test_a_body_of_another_form_is_malformed(served: Stage, body: bytes, media_type: str, problem: str) -> None:
    with pytest.raises(Malformed) as raised:
        predict.predict(cache_of(served), body, media_type)
    assert problem in str(raised.value)


SCALED = [
    ({"a": 3e38, "b": 0}, "/a"),
    ({"instances": [YES, {"a": 0, "b": -3e38}]}, "/instances/1/b"),
    ({"dataframe_split": {"columns": ["b", "a"], "data": [[0, 3e38]]}}, "/dataframe_split/data/0/1"),
]


@pytest.mark.parametrize(("body", "pointer"), SCALED, ids=["one", "instances", "split"])
def test_a_value_too_far_from_the_training_data_is_a_bad_field(stage: Stage, body: object, pointer: str) -> None:
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5, scorer=scorer_with(scales=[1e-3, 1e-3]))
    stage.promote()
    found = errors_of(stage, body)
    assert found == [
        (pointer, "expected a number nearer to the training data, found one too large for float32 after scaling")
    ]


NAMED: dict[str, tuple[list[object], list[str]]] = {
    "booleans": ([False, True], ["false", "true"]),
    "integers": ([3, 8], ["3", "8"]),
    "decimals": ([0.5, 1.5], ["0.5", "1.5"]),
}


@pytest.mark.parametrize(("classes", "names"), NAMED.values(), ids=NAMED)
def test_predictions_are_the_labels_own_values(stage: Stage, classes: list[object], names: list[str]) -> None:
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5, scorer=scorer_with(classes=classes))
    stage.promote()
    answer = ask(stage, YES)
    assert (answer["prediction"], type(answer["prediction"])) == (classes[1], type(classes[1]))
    assert list(answer["probabilities"]) == names
    json.dumps(answer, allow_nan=False)


FEATURES = ("instances", "dataframe_split")


def test_features_may_be_called_like_the_forms_of_a_body(stage: Stage) -> None:
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5, scorer=stump(features=FEATURES))
    stage.promote()
    assert ask(stage, {"instances": 1, "dataframe_split": 0})["prediction"] == "yes"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "instances", "dataframe_split", "columns", "data"]), inner)
    ),
    max_leaves=10,
)


@given(VALUES, st.sampled_from([JSON, CSV]))
def test_any_body_is_answered_or_refused(value: object, media_type: str) -> None:
    _answered_or_refused(json.dumps(value).encode(), media_type)


@given(st.binary(max_size=60), st.sampled_from([JSON, CSV]))
def test_any_bytes_are_answered_or_refused(body: bytes, media_type: str) -> None:
    _answered_or_refused(body, media_type)
    _answered_or_refused(b"a,b\n" + body, media_type)


def _answered_or_refused(body: bytes, media_type: str) -> None:
    stage = _SERVED[0] if _SERVED else _serve()
    try:
        json.dumps(predict.predict(cache_of(stage), body, media_type), allow_nan=False)
    except (Malformed, InvalidFields) as error:
        json.dumps([vars(one) for one in getattr(error, "errors", [])])


_SERVED: list[Stage] = []


def _serve() -> Stage:
    from shared.settings import Settings  # noqa: PLC0415  (once, outside any fixture)

    stage = Stage(FakeStore(), Settings("vintner", "label"))
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5)
    stage.promote()
    _SERVED.append(stage)
    return stage


# The cache.


def test_nothing_is_in_production(stage: Stage) -> None:
    with pytest.raises(NotServing, match="no model is in production yet: upload a test set and a slot"):
        ask(stage, YES)


def test_what_comes_into_production_is_found_at_once(stage: Stage) -> None:
    cache = cache_of(stage)
    with pytest.raises(NotServing):
        cache.current()
    stage.put_samples()
    stage.ingest()
    stage.add_model(A, 0.5)
    stage.promote()
    assert cache.current().model_id == A


def test_a_model_is_read_once_and_the_pointer_asked_for_again(served: Stage) -> None:
    clock = Clock()
    cache = cache_of(served, clock)
    fake(served).calls.clear()
    for clock.now in (0.0, 4.9, 5.0, 9.9, 10.0):
        assert cache.current().model_id == A
    assert fake(served).calls == [
        Call("read", "production.json"),
        Call("read", f"models/{A}/scorer.json"),
        Call("read_changed", "production.json"),
        Call("read_changed", "production.json"),
    ]


def test_a_missing_pointer_leaves_the_model_in_service_for_a_quarter_of_an_hour(
    served: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """S3 may say 404 of what is there for a while after a bucket's versioning is turned on."""
    clock = Clock()
    cache = cache_of(served, clock)
    assert cache.current().model_id == A
    pointer = fake(served).read(keys.PRODUCTION).body
    fake(served).delete(keys.PRODUCTION)
    for clock.now in (10.0, 500.0, 900.0):
        assert cache.current().model_id == A
    fake(served).put(keys.PRODUCTION, pointer)
    clock.now = 905.0
    assert cache.current().model_id == A
    fake(served).delete(keys.PRODUCTION)
    for clock.now in (1_000.0, 1_899.0):  # counted from when it was missed again
        assert cache.current().model_id == A
    clock.now = 1_905.0
    with pytest.raises(NotServing, match="no model is in production yet"):
        cache.current()
    said = [record.getMessage() for record in caplog.records if record.name.endswith("production_cache")]
    assert said == [
        f"still serving {A}: there is no production.json",
        f"still serving {A}: there is no production.json",
        "serving nothing: there was no production.json for 905 s",
    ]
    fake(served).put(keys.PRODUCTION, pointer)
    assert cache.current().model_id == A


def test_a_swap_is_seen_after_the_refresh_time(served: Stage) -> None:
    clock = Clock()
    cache = cache_of(served, clock)
    cache.current()
    served.add_model(B, 0.9, scorer=stump(9.0))
    served.promote()
    clock.now = 4.9
    assert cache.current().model_id == A
    clock.now = 5.0
    assert cache.current().model_id == B
    assert cache.current().scorer.answer([5.0, 0.0])[0] == 0


def test_a_refresh_time_of_zero_asks_every_time(served: Stage) -> None:
    cache = cache_of(served, seconds=0.0)
    cache.current()
    served.add_model(B, 0.9)
    served.promote()
    assert cache.current().model_id == B


def test_the_same_bytes_are_not_read_again(served: Stage) -> None:
    clock = Clock()
    cache = cache_of(served, clock)
    scorer = cache.current().scorer
    served.add_model(B, 0.9, scorer=scorer_with(ignored=["Id"]))
    served.promote()
    fake(served).calls.clear()
    clock.now = 5.0
    assert (cache.current().model_id, cache.current().scorer) == (B, scorer)
    assert fake(served).calls == [Call("read_changed", "production.json")]


def _swap_in(stage: Stage) -> None:
    stage.add_model(B, 0.9, scorer=stump(9.0))
    stage.promote()


def _unreachable(stage: Stage) -> None:
    _swap_in(stage)
    fake(stage).fail("read", "scorer", error=Unavailable("down"))


def _gone(stage: Stage) -> None:
    _swap_in(stage)
    stage.store.delete(keys.model_key(B, "scorer.json"))


def _tampered(stage: Stage) -> None:
    _swap_in(stage)
    fake(stage).put(keys.model_key(B, "scorer.json"), stump(1.0))


def _of_another_kind(stage: Stage) -> None:
    """A newer version of the software put it there."""
    _swap_in(stage)
    body = scorer_with(kind="forest")
    fake(stage).put(keys.model_key(B, "scorer.json"), body)
    fake(stage).put(keys.PRODUCTION, encode(replace(stage.pointer, scorer_sha256=sha256(body)).as_document()))


FAULTS: dict[str, Callable[[Stage], None]] = {
    "store down": lambda stage: fake(stage).fail("read_changed", error=Unavailable("down")),
    "pointer damaged": lambda stage: fake(stage).put(keys.PRODUCTION, b"{"),
    "scorer unreachable": _unreachable,
    "scorer gone": _gone,
    "scorer tampered": _tampered,
    "scorer of another kind": _of_another_kind,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_leaves_the_old_model_in_service(
    served: Stage, fault: Callable[[Stage], None], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    cache = cache_of(served, clock)
    cache.current()
    fault(served)
    clock.now = 5.0
    assert cache.current().model_id == A
    assert f"still serving {A}: " in caplog.text


@pytest.mark.parametrize("fault", list(FAULTS.values())[1:], ids=list(FAULTS)[1:])
def test_a_fault_at_the_start_is_not_serving(served: Stage, fault: Callable[[Stage], None]) -> None:
    fault(served)
    with pytest.raises(NotServing, match="the production model cannot be read: "):
        cache_of(served).current()


def test_the_new_model_is_taken_once_the_fault_is_over(served: Stage) -> None:
    clock = Clock()
    cache = cache_of(served, clock)
    cache.current()
    _swap_in(served)
    fake(served).fail("read", "scorer", error=Unavailable("down"))
    for clock.now, expected in ((5.0, A), (9.9, A), (10.0, B)):
        assert cache.current().model_id == expected


def test_the_reader_of_the_api_function_serves(cloud: dict[str, str], cloud_stage: Stage) -> None:
    cloud_stage.put_samples(1)
    [score] = cloud_stage.ingest().trained
    cloud_stage.promote()
    cache = ProductionCache(ObstoreReader(cloud_stage.store.bucket), 0.0)  # type: ignore[attr-defined]
    for _ in range(3):
        answer = predict.predict(cache, json.dumps({"a": 4.0, "b": 4.0}).encode(), JSON)
        assert (answer["model_id"], answer["prediction"]) == (score["model_id"], "yes")


# What the API function tells of itself.


def test_the_status_of_an_empty_bucket(stage: Stage) -> None:
    view = status.status(stage.store)
    assert (view["at"], view["production"], view["candidate"]["state"]) == (None, None, "none")


def test_the_status_is_the_view(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    assert status.status(stage.store) == stage.json(keys.STATUS)


def test_the_production_model_tells_of_its_lineage(stage: Stage) -> None:
    stage.put_samples(1)
    [score] = stage.ingest().trained
    stage.promote()
    found = status.model(stage.store, cache_of(stage))
    assert {name: found[name] for name in ("features", "classes", "label", "stale")} == {
        "features": ["a", "b"],
        "classes": ["no", "yes"],
        "label": "label",
        "stale": False,
    }
    assert (found["score"], found["lineage"]) == (score["f1"], score["lineage"])
    stage.put(f"{SLOT}1.csv", sample(5))
    stage.ingest()
    assert status.model(stage.store, cache_of(stage))["gone"] == [f"{SLOT}1.csv"]


def test_lineage_is_neither_fresh_nor_stale_until_the_view_follows(served: Stage) -> None:
    served.store.delete(keys.STATUS)
    assert status.model(served.store, cache_of(served))["stale"] is None


def test_a_damaged_view_is_an_error_of_the_project(stage: Stage) -> None:
    fake(stage).put(keys.STATUS, b"{")
    with pytest.raises(Rejected, match=r"status\.json"):
        status.status(stage.store)


def test_not_found_is_not_confused_with_a_fault(stage: Stage) -> None:
    fake(stage).fail("read", error=NotFound("production.json"))
    with pytest.raises(NotServing, match="no model is in production yet"):
        cache_of(stage).current()


HEAVY = "numpy pandas scipy sklearn joblib boto3 botocore"
IMPORTS = f"""
import sys
import app
from functions import predict, status
print(sorted(name for name in "{HEAVY}".split() if name in sys.modules))
"""


@pytest.mark.parametrize("pages", ["on", "off"])
def test_the_api_function_loads_no_scientific_package(pages: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=ROOT,
        env={**os.environ, "VINTNER_BUCKET": "b", "VINTNER_LABEL": "l", "VINTNER_PAGES": pages},
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == "[]"


def test_scorers_are_loaded_from_bytes_alone() -> None:
    assert Scorer.load(stump(), "k").answer([1.0, 0.0])[0] == 1
