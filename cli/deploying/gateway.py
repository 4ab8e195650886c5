"""What API Gateway answers by itself, in the form of the app's own errors; the API key and the stage's limits."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.usage_plan import Gate
from cli.deploying.account import Account, code_of

PROBLEM: Final = "application/problem+json"
EVERY_METHOD: Final = "*/*"  # of a stage: what no method's own settings say otherwise

# Type of the gateway's answer, status, title, detail. The gateway says 403 of a path or a method that it does not know.
ANSWERS: Final = (
    ("MISSING_AUTHENTICATION_TOKEN", 404, "Not Found", "there is no such route, or it does not answer this method"),
    ("RESOURCE_NOT_FOUND", 404, "Not Found", "there is no such route"),
    ("INVALID_API_KEY", 403, "Forbidden", "expected a valid key in the header x-api-key"),
    ("REQUEST_TOO_LARGE", 413, "Content Too Large", "expected at most 6 MB, or 4.7 MB of CSV: send the rows in parts"),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "expected application/json or text/csv"),
    ("THROTTLED", 429, "Too Many Requests", "more requests than the stage's limit: try again later"),
    ("QUOTA_EXCEEDED", 429, "Too Many Requests", "more requests than the key's quota: try again later"),
    ("INTEGRATION_FAILURE", 502, "Bad Gateway", "the function could not be called: try again later"),
    ("INTEGRATION_TIMEOUT", 504, "Gateway Timeout", "the function did not answer in time: try again later"),
)
# Whatever else the gateway refuses keeps its own status, which a template cannot name.
OTHERS: Final = (("DEFAULT_4XX", "The request was refused"), ("DEFAULT_5XX", "The request could not be handled"))


def gateway_responses(origins: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The gateway's own answers, by type, as its API and its OpenAPI extension spell them.

    Pages of the `origins` may read them. A mapping cannot choose among several, so it then repeats the asking one:
    these answers tell nothing that is not public.
    """
    answers: dict[str, dict[str, Any]] = {}
    for kind, status, title, detail in ANSWERS:
        document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        answers[kind] = {"statusCode": str(status), **_answer(document)}
    for kind, title in OTHERS:
        answers[kind] = _answer({"type": "about:blank", "title": title, "detail": "$context.error.responseType"})
    allowed = "method.request.header.Origin" if len(origins) > 1 else f"'{origins[0]}'" if origins else None
    for answer in answers.values() if allowed else ():
        answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] = allowed
    return answers


def _answer(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "responseParameters": {"gatewayresponse.header.Content-Type": f"'{PROBLEM}'"},
        "responseTemplates": {"application/json": json.dumps(document)},
    }


def configure_gateway(
    account: Account, rest_api_id: str, api_stage: str, gate: Gate, origins: Sequence[str] = ()
) -> str | None:
    """Set the gateway's own answers and the limits of a deployed API, and put them into service; the API key's id.

    Chalice's deployment writes the API anew each time, so this follows each time.
    """
    gateway = account.gateway
    for kind, answer in gateway_responses(origins).items():
        gateway.put_gateway_response(restApiId=rest_api_id, responseType=kind, **answer)  # type: ignore[arg-type]
    gateway.create_deployment(restApiId=rest_api_id, stageName=api_stage)
    current = gateway.get_stage(restApiId=rest_api_id, stageName=api_stage).get("methodSettings", {})
    operations = _limits(gate, current)
    if operations:
        gateway.update_stage(restApiId=rest_api_id, stageName=api_stage, patchOperations=operations)
    if gate.api_key:
        return _ensure_key(account, rest_api_id, api_stage)
    delete_key(account)
    return None


def delete_key(account: Account) -> None:
    """Delete the API key and its usage plan; nothing happens when there are none."""
    gateway = account.gateway
    for plan in _plans(account):
        for stage in plan.get("apiStages", []):
            value = f"{stage['apiId']}:{stage['stage']}"
            removal: Any = [{"op": "remove", "path": "/apiStages", "value": value}]
            gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=removal)
        for key in gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]:
            gateway.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
        gateway.delete_usage_plan(usagePlanId=plan["id"])
    for key in _keys(account):
        gateway.delete_api_key(apiKey=key["id"])


def _limits(gate: Gate, current: Iterable[str]) -> list[Any]:
    """What has to change in the stage's settings, which are named ``resource/method``.

    The limits are the whole stage's. Settings of single methods, which an earlier version made, would win over them.
    A path is a JSON Pointer: a resource's own slashes are written ``~1``, and the names come spelled so.
    """
    operations: list[Any] = [{"op": "remove", "path": f"/{name}"} for name in current if name != EVERY_METHOD]
    if gate.rate_limit:
        limits = (("rateLimit", f"{gate.rate_limit:g}"), ("burstLimit", str(gate.burst_limit)))
        operations += [
            {"op": "replace", "path": f"/{EVERY_METHOD}/throttling/{name}", "value": value} for name, value in limits
        ]
    elif EVERY_METHOD in current:
        operations.append({"op": "remove", "path": f"/{EVERY_METHOD}"})
    return operations


def _ensure_key(account: Account, rest_api_id: str, api_stage: str) -> str:
    gateway, name = account.gateway, account.name
    keys = _keys(account)
    key_id = keys[0]["id"] if keys else gateway.create_api_key(name=name, enabled=True)["id"]
    stages: Any = [{"apiId": rest_api_id, "stage": api_stage}]
    plans = _plans(account)
    plan_id = plans[0]["id"] if plans else gateway.create_usage_plan(name=name, apiStages=stages)["id"]
    if plans and stages[0] not in [{"apiId": api["apiId"], "stage": api["stage"]} for api in plans[0]["apiStages"]]:
        addition: Any = [{"op": "add", "path": "/apiStages", "value": f"{rest_api_id}:{api_stage}"}]
        gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=addition)
    try:
        gateway.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
    except ClientError as error:
        if code_of(error) != "ConflictException":  # it is there already
            raise
    return str(key_id)


def _keys(account: Account) -> list[Any]:
    pages = account.gateway.get_paginator("get_api_keys").paginate(nameQuery=account.name)
    return [key for page in pages for key in page.get("items", []) if key.get("name") == account.name]


def _plans(account: Account) -> list[Any]:
    pages = account.gateway.get_paginator("get_usage_plans").paginate()
    return [plan for page in pages for plan in page.get("items", []) if plan.get("name") == account.name]
