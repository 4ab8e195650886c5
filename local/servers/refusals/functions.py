"""Lambda: destinations that a role may not send to, and archives that a new bucket does not show yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LayerVersion
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from local.servers.refusals.storage import VERSIONS

if TYPE_CHECKING:
    from local.servers.refusals.settling import Settling

DESTINATION = "destination"
_publish_layer = LambdaBackend.publish_layer_version
_put_invoke_config = LambdaBackend.put_function_event_invoke_config


def apply(settling: Settling) -> None:
    """Refuse what Lambda refuses."""

    def publish_layer(backend: LambdaBackend, spec: dict[str, Any]) -> LayerVersion:
        bucket = spec.get("Content", {}).get("S3Bucket", "")
        if settling.left(VERSIONS, bucket):
            raise InvalidParameterValueException(
                "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
                "S3 Error Message: The specified key does not exist."
            )
        return _publish_layer(backend, spec)

    def put_invoke_config(backend: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        backend.get_function(function_name).event_invoke_config.clear()  # a put replaces; moto only adds
        arn = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if arn:
            role = backend.get_function(function_name).role.rpartition("/")[2]
            if not _may_send(backend, role, arn):
                settling.begin(DESTINATION, role)
            elif not settling.left(DESTINATION, role):
                answer: dict[str, Any] = _put_invoke_config(backend, function_name, config)
                return answer
            raise InvalidParameterValueException(
                "The function's execution role does not have permissions to call SendMessage on SQS"
            )
        found: dict[str, Any] = _put_invoke_config(backend, function_name, config)
        return found

    LambdaBackend.publish_layer_version = publish_layer
    LambdaBackend.put_function_event_invoke_config = put_invoke_config


def _may_send(backend: LambdaBackend, role_name: str, arn: str) -> bool:
    """Say whether there is such a queue, and a policy of the role allows to send to it."""
    queue = arn.split(":")
    if queue[2] != "sqs" or queue[5] not in sqs_backends[queue[4]][queue[3]].queues:
        return queue[2] != "sqs"
    roles = iam_backends[backend.account_id][get_partition(backend.region_name)]
    role = roles.get_role(role_name)
    statements = [one for text in role.policies.values() for one in json.loads(text)["Statement"]]
    return any(arn in one["Resource"] and "sqs:SendMessage" in one["Action"] for one in statements)
