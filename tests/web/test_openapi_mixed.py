"""The description of a model whose features are of every kind: exactly what it says is accepted."""

import gzip
import json
from typing import Any, Final

import pytest

from tests.support import mixed
from tests.web.conftest import Answer, Site
from tests.web.test_openapi import accepts, check

Document = dict[str, Any]

VALUES: Final[list[tuple[str, int, object]]] = [
    ("height", 200, None),
    ("height", 200, -1),
    ("height", 422, "1.5"),
    ("height", 422, ""),
    ("height", 422, True),
    ("height", 422, 4e38),
    ("since", 200, None),
    ("since", 200, "n/a"),
    ("since", 200, "2024-12-31T23:59"),
    ("since", 200, "2024-12-31 23:59:59.123456789+01:00"),
    ("since", 200, "2024-12-31T23:59Z"),
    ("since", 422, "2024-13-01"),
    ("since", 422, "2024-12-31T24:00"),
    ("since", 422, "31/12/2024"),
    ("since", 422, 20241231),
    ("met", 200, "2/1/2024 9:05"),
    ("met", 200, ""),
    ("met", 422, "02/11/2024"),
    ("met", 422, "13/13/2024 10:00"),
    ("met", 200, "2024-11-02"),
    ("met", 422, "2024-13-02"),
    ("member", 200, None),
    ("member", 200, "No"),
    ("member", 200, "t"),
    ("member", 200, 1),
    ("member", 200, "0"),
    ("member", 200, "?"),
    ("member", 422, 2),
    ("member", 422, "perhaps"),
    ("member", 422, [True]),
    ("colour", 200, "violet"),
    ("colour", 200, ""),
    ("colour", 200, 7.5),
    ("colour", 200, None),
    ("colour", 422, False),
    ("colour", 422, {"red": 1}),
    ("code", 200, "3"),
    ("code", 200, 99),
    ("remark", 200, {"any": "thing"}),
    ("label", 200, "good"),
]
CSV: Final = "height;since;met;member;colour;code\n1,5;2024-02-29;02/11/2024 15:04;yes;Straße;3\n"
BODIES: Final = {
    "commas": CSV.replace(",", ".").replace(";", ",").encode(),
    "semicolons and decimal commas": CSV.encode(),
    "tabs": CSV.replace(";", "\t").encode(),
    "bars": CSV.replace(";", "|").encode(),
    "byte order mark": CSV.encode("utf-8-sig"),
    "utf-16": CSV.encode("utf-16"),
    "utf-16 without a mark": CSV.encode("utf-16-le"),
    "windows-1252": CSV.encode("cp1252"),
    "carriage returns": CSV.replace("\n", "\r\n").encode(),
    "gzip": gzip.compress(CSV.encode()),
    "other order, other spelling": b'code,met,"Since ",colour,member,height\n'.replace(b'"Since "', b'" since"')
    + "3,2/11/2024 15:04,2024-02-29,Straße,TRUE,1.50\n".encode(),
}


def predict(site: Site, **changes: object) -> Answer:
    """The answer to the row with some other values."""
    return site.ask("/predict", mixed.as_json({**mixed.ROW, **changes}), content_type="application/json")


@pytest.mark.parametrize(("name", "status", "value"), VALUES)
def test_a_value_is_accepted_as_described(mixed_site: Site, name: str, status: int, value: object) -> None:
    document = mixed_site.ask("/openapi.json").json()
    operation = document["paths"]["/predict"]["post"]
    answer = predict(mixed_site, **{name: value})
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert answer.status == status
    assert accepts(document, schema, {**mixed.ROW, name: value}) == (status == 200)
    check(document, operation, answer)


def test_each_bad_field_is_named_with_what_was_expected(mixed_site: Site) -> None:
    answer = predict(mixed_site, height="tall", since="soon", met=None, member="perhaps")
    told = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert told.keys() == {"/height", "/since", "/member"}
    assert "a number or null" in told["/height"]
    assert "2024-11-02" in told["/since"]
    assert "true or false" in told["/member"]


@pytest.mark.parametrize("name", BODIES)
def test_csv_of_any_dialect_is_the_same_row(mixed_site: Site, name: str) -> None:
    answer = mixed_site.ask("/predict", BODIES[name], content_type="text/csv")
    wanted = predict(mixed_site, colour="Straße").json()
    assert answer.status == 200
    assert answer.json()["predictions"] == [{key: wanted[key] for key in wanted if key != "model_id"}]


@pytest.mark.parametrize("body", [b" \n", b"\xef\xbb\xbf", b"\xff\xfe", gzip.compress(b"", mtime=0)], ids=repr)
def test_a_body_without_content_is_malformed(mixed_site: Site, body: bytes) -> None:
    answer = mixed_site.ask("/predict", body, content_type="text/csv")
    assert answer.status == 400
    assert "found an empty file" in answer.json()["detail"]


def test_a_packed_body_is_unpacked_within_bounds(mixed_site: Site) -> None:
    line = CSV.splitlines(keepends=True)[1]
    bomb = gzip.compress((CSV + line * 400_000).encode())
    answer = mixed_site.ask("/predict", bomb, content_type="text/csv")
    assert answer.status == 400
    assert "MB after unpacking" in answer.json()["detail"]


def test_a_day_that_its_month_lacks_is_refused(mixed_site: Site) -> None:
    assert predict(mixed_site, since="2023-02-29").status == 422
    assert predict(mixed_site, met="31/04/2024 10:00").status == 422


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_every_example_is_answered(mixed_site: Site, path: str) -> None:
    content = mixed_site.ask("/openapi.json").json()["paths"][path]["post"]["requestBody"]["content"]
    bodies = [
        ("application/json", json.dumps(one["value"])) for one in content["application/json"]["examples"].values()
    ]
    for media_type, body in [*bodies, ("text/csv", content["text/csv"]["example"])]:
        assert mixed_site.ask(path, body, content_type=media_type).status == 200


def test_every_example_of_a_value_is_accepted(mixed_site: Site) -> None:
    properties = mixed_site.ask("/openapi.json").json()["components"]["schemas"]["Row"]["properties"]
    answers = [predict(mixed_site, **{name: one}) for name in mixed.FEATURES for one in properties[name]["examples"]]
    assert {answer.status for answer in answers} == {200}
    assert properties["colour"]["examples"] == ["Straße", "blue", "red"]


@pytest.mark.parametrize("path", ["/model", "/status"])
def test_model_and_status_are_described(mixed_site: Site, path: str) -> None:
    mixed_site.stage.put("data/slots/drifted.csv", mixed.drifted())
    mixed_site.stage.put("data/slots/packed.csv.gz", gzip.compress(mixed.table(mixed.rows(5)).encode()))
    mixed_site.stage.put("data/slots/broken.csv.gz", b"\x1f\x8bbroken")
    mixed_site.stage.ingest()
    mixed_site.stage.promote()
    document = mixed_site.ask("/openapi.json").json()
    answer = mixed_site.ask(path)
    check(document, document["paths"][path]["get"], answer)
    told = answer.json()
    if path == "/model":
        assert {column["kind"] for column in told["schema"]} == {"number", "date", "boolean", "category", "unused"}
        assert told["warnings"]
    else:
        assert {receipt["kind"] for receipt in told["receipts"]} == {"schema", "test", "slot"}
        assert {bool(receipt.get("drift")) for receipt in told["receipts"]} == {False, True}
