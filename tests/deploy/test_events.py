"""The sample events have every field that AWS's own have: they fit the models of Powertools' parser."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventModel,
    EventBridgeModel,
    S3Model,
)
from pydantic import BaseModel, ValidationError

EVENTS = Path(__file__).resolve().parents[2] / "events"
MODELS: dict[str, type[BaseModel]] = {
    "api_request.json": APIGatewayProxyEventModel,
    "batch_uploaded.json": S3Model,
    "model_scored.json": S3Model,
    "odd_key_uploaded.json": S3Model,
    "slot_removed.json": S3Model,
    "slot_uploaded.json": S3Model,
    "sweep.json": EventBridgeModel,
    "test_set_uploaded.json": S3Model,
}
# S3 sends it to queues and topics when a notification is set up; it has no records, and no model.
WITHOUT_MODEL = {"s3_test_event.json"}


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", MODELS)
def test_an_event_fits_its_model(name: str) -> None:
    MODELS[name].model_validate(event(name))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("api_request.json", ("requestContext", "protocol")),
        ("api_request.json", ("requestContext", "requestTimeEpoch")),
        ("sweep.json", ("detail-type",)),
        ("slot_uploaded.json", ("Records",)),
    ],
)
def test_the_check_can_fail(name: str, path: tuple[str, ...]) -> None:
    broken = event(name)
    holder = broken
    for part in path[:-1]:
        holder = holder[part]
    del holder[path[-1]]
    with pytest.raises(ValidationError):
        MODELS[name].model_validate(broken)


def test_every_event_is_checked() -> None:
    assert {path.name for path in EVENTS.glob("*.json")} == {*MODELS, *WITHOUT_MODEL}
