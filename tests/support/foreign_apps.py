"""Three Chalice projects that know nothing of this one, in the shape of Chalice's own examples."""

from typing import Any, Final

STAGE: Final = "dev"

# Texts arrive in a bucket, and their word counts are served: an S3 trigger with a suffix, routes, a blueprint-free app.
WORDS: Final = """
import json
import os

import boto3
from chalice import Chalice, NotFoundError

app = Chalice(app_name="words")
app.debug = True
_S3 = None


def s3():
    global _S3
    if _S3 is None:
        _S3 = boto3.client("s3")
    return _S3


@app.on_s3_event(bucket=os.environ["TEXTS"], events=["s3:ObjectCreated:*"], suffix=".txt")
def count_words(event):
    text = s3().get_object(Bucket=event.bucket, Key=event.key)["Body"].read().decode()
    counts = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    s3().put_object(Bucket=event.bucket, Key=f"counts/{event.key}.json", Body=json.dumps(counts).encode())
    app.log.debug("counted %s", event.key)


@app.on_s3_event(bucket=os.environ["TEXTS"], events=["s3:ObjectRemoved:*"], suffix=".txt")
def forget_words(event):
    s3().delete_object(Bucket=event.bucket, Key=f"counts/{event.key}.json")


@app.route("/texts/{name}")
def words_of(name):
    try:
        found = s3().get_object(Bucket=os.environ["TEXTS"], Key=f"counts/{name}.json")
    except s3().exceptions.NoSuchKey:
        raise NotFoundError(name)
    return json.loads(found["Body"].read())
"""

# Orders come over HTTP, wait in a queue, and are announced on a topic that another function of the app hears.
ORDERS: Final = """
import json

import boto3
from chalice import BadRequestError, Chalice

app = Chalice(app_name="orders")
TOPIC = "arn:aws:sns:us-east-1:123456789012:order-done"


@app.route("/orders", methods=["POST"])
def order():
    body = app.current_request.json_body
    if "item" not in body:
        raise BadRequestError("an order needs an item")
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    kind = {"kind": {"DataType": "String", "StringValue": body.get("kind", "plain")}}
    sent = sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), MessageAttributes=kind)
    return {"id": sent["MessageId"]}


@app.on_sqs_message(queue="orders", batch_size=5)
def handle_orders(event):
    for record in event:
        body = json.loads(record.body)
        if body["item"] == "poison":
            raise ValueError("nobody can deliver this")
        kind = record.to_dict()["messageAttributes"]["kind"]["stringValue"]
        boto3.client("sns").publish(TopicArn=TOPIC, Subject=kind, Message=json.dumps(body))


@app.on_sns_message(topic="order-done")
def announce(event):
    body = json.loads(event.message)
    s3 = boto3.client("s3")
    s3.put_object(Bucket="announced", Key=body["item"], Body=event.subject.encode())


@app.on_s3_event(bucket="announced", events=["s3:ObjectCreated:*"])
def seen(event):
    print("announced", event.key)
"""

# A function that is called by name, and one that a schedule calls, which calls the first.
JANITOR: Final = """
import json
import os

import boto3
from chalice import Chalice, Rate

app = Chalice(app_name="janitor")


@app.lambda_function(name="report")
def report(event, context):
    if event.get("fail"):
        raise RuntimeError("asked to fail")
    return {"for": event["who"], "by": context.function_name, "stage": os.environ["WHERE"]}


@app.schedule(Rate(1, unit=Rate.MINUTES))
def tidy(event):
    answer = boto3.client("lambda").invoke(FunctionName="janitor-dev-report", Payload=json.dumps({"who": "tidy"}))
    boto3.client("s3").put_object(Bucket="reports", Key="tidy.json", Body=answer["Payload"].read())


@app.on_s3_event(bucket="reports", events=["s3:ObjectCreated:*"])
def notice(event):
    print("a report came:", event.key)
"""

APPS: Final = {"words": WORDS, "orders": ORDERS, "janitor": JANITOR}


def config_of(name: str) -> dict[str, Any]:
    """What `chalice new-project` writes, with a variable or two."""
    variables = {"TEXTS": "texts", "WHERE": "here"}
    stages = {STAGE: {"api_gateway_stage": "api", "environment_variables": variables}}
    return {"version": "2.0", "app_name": name, "stages": stages}
