"""API Gateway: endpoints that a partition does not have, and paths of a stage's settings that there are not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.apigateway.exceptions import BadRequestException, NotFoundException
from moto.apigateway.models import APIGatewayBackend, RestAPI, Stage
from moto.apigateway.responses import APIGatewayResponse
from moto.utilities.utils import get_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

EDGE = "EDGE"
WITH_EDGE = "aws"  # the only partition with edge-optimised endpoints
_SETTINGS = (
    "metrics/enabled",
    "logging/dataTrace",
    "logging/loglevel",
    "throttling/burstLimit",
    "throttling/rateLimit",
    "caching/enabled",
    "caching/ttlInSeconds",
    "caching/dataEncrypted",
    "caching/requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy",
)
_PLAIN = ("/deploymentId", "/description", "/cacheCluster", "/clientCertificateId", "/accessLogSettings", "/variables/")
_OTHER = (*_PLAIN, "/tracingEnabled", "/canarySettings")
# A resource's own slashes are escaped as in any JSON Pointer: /pets/dogs is ~1pets~1dogs.
_METHOD = re.compile(r"/([^/]+)/(\*|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY)(?:/(.+))?")
_import = APIGatewayResponse.import_rest_api
_delete = APIGatewayBackend.delete_rest_api
_apply_to_api = RestAPI.apply_patch_operations
_apply_to_stage = Stage.apply_operations


def apply() -> None:
    """Refuse what API Gateway refuses, and remove a method's settings, which moto leaves."""
    APIGatewayResponse.import_rest_api = _import_rest_api
    RestAPI.apply_patch_operations = _patch_api
    Stage.apply_operations = _patch_stage
    APIGatewayBackend.delete_rest_api = _delete_rest_api


def _delete_rest_api(backend: APIGatewayBackend, function_id: str) -> RestAPI:
    if function_id not in backend.apis:
        raise NotFoundException("Invalid API identifier specified")  # moto fails with a status of 500
    return _delete(backend, function_id)


def _import_rest_api(response: APIGatewayResponse) -> Any:  # noqa: ANN401  (moto has no types)
    kind = response.querystring.get("endpointConfigurationTypes", [EDGE])[0]
    _check_endpoint(kind, response.region)
    status, headers, body = _import(response)
    api = response.backend.get_rest_api(json.loads(body)["id"])
    api.endpoint_configuration = {"types": [kind]}
    return status, headers, json.dumps(api.to_dict())


def _patch_api(api: RestAPI, operations: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401  (moto has no types)
    for one in operations:
        if one["path"].startswith("/endpointConfiguration/types"):
            _check_endpoint(one.get("value", EDGE), api.region_name)
    return _apply_to_api(api, operations)


def _check_endpoint(kind: str, region: str) -> None:
    if kind == EDGE and get_partition(region) != WITH_EDGE:
        raise BadRequestException(f"Endpoint type {EDGE} is not supported in region {region}")


def _patch_stage(stage: Stage, operations: Sequence[dict[str, Any]]) -> Stage:
    for one in operations:
        if one["path"].startswith(_OTHER):
            continue
        found = _METHOD.fullmatch(one["path"])
        removes = one["op"] == "remove"
        if found is None or (found[3] is None) is not removes or (found[3] or _SETTINGS[0]) not in _SETTINGS:
            family = ", ".join(f"/{{resourcePath}}/{{httpMethod}}/{name}" for name in _SETTINGS)
            raise BadRequestException(f"Invalid method setting path: {one['path']}. Must be one of: [{family}]")
        if removes:
            stage.method_settings.pop(f"{found[1]}/{found[2]}", None)
    return _apply_to_stage(stage, operations)
