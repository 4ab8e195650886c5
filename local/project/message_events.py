"""The events that Lambda makes of messages: of a queue's, in batches, and of a topic's, one by one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.environment import REGION

ACCOUNT: Final = "123456789012"

_SQS_ATTRIBUTES: Final = {"dataType": "DataType", "stringValue": "StringValue", "binaryValue": "BinaryValue"}


def arn_of(service: str, name: str) -> str:
    """The ARN of a queue or topic in the simulated account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def sqs_event(queue: str, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The event of a batch of messages, as `receive_message` answers them."""
    return {"Records": [_sqs_record(queue, message) for message in messages]}


def _sqs_record(queue: str, message: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {ours: value[theirs] for ours, theirs in _SQS_ATTRIBUTES.items() if theirs in value}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn_of("sqs", queue),
        "awsRegion": REGION,
    }


def is_notification(body: Mapping[str, Any]) -> bool:
    """Whether a message in a queue is what SNS sends to one."""
    return body.get("Type") == "Notification" and "TopicArn" in body and "Message" in body


def sns_event(body: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a notification, from what SNS sends to a queue."""
    sns = {name: value for name, value in body.items() if name not in {"SigningCertURL", "UnsubscribeURL"}}
    sns |= {
        "Subject": body.get("Subject"),
        "MessageAttributes": body.get("MessageAttributes", {}),
        "SigningCertUrl": body.get("SigningCertURL", ""),
        "UnsubscribeUrl": body.get("UnsubscribeURL", ""),
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": body["TopicArn"], "Sns": sns}
    return {"Records": [record]}


def source_of(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """`sqs` or `sns`, and the queue's or topic's name, of an event that messages make; None for any other event."""
    records = event.get("Records")
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        return None
    first = records[0]
    if first.get("eventSource") == "aws:sqs":
        return "sqs", str(first.get("eventSourceARN", "")).rpartition(":")[2]
    if first.get("EventSource") == "aws:sns":
        return "sns", str((first.get("Sns") or {}).get("TopicArn", "")).rpartition(":")[2]
    return None
