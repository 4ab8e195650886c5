"""Where moto differs from AWS, corrected at its edge so that no app has to know.

- S3 takes the name of a notification's filter in any case (Chalice says `Prefix`); moto 5.2 takes lower case only.
- S3 sends `ObjectRemoved:DeleteMarkerCreated` for a delete in a versioned bucket; moto 5.2 sends nothing.
- A statement of a bucket's policy that is for requests without TLS is for no other request; moto 5.2 applies it to all.
  Here every request counts as one over TLS.
- API Gateway takes Swagger 2.0 as Chalice writes it; moto 5.2 takes OpenAPI 3 with a description only, and no API keys.
- SQS hands out a message in a time that does not depend on its queue's length; moto 5.2 counts the queue each time.
- So does sending a message; moto 5.2 asks the time twice for each message of the queue, four times over.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from moto.apigateway.models import APIGatewayBackend
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import notifications
from moto.s3.models import FakeBucket, S3Backend
from moto.sqs.models import Message, Queue, SQSBackend

_FILTER_NAME: Final = re.compile(rb"<Name>(Prefix|Suffix)</Name>")
_WITHOUT_TLS: Final = {"Bool": {"aws:SecureTransport": "false"}}
_put_rest_api = APIGatewayBackend.put_rest_api
_import_rest_api = APIGatewayBackend.import_rest_api
_mark = S3Backend._set_delete_marker  # noqa: SLF001  (there is no public place for this)


def request(scope: Mapping[str, Any], body: bytes) -> bytes:
    """A request's body as moto expects it; its length stays the same."""
    if scope["method"] == "PUT" and scope["query_string"].startswith(b"notification"):
        return _FILTER_NAME.sub(lambda match: match[0].lower().replace(b"name", b"Name"), body)
    return body


def apply() -> None:
    """Correct moto in this process."""
    S3Backend._set_delete_marker = _set_delete_marker  # noqa: SLF001
    FakeBucket.get_permission = _get_permission
    APIGatewayBackend.import_rest_api = _import_swagger
    APIGatewayBackend.put_rest_api = _put_swagger
    SQSBackend.is_message_valid_based_on_retention_period = _is_retained
    Queue.messages = property(_visible)
    Queue.approximate_number_of_messages_not_visible = property(_in_flight)
    Queue.approximate_number_of_messages_delayed = property(_delayed)


def _set_delete_marker(backend: S3Backend, bucket_name: str, key_name: str) -> Any:  # noqa: ANN401  (moto has no types)
    bucket = backend.get_bucket(bucket_name)
    key = bucket.keys.get(key_name)
    marker = _mark(backend, bucket_name, key_name)
    event = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
    notifications.send_event(backend.account_id, event, bucket, getattr(key, "key", key))
    return marker


def _get_permission(bucket: FakeBucket, action: str, resource: str) -> Any:  # noqa: ANN401  (moto has no types)
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    listed = policy["Statement"]
    statements = listed if isinstance(listed, list) else [listed]
    policy["Statement"] = [each for each in statements if each.get("Condition") != _WITHOUT_TLS]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _import_swagger(backend: APIGatewayBackend, api_doc: dict[str, Any], fail_on_warnings: bool) -> Any:  # noqa: ANN401
    described = {**api_doc, "info": {"description": "", **api_doc["info"]}}
    return _import_rest_api(backend, described, fail_on_warnings)


def _put_swagger(backend: APIGatewayBackend, function_id: str, api_doc: dict[str, Any], **how: Any) -> Any:  # noqa: ANN401
    openapi = {"openapi": "3.0.1", **{name: value for name, value in api_doc.items() if name != "swagger"}}
    api = _put_rest_api(backend, function_id, openapi, **how)
    for path, methods in api_doc["paths"].items():
        resource = api.get_resource_for_path(path)
        for name, method in methods.items():
            needed = any("api_key" in scheme for scheme in method.get("security", []))
            resource.resource_methods[name.upper()].api_key_required = needed
    return api


def _is_retained(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    """Whether a message is not too old; moto's own check counts all messages of the queue each time.

    With two hundred events in flight that took more time than everything else together.
    """
    retention_seconds: int = backend.get_queue(queue_name).message_retention_period
    return bool(retention_seconds + message.sent_timestamp / 1000 > time.time())


def _visible(queue: Queue) -> list[Message]:
    """The messages that can be handed out; moto asks for the time again at each message, at every send."""
    now = time.time() * 1000
    return [each for each in queue._messages if each.visible_at < now and each.delayed_until <= now]  # noqa: SLF001


def _in_flight(queue: Queue) -> int:
    now = time.time() * 1000
    return sum(each.visible_at >= now for each in queue._messages)  # noqa: SLF001


def _delayed(queue: Queue) -> int:
    now = time.time() * 1000
    return sum(each.delayed_until > now for each in queue._messages)  # noqa: SLF001
