"""The buckets and queues that an app needs before its first event, and what is in the queues later."""

import contextlib
import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from local.environment import EVENTS_QUEUE, WAITING, aws_dummies
from local.errors import LocalError
from local.project.triggers import Triggers
from local.runfile import Running

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import NotificationConfigurationTypeDef
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

DEAD_LETTERS: Final = "local-dead-letters"
# A message is in flight until its function has returned, retries included; SQS allows 12 hours.
VISIBILITY_SECONDS: Final = 12 * 60 * 60
PEEK_SECONDS: Final = 30
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Queues:
    """The URLs of the two queues of the simulated cloud, and of the app's own queues by their names."""

    events: str
    dead_letters: str
    of_app: dict[str, str]


def set_up(triggers: Triggers, *, s3: "S3Client", sqs: "SQSClient", sns: Any) -> Queues:  # noqa: ANN401  (has no stubs)
    """Create the triggers' buckets, queues and topics, and have all events sent to one queue."""
    attributes: Any = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    events = sqs.create_queue(QueueName=EVENTS_QUEUE, Attributes=attributes)["QueueUrl"]
    dead = sqs.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=events, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for bucket in triggers.buckets:
        # One notification without a filter for each bucket: which functions an event is for is decided in one
        # place, where it is delivered, and no event arrives twice because two triggers overlap.
        names: Any = list(triggers.events(bucket))
        notification: NotificationConfigurationTypeDef = {"QueueConfigurations": [{"QueueArn": arn, "Events": names}]}
        try:
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notification)
        except ClientError as error:
            raise LocalError(f"a trigger of bucket {bucket!r} with events {', '.join(names)}: {error}") from error
    for topic in dict.fromkeys(trigger.topic for trigger in triggers.topics):
        topic_arn = sns.create_topic(Name=topic)["TopicArn"]
        sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    own = {
        trigger.queue: sqs.create_queue(
            QueueName=trigger.queue, Attributes=_queue_attributes(trigger.queue, attributes)
        )
        for trigger in triggers.queues
    }
    return Queues(events, dead, {name: queue["QueueUrl"] for name, queue in own.items()})


def _queue_attributes(name: str, attributes: Any) -> Any:  # noqa: ANN401  (a literal of the stubs)
    return {**attributes, "FifoQueue": "true"} if name.endswith(".fifo") else attributes


def clients(endpoint_url: str) -> "tuple[S3Client, SQSClient]":
    """S3 and SQS clients of the simulated cloud that do not read this process's environment."""
    session = _session()
    config = Config(proxies={}, s3={"addressing_style": "path"})
    return (
        session.client("s3", endpoint_url=endpoint_url, config=config),
        session.client("sqs", endpoint_url=endpoint_url, config=config),
    )


def _session() -> boto3.session.Session:
    dummies = aws_dummies("")
    nowhere = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.session.Session(
        aws_access_key_id=dummies["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=dummies["AWS_SECRET_ACCESS_KEY"],
        region_name=dummies["AWS_REGION"],
        # A profile named outside may be unknown here, and would stop the client before its first request.
        botocore_session=botocore.session.Session(session_vars=nowhere),
    )


def client_of(service: Literal["sns", "lambda"], endpoint_url: str) -> Any:  # noqa: ANN401  (has no stubs here)
    """A client of another service of the simulated cloud, from nothing but its address."""
    return _session().client(service, endpoint_url=endpoint_url, config=Config(proxies={}))


def idle(up: Running, *, sqs: "SQSClient | None" = None) -> bool:
    """Whether all work is done: no event waits, is being handled or awaits a retry.

    An object's notification is in the queue before its upload is answered, and a message leaves the queue only when
    all its functions are done with it, so one look at the queue is enough: no event is ever between two places.
    """
    client = sqs or clients(up.endpoint_url)[1]
    names: Any = list(_COUNTS)
    counts: Mapping[Any, str] = client.get_queue_attributes(QueueUrl=up.queue_url, AttributeNames=names)["Attributes"]
    return sum(int(counts.get(name, 0)) for name in _COUNTS) == 0 and (not up.app_queue_urls or _none_wait(up))


def _none_wait(up: Running) -> bool:
    """Whether all queues are empty at one moment: an app's own queue and the events fill each other."""
    names = [url.rpartition("/")[2] for url in (up.queue_url, *up.app_queue_urls)]
    connection = http.client.HTTPConnection(up.endpoint_url.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", f"{WAITING}?{urlencode([('queue', name) for name in names])}")
        return int(connection.getresponse().read()) == 0


def post(up: Running, event: Mapping[str, Any], *, sqs: "SQSClient | None" = None) -> None:
    """Put an event into the queue, as if it had just happened."""
    client = sqs or clients(up.endpoint_url)[1]
    client.send_message(QueueUrl=up.queue_url, MessageBody=json.dumps(event))


def dead_letters(up: Running, *, sqs: "SQSClient | None" = None) -> list[dict[str, Any]]:
    """All dead letters (function, event, error, attempts, at), oldest first; they stay in their queue."""
    client = sqs or clients(up.endpoint_url)[1]
    messages: list[MessageTypeDef] = []
    while batch := _receive(client, up.dead_letter_queue_url):
        messages += batch
    for message in messages:
        # Another reader may have made it visible again already.
        with contextlib.suppress(ClientError):
            client.change_message_visibility(
                QueueUrl=up.dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
    return [json.loads(message["Body"]) for message in messages]


def _receive(client: "SQSClient", url: str) -> "list[MessageTypeDef]":
    answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=PEEK_SECONDS)
    return answer.get("Messages", [])
