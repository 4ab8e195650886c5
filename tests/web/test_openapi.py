"""The API's description: valid, about every route, and true of what the routes answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib import openapi
from chalicelib.payload import MAX_EVENT_BYTES
from shared.scorer.scorer import Scorer
from shared.settings import Positive, Settings
from tests.support.stage import stump
from tests.web.conftest import Answer, Site

Document = dict[str, Any]

ROW: Final = {"a": 1.5, "b": -2}
HUGE: Final = 1e39
JSON_BODIES: Final[dict[str, tuple[int, object]]] = {
    "row": (200, ROW),
    "null is missing": (200, {"a": None, "b": 1}),
    "label and ignored column": (200, {**ROW, "label": "yes", "id": {"any": "thing"}}),
    "instances": (200, {"instances": [ROW, {"a": None, "b": None}]}),
    "no instances": (200, {"instances": []}),
    "records": (200, {"dataframe_records": [ROW]}),
    "split": (200, {"dataframe_split": {"columns": ["b", "a"], "data": [[1, None]], "index": [0]}}),
    "split with label": (200, {"dataframe_split": {"columns": ["label", "b", "a"], "data": [["yes", 1, 2]]}}),
    "list": (422, [ROW]),
    "absent field": (422, {"a": 1}),
    "unknown field": (200, {**ROW, "c": 1}),
    "unknown field and a form's name": (422, {**ROW, "instances": [ROW]}),
    "index": (200, {**ROW, "Unnamed: 0": 1, "": [2]}),
    "numeric string": (422, {**ROW, "a": "1"}),
    "boolean": (422, {**ROW, "a": True}),
    "beyond float32": (422, {**ROW, "a": HUGE}),
    "unknown field in a row": (200, {"instances": [{**ROW, "c": 1}]}),
    "beside the rows": (422, {"instances": [ROW], "a": 1}),
    "rows are no list": (422, {"instances": ROW}),
    "split without data": (422, {"dataframe_split": {"columns": ["a", "b"]}}),
    "split without a feature": (422, {"dataframe_split": {"columns": ["a"], "data": [[1]]}}),
    "split with a column twice": (422, {"dataframe_split": {"columns": ["a", "b", "a"], "data": [[1, 2, 1]]}}),
    "split with an unknown column": (200, {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3]]}}),
}
STRICT: Final[dict[str, tuple[int, object]]] = {
    "row": (200, ROW),
    "label, ignored column and index": (200, {**ROW, "label": "yes", "id": 1, "Unnamed: 3": 1, "": 2}),
    "unknown field": (422, {**ROW, "c": 1}),
    "unknown field in a row": (422, {"instances": [{**ROW, "c": 1}]}),
    "split with an index": (200, {"dataframe_split": {"columns": ["", "a", "b"], "data": [[1, 2, 3]]}}),
    "split with an unknown column": (422, {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3]]}}),
}
OTHER_BODIES: Final[dict[str, tuple[int, str, bytes]]] = {
    "csv": (200, "text/csv", b"a,b,id\n1,2,x\n,3,y\n"),
    "csv with parameters": (200, "text/csv; charset=utf-8", b"a,b\n1,2\n"),
    "csv in a charset": (200, "text/csv; charset=Shift_JIS", "a,b,備考\n1,2,東京\n".encode("cp932")),
    "csv in a charset that is not its own": (400, "text/csv; charset=euc-jp", b"a,b\n1,\x81\n"),
    "csv in an unknown charset": (400, 'text/csv; charset="no such"', b"a,b\n1,2\n"),
    "csv of unknown letters": (400, "text/csv", "a,b,備考\n1,2,東京都\n".encode("cp932")),
    "csv without a header": (200, "text/csv", b"1,2\n3,4\n"),
    "csv without a header of another width": (422, "text/csv", b"1,2,3\n"),
    "csv without a column": (422, "text/csv", b"a\n"),
    "csv with an unknown column": (200, "text/csv", b"a,b,c\n1,2,3\n"),
    "json as curl sends it": (200, "application/x-www-form-urlencoded", b' {"a": 1, "b": 2, "c": 3}'),
    "json as curl sends it, cut off": (400, "application/x-www-form-urlencoded", b'{"a": 1'),
    "a form": (415, "application/x-www-form-urlencoded", b"a=1&b=2"),
    "an empty form": (415, "application/x-www-form-urlencoded", b""),
    "a list as a form": (415, "application/x-www-form-urlencoded", b"[1]"),
    "csv with a bad cell": (422, "text/csv", b"a,b\n1,tall\n"),
    "uneven csv": (400, "text/csv", b"a,b\n1\n"),
    "no json": (400, "application/json", b"{"),
    "not a number": (422, "application/json", b'{"a": NaN, "b": 1}'),
    "xml": (415, "application/xml", b"<a/>"),
    "too large": (413, "text/csv", b"a,b\n" + b"1,2\n" * (MAX_EVENT_BYTES * 3 // 16)),
}


def accepts(document: Document, schema: Document, value: object) -> bool:
    """Whether a schema of the document accepts a value."""
    return bool(OAS31Validator({**schema, "components": document["components"]}).is_valid(value))


def resolved(document: Document, part: Document) -> Document:
    """What a part refers to, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def check(document: Document, operation: Document, answer: Answer) -> None:
    """The answer is one that the operation announces, and looks as it announces."""
    response = resolved(document, operation["responses"][str(answer.status)])
    content = response["content"][answer.media_type]
    value = answer.json() if "json" in answer.media_type else answer.body
    validator = OAS31Validator({**content["schema"], "components": document["components"]})
    assert [error.message for error in validator.iter_errors(value)] == []
    assert {name.lower() for name in response.get("headers", {})} <= answer.headers.keys()


