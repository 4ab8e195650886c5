"""Which functions an event is for: pure, from the app's own event sources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from chalice.app import Chalice, S3EventConfig, ScheduledEventConfig, SNSEventConfig, SQSEventConfig

from local.errors import LocalError
from local.project.message_events import source_of
from local.project.project import API

Event = Mapping[str, Any]

KNOWN_EVENTS: Final = (
    "an S3 notification (Records[].eventSource 'aws:s3')",
    "messages of a queue (Records[].eventSource 'aws:sqs')",
    "a notification of a topic (Records[].EventSource 'aws:sns')",
    "a scheduled event (source 'aws.events', detail-type 'Scheduled Event')",
    "an API Gateway proxy event (requestContext.httpMethod and requestContext.resourcePath)",
)


@dataclass(frozen=True)
class S3Trigger:
    """A function that is called for a bucket's objects."""

    function: str
    bucket: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def listens_to(self, event_name: str) -> bool:
        """Whether `ObjectCreated:Put` (with or without `s3:`) is one of the trigger's events."""
        name = event_name.removeprefix("s3:")
        wildcard = f"{name.partition(':')[0]}:*"
        return any(event.removeprefix("s3:") in {name, wildcard} for event in self.events)

    def matches(self, record: Event) -> bool:
        """Whether a notification's record is for this trigger; its key is URL-quoted, as S3 does it."""
        key = unquote_plus(record["s3"]["object"]["key"])
        return (
            record["s3"]["bucket"]["name"] == self.bucket
            and self.listens_to(record["eventName"])
            and key.startswith(self.prefix)
            and key.endswith(self.suffix)
        )


@dataclass(frozen=True)
class ScheduleTrigger:
    """A function that is called on a schedule."""

    function: str
    expression: str


@dataclass(frozen=True)
class QueueTrigger:
    """A function that is called with batches of a queue's messages."""

    function: str
    queue: str
    batch_size: int = 1


@dataclass(frozen=True)
class TopicTrigger:
    """A function that is called for each message of a topic."""

    function: str
    topic: str


@dataclass(frozen=True)
class Triggers:
    """All that can start a function of an app; `callable` are the functions that only a caller starts."""

    s3: tuple[S3Trigger, ...] = ()
    schedules: tuple[ScheduleTrigger, ...] = ()
    queues: tuple[QueueTrigger, ...] = ()
    topics: tuple[TopicTrigger, ...] = ()
    callable: tuple[str, ...] = ()
    routes: bool = False
    not_simulated: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """All functions of the app but the one of its routes, each once."""
        kinds: tuple[Iterable[Any], ...] = (self.s3, self.schedules, self.queues, self.topics)
        return _unique([*self.callable, *(trigger.function for triggers in kinds for trigger in triggers)])

    @property
    def buckets(self) -> tuple[str, ...]:
        """The buckets that some trigger names, each once."""
        return tuple(dict.fromkeys(trigger.bucket for trigger in self.s3))

    def events(self, bucket: str) -> tuple[str, ...]:
        """All event names that some trigger of `bucket` listens to, each once."""
        names = (event for trigger in self.s3 if trigger.bucket == bucket for event in trigger.events)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Match:
    """The functions that an event is for, and why these (or why none)."""

    functions: tuple[str, ...]
    reason: str


def triggers_of(app: Chalice) -> Triggers:
    """Read a Chalice app's event sources; those that are not simulated are kept as one clear line each."""
    found = [_trigger_of(source) for source in app.event_sources]
    other = [trigger for trigger in found if isinstance(trigger, str)]
    other += [_not_simulated(route, "Websocket") for route in app.websocket_handlers]
    return Triggers(
        s3=tuple(trigger for trigger in found if isinstance(trigger, S3Trigger)),
        schedules=tuple(trigger for trigger in found if isinstance(trigger, ScheduleTrigger)),
        queues=tuple(trigger for trigger in found if isinstance(trigger, QueueTrigger)),
        topics=tuple(trigger for trigger in found if isinstance(trigger, TopicTrigger)),
        callable=tuple(function.name for function in app.pure_lambda_functions),
        routes=bool(app.routes),
        not_simulated=tuple(other),
    )


