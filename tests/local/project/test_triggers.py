from typing import Any

import pytest
from chalice import Chalice, Cron, Rate

from local.errors import LocalError
from local.project.message_events import arn_of, sns_event, sqs_event
from local.project.triggers import Triggers, functions_for, nearest_functions, triggers_of

CREATED, REMOVED = "s3:ObjectCreated:*", "s3:ObjectRemoved:*"


def nothing(_event: object) -> None:
    return None


def sample_app() -> Chalice:
    app = Chalice(app_name="sample")
    app.on_s3_event(bucket="b", name="created", prefix="in/", suffix=".csv")(nothing)
    app.on_s3_event(bucket="b", name="put_only", events=["s3:ObjectCreated:Put"])(nothing)
    app.on_s3_event(bucket="b", name="gone", events=[REMOVED], prefix="in/")(nothing)
    app.on_s3_event(bucket="other", name="both", events=[CREATED, REMOVED])(nothing)
    app.schedule(Rate(5, unit=Rate.MINUTES), name="often")(nothing)
    app.schedule(Cron(0, 12, "?", "*", "MON-FRI", "*"), name="noon")(nothing)
    app.schedule("rate(1 day)", name="daily")(nothing)
    app.route("/x")(nothing)
    return app


TRIGGERS = triggers_of(sample_app())


def s3_event(key: str, *, bucket: str = "b", name: str = "ObjectCreated:Put") -> dict[str, Any]:
    s3 = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": name, "s3": s3}]}


def scheduled(*resources: str) -> dict[str, Any]:
    return {"source": "aws.events", "detail-type": "Scheduled Event", "resources": list(resources)}


RULE = "arn:aws:events:us-east-1:123456789012:rule/"
API_EVENT = {"requestContext": {"httpMethod": "GET", "resourcePath": "/x"}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(s3_event("in/a.csv"), ["created", "put_only"], id="two functions, each once"),
        pytest.param(s3_event("in%2Fa.csv"), ["created", "put_only"], id="quoted slash"),
        pytest.param(s3_event("in%2Fa+b%2B%C3%A9.csv"), ["created", "put_only"], id="plus and UTF-8"),
        pytest.param(s3_event("in/a.txt"), ["put_only"], id="another suffix"),
        pytest.param(s3_event("IN/a.csv"), ["put_only"], id="prefix is case-sensitive"),
        pytest.param(s3_event("in/a.csv", name="ObjectCreated:Copy"), ["created"], id="wildcard"),
        pytest.param(s3_event("in/a.csv", name="s3:ObjectCreated:Copy"), ["created"], id="name with s3:"),
        pytest.param(s3_event("in/a.csv", name="ObjectRemoved:Delete"), ["gone"], id="removed"),
        pytest.param(s3_event("out/a.csv", name="ObjectRemoved:Delete"), [], id="removed elsewhere"),
        pytest.param(s3_event("x", bucket="other"), ["both"], id="another bucket"),
        pytest.param(s3_event("in/a.csv", bucket="B"), [], id="unknown bucket"),
        pytest.param(s3_event("in/a.csv", name="ObjectTagging:Put"), [], id="event without a trigger"),
        pytest.param(
            {"Records": [*s3_event("x")["Records"], *s3_event("in/", name="ObjectRemoved:Delete")["Records"]]},
            ["put_only", "gone"],
            id="several records",
        ),
        pytest.param(scheduled(RULE + "noon"), ["noon"], id="rule names a function"),
        pytest.param(scheduled(RULE + "sample-dev-noon-event"), ["noon"], id="rule as Chalice deploys it"),
        pytest.param(scheduled(RULE + "ExampleRule"), ["often", "noon", "daily"], id="foreign rule"),
        pytest.param(scheduled(), ["often", "noon", "daily"], id="no rule"),
        pytest.param(API_EVENT, ["api_handler"], id="HTTP"),
        pytest.param({"Event": "s3:TestEvent", "Bucket": "b"}, [], id="test event"),
        pytest.param({"Records": []}, [], id="no records"),
    ],
)
def test_functions_for(event: dict[str, Any], expected: list[str]) -> None:
    match = functions_for(TRIGGERS, event)
    assert list(match.functions) == expected
    assert match.reason