@pytest.fixture
def document(site: Site) -> Document:
    """The description of a trained model."""
    site.train(1, 2)
    found: Document = site.ask("/openapi.json").json()
    return found


def scorer_with(**changes: object) -> Scorer:
    return replace(Scorer.load(stump(), "scorer.json"), **changes)  # type: ignore[arg-type]


SCORERS: Final[dict[str, Scorer | None]] = {
    "none": None,
    "two texts": scorer_with(),
    "truth values": scorer_with(classes=(False, True)),
    "three numbers": scorer_with(classes=(3, 4.5, 8)),
    "mixed": scorer_with(classes=(1, "one", True)),
    "names of forms": scorer_with(features=("instances", "dataframe_split")),
    "odd names": scorer_with(features=("a/b~c", "<b>"), label="weiß", ignored=("x y", "weiß")),
}


@pytest.mark.parametrize("name", SCORERS)
def test_the_description_is_valid(name: str) -> None:
    document = openapi.describe(SCORERS[name], ["page.css"])
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_description_is_served(site: Site, document: Document) -> None:
    answer = site.ask("/openapi.json")
    assert answer.media_type == "application/json"
    assert document["openapi"].startswith("3.1.")
    assert document["servers"][0]["url"] == "."


def test_every_route_is_described(site: Site, document: Document) -> None:
    described = {path: {name.upper() for name in item} for path, item in document["paths"].items()}
    assert described == {path: set(methods) for path, methods in site.routes.items()}


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
@pytest.mark.parametrize("name", JSON_BODIES)
def test_json_is_accepted_as_described(site: Site, document: Document, path: str, name: str) -> None:
    status, body = JSON_BODIES[name]
    operation = document["paths"][path]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    answer = site.ask(path, json.dumps(body), content_type="application/json")
    assert answer.status == status
    assert accepts(document, schema, body) == (status == 200)
    check(document, operation, answer)


@pytest.mark.parametrize("name", JSON_BODIES)
def test_an_explanation_is_given_for_one_row_as_described(site: Site, document: Document, name: str) -> None:
    status, body = JSON_BODIES[name]
    is_row = isinstance(body, dict) and "a" in body
    answer = site.ask("/predict?explain=true", json.dumps(body), content_type="application/json")
    assert answer.status == (status if is_row else 422)
    check(document, document["paths"]["/predict"]["post"], answer)
    if answer.status == 200:
        assert answer.json()["contributions"].keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("query", "status"),
    [("explain=true", 422), ("explain=yes", 422), ("explain=", 422), ("explain=false", 200), ("other=true", 200)],
)
def test_what_explain_may_be(site: Site, document: Document, query: str, status: int) -> None:
    answer = site.ask(f"/predict?{query}", b"a,b\n1,2\n", content_type="text/csv")
    assert answer.status == status
    check(document, document["paths"]["/predict"]["post"], answer)
    if status == 422:
        assert "explain" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("name", STRICT)