def _trigger_of(source: object) -> S3Trigger | ScheduleTrigger | QueueTrigger | TopicTrigger | str:
    """A trigger from an event source of Chalice's, or the line that says that it is not simulated."""
    if isinstance(source, S3EventConfig):
        prefix, suffix = source.prefix or "", source.suffix or ""
        return S3Trigger(source.name, source.bucket, tuple(source.events), prefix, suffix)
    if isinstance(source, ScheduledEventConfig):
        expression = source.schedule_expression
        return ScheduleTrigger(source.name, expression if isinstance(expression, str) else expression.to_string())
    if isinstance(source, SQSEventConfig):
        queue = source.queue or source.queue_arn.rpartition(":")[2]
        return QueueTrigger(source.name, queue, source.batch_size)
    if isinstance(source, SNSEventConfig):
        return TopicTrigger(source.name, source.topic.rpartition(":")[2])
    return _not_simulated(getattr(source, "name", "a function"), type(source).__name__)


def functions_for(triggers: Triggers, event: Event) -> Match:
    """The functions that `event` is for, in the order in which the app declares them.

    Raise `LocalError`, which lists the kinds that are simulated, for an event of any other kind.
    """
    if event.get("Event") == "s3:TestEvent":
        return Match((), "S3 sends this test event when a notification is set up; it is for no function")
    if event.get("Records") == []:
        return Match((), "the event has no records, so it is for no function")
    if records := _s3_records(event):
        return _for_s3(triggers, records)
    if source := source_of(event):
        return _for_messages(triggers, *source)
    if event.get("source") == "aws.events" and event.get("detail-type") == "Scheduled Event":
        return _for_schedule(triggers, event)
    if _is_http(event):
        return Match((API,), "an HTTP request") if triggers.routes else Match((), "the app has no HTTP routes")
    raise LocalError(
        f"no simulated trigger takes this event: expected {'; or '.join(KNOWN_EVENTS)}; "
        f"found the fields {', '.join(map(repr, event)) or 'none'}"
    )


def nearest_functions(triggers: Triggers, event: Event) -> Match:
    """Like `functions_for`, but an S3 event for another bucket or key goes by its event name alone.

    For sample events from another account, whose bucket and key are not this app's.
    """
    match = functions_for(triggers, event)
    records = _s3_records(event)
    if match.functions or not records:
        return match
    names = [record["eventName"] for record in records]
    functions = _unique(t.function for t in triggers.s3 if any(t.listens_to(name) for name in names))
    if not functions:
        return Match((), f"no function listens to {', '.join(_unique(names))}")
    return Match(functions, f"{match.reason}; these listen to {', '.join(_unique(names))}")


def _for_s3(triggers: Triggers, records: list[Event]) -> Match:
    functions = _unique(t.function for t in triggers.s3 if any(t.matches(record) for record in records))
    if functions:
        return Match(functions, "bucket, event name, prefix and suffix match")
    first = records[0]
    key = unquote_plus(first["s3"]["object"]["key"])
    place = f"{first['eventName']} of {key!r} in bucket {first['s3']['bucket']['name']!r}"
    return Match((), f"no trigger matches {place}")


def _for_messages(triggers: Triggers, service: str, name: str) -> Match:
    if service == "sqs":
        functions = _unique(trigger.function for trigger in triggers.queues if trigger.queue == name)
    else:
        functions = _unique(trigger.function for trigger in triggers.topics if trigger.topic == name)
    what = "queue" if service == "sqs" else "topic"
    return Match(functions, f"the {what}'s name" if functions else f"no trigger names the {what} {name!r}")


def _for_schedule(triggers: Triggers, event: Event) -> Match:
    rules = {str(resource).rpartition("/")[2] for resource in event.get("resources", [])}
    scheduled = _unique(trigger.function for trigger in triggers.schedules)
    # Chalice deploys the rule of the function f as <app>-<stage>-f-event.
    named = tuple(f for f in scheduled if any(r == f or r.endswith(f"-{f}-event") for r in rules))
    if named:
        return Match(named, "the rule's name")
    if scheduled:
        return Match(scheduled, "the rule names no scheduled function, so every one of them")
    return Match((), "the app has no scheduled function")


def _s3_records(event: Event) -> list[Event]:
    """The records of an S3 notification; an empty list for any other event."""
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        return []
    if not all(isinstance(record, dict) and record.get("eventSource") == "aws:s3" for record in records):
        return []
    for record in records:
        try:
            record["s3"]["object"]["key"], record["s3"]["bucket"]["name"], record["eventName"]
        except (KeyError, TypeError) as error:
            raise LocalError(
                "an S3 record needs eventName, s3.bucket.name and s3.object.key; "
                f"found {', '.join(map(repr, record))} without {error}"
            ) from error
    return records


def _is_http(event: Event) -> bool:
    context = event.get("requestContext")
    return isinstance(context, dict) and "httpMethod" in context and "resourcePath" in context


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _not_simulated(name: str, kind: str) -> str:
    return f"{name}: {kind.removesuffix('Config').removesuffix('Event')} events are not simulated"