@pytest.mark.parametrize(
    ("event", "part"),
    [
        pytest.param({}, "none", id="empty"),
        pytest.param({"hello": 1}, "'hello'", id="unknown"),
        pytest.param({"Records": [{"eventSource": "aws:kinesis"}]}, "'Records'", id="Kinesis"),
        pytest.param({"requestContext": {"http": {}}}, "'requestContext'", id="HTTP API version 2"),
        pytest.param({"source": "aws.ec2", "detail-type": "x"}, "'source'", id="another bus event"),
    ],
)
def test_an_unknown_event_is_refused_with_what_is_known(event: dict[str, Any], part: str) -> None:
    with pytest.raises(LocalError, match=r"S3 notification.*scheduled event.*API Gateway") as refused:
        functions_for(TRIGGERS, event)
    assert part in str(refused.value)


def test_a_record_without_a_key_is_refused() -> None:
    with pytest.raises(LocalError, match=r"s3\.object\.key"):
        functions_for(TRIGGERS, {"Records": [{"eventSource": "aws:s3", "eventName": "x", "s3": {}}]})


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(s3_event("in/a.csv"), ["created", "put_only"], id="an exact match stays exact"),
        pytest.param(s3_event("test%2Fkey", bucket="example-bucket"), ["created", "put_only", "both"], id="foreign"),
        pytest.param(s3_event("k", bucket="x", name="ObjectRemoved:Delete"), ["gone", "both"], id="removed"),
        pytest.param(s3_event("k", bucket="x", name="ObjectTagging:Put"), [], id="no trigger listens"),
        pytest.param({"Records": []}, [], id="no records"),
    ],
)
def test_nearest_functions(event: dict[str, Any], expected: list[str]) -> None:
    assert list(nearest_functions(TRIGGERS, event).functions) == expected


def test_a_foreign_event_says_why_it_goes_where_it_goes() -> None:
    reason = nearest_functions(TRIGGERS, s3_event("test%2Fkey", bucket="example-bucket")).reason
    assert "'test/key' in bucket 'example-bucket'" in reason
    assert "ObjectCreated:Put" in reason


def test_buckets_and_their_events_are_named_once() -> None:
    assert TRIGGERS.buckets == ("b", "other")
    assert TRIGGERS.events("b") == (CREATED, "s3:ObjectCreated:Put", REMOVED)


def test_schedules_are_read_as_strings() -> None:
    assert [s.expression for s in TRIGGERS.schedules] == [
        "rate(5 minutes)",
        "cron(0 12 ? * MON-FRI *)",
        "rate(1 day)",
    ]


def test_an_app_without_routes_has_no_function_for_http() -> None:
    assert functions_for(Triggers(), API_EVENT).functions == ()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (sqs_event("orders", [{"MessageId": "1", "ReceiptHandle": "r", "Body": "b"}]), ["work"]),
        (sqs_event("others", [{"MessageId": "1", "ReceiptHandle": "r", "Body": "b"}]), []),
        (sns_event({"TopicArn": arn_of("sns", "news"), "Message": "m"}), ["hear", "hear_too"]),
        (sns_event({"TopicArn": arn_of("sns", "newsletter"), "Message": "m"}), []),
    ],
    ids=["queue", "another queue", "topic", "another topic"],
)
def test_messages_go_by_the_name_of_their_queue_or_topic(event: dict[str, Any], expected: list[str]) -> None:
    app = Chalice(app_name="sample")
    app.on_sqs_message(queue_arn=arn_of("sqs", "orders"), name="work", batch_size=3)(nothing)
    app.on_sns_message(topic="news", name="hear")(nothing)
    app.on_sns_message(topic=arn_of("sns", "news"), name="hear_too")(nothing)
    app.lambda_function(name="only_called")(nothing)
    triggers = triggers_of(app)
    assert list(functions_for(triggers, event).functions) == expected
    assert triggers.functions == ("only_called", "work", "hear", "hear_too")
    assert triggers.queues[0].batch_size == 3


def test_sources_that_are_not_simulated_are_listed() -> None:
    app = Chalice(app_name="sample")
    app.on_dynamodb_record(stream_arn="arn:t", name="two")(nothing)
    app.on_kinesis_record(stream="s", name="three")(nothing)
    app.on_cw_event({"source": ["aws.ec2"]}, name="four")(nothing)
    lines = triggers_of(app).not_simulated
    assert lines == (
        "two: DynamoDB events are not simulated",
        "three: Kinesis events are not simulated",
        "four: CloudWatch events are not simulated",
    )