def test_unknown_fields_are_refused_as_described(make_site: Callable[[Settings], Site], name: str) -> None:
    site = make_site(Settings(bucket="vintner", label="label", ignore=("id",), unknown_fields="error"))
    site.train(1, 2)
    status, body = STRICT[name]
    document = site.ask("/openapi.json").json()
    operation = document["paths"]["/predict"]["post"]
    answer = site.ask("/predict", json.dumps(body), content_type="application/json")
    assert answer.status == status
    assert accepts(document, operation["requestBody"]["content"]["application/json"]["schema"], body) == (status == 200)
    check(document, operation, answer)


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
@pytest.mark.parametrize(
    ("media_type", "body"), [("application/json", b'{"a": 1, "b": 2, "c": 3}'), ("text/csv", b"1,2\n")]
)
def test_warnings_are_described(site: Site, document: Document, path: str, media_type: str, body: bytes) -> None:
    answer = site.ask(path, body, content_type=media_type)
    assert len(answer.json()["warnings"]) == 1
    check(document, document["paths"][path]["post"], answer)


@pytest.mark.parametrize("name", OTHER_BODIES)
def test_other_bodies_are_answered_as_described(site: Site, document: Document, name: str) -> None:
    status, media_type, body = OTHER_BODIES[name]
    answer = site.ask("/predict", body, content_type=media_type)
    assert answer.status == status
    check(document, document["paths"]["/predict"]["post"], answer)


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_every_example_is_answered(site: Site, document: Document, path: str) -> None:
    content = document["paths"][path]["post"]["requestBody"]["content"]
    bodies = [
        ("application/json", json.dumps(one["value"])) for one in content["application/json"]["examples"].values()
    ]
    for media_type, body in [*bodies, ("text/csv", content["text/csv"]["example"])]:
        assert site.ask(path, body, content_type=media_type).status == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/model", "/status", "/health", "/ping"])
@pytest.mark.parametrize("seeds", [(), (1, 2)], ids=["nothing in production", "a model"])
def test_what_is_asked_for_is_answered_as_described(site: Site, path: str, seeds: tuple[int, ...]) -> None:
    if seeds:
        site.train(*seeds)
    document = site.ask("/openapi.json").json()
    check(document, document["paths"][path]["get"], site.ask(path))


def test_a_status_with_every_kind_of_entry_is_described(site: Site, document: Document) -> None:
    site.stage.put("data/slots/bad.csv", "a;b;label\n")
    site.stage.put("data/notes.txt", "notes")
    site.stage.put("data/slots/again.csv", site.stage.store.read("data/slots/1.csv").body)
    site.stage.store.delete("data/slots/2.csv")
    site.stage.ingest()
    site.stage.promote()
    check(document, document["paths"]["/status"]["get"], site.ask("/status"))


def test_without_a_model_nothing_is_promised(site: Site) -> None:
    document = site.ask("/openapi.json").json()
    answer = site.ask("/predict", json.dumps(ROW), content_type="application/json")
    assert answer.status == 503
    check(document, document["paths"]["/predict"]["post"], answer)
    assert "Row" not in document["components"]["schemas"]


@pytest.mark.parametrize(("positive", "classes"), [(None, ["no", "yes"]), (Positive("==", "yes"), [False, True])])
def test_the_classes_are_the_models_own(
    make_site: Callable[[Settings], Site], positive: Positive | None, classes: list[object]
) -> None:
    site = make_site(Settings(bucket="vintner", label="label", positive=positive))
    site.train(1)
    schemas = site.ask("/openapi.json").json()["components"]["schemas"]
    assert schemas["Prediction"]["properties"]["prediction"]["enum"] == classes
    assert schemas["Row"]["required"] == ["a", "b"]
    assert set(schemas["Row"]["properties"]) == {"a", "b", "label"}


def test_the_examples_are_the_medians_of_the_training_rows(site: Site, document: Document) -> None:
    fills = json.loads(site.stage.store.read(f"models/{site.stage.pointer.model_id}/scorer.json").body)["fills"]
    properties = document["components"]["schemas"]["Row"]["properties"]
    assert [properties[name]["examples"] for name in ("a", "b")] == [[fill] for fill in fills]


def test_a_wrong_method_is_a_problem(site: Site) -> None:
    answer = site.request("DELETE", "/predict", None, {})
    assert (answer.status, answer.media_type) == (405, "application/problem+json")
    assert answer.headers["allow"] == "POST"
