import contextlib
import io
import json
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import boto3
import obstore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.exceptions import AlreadyExistsError, NotModifiedError, PreconditionError
from obstore.store import S3Store

from local.environment import adopt
from local.events.resources import clients
from tests.local.conftest import Cloud
from tests.support.patience import eventually

RACERS = 8
ROUNDS = 150
BUCKET = "uploads"


def obstore_of(sim: Cloud) -> S3Store:
    return S3Store(
        BUCKET,
        endpoint=sim.up.endpoint_url,
        region="us-east-1",
        access_key_id="testing",
        secret_access_key="testing",  # noqa: S106 - the simulated cloud's
        client_options={"allow_http": True},
    )


def race(pool: ThreadPoolExecutor, act: Callable[[], object], refusal: type[Exception]) -> int:
    """Let all threads act at once and return how many were not refused."""
    barrier = Barrier(RACERS)

    def run(_number: int) -> bool:
        barrier.wait()
        try:
            act()
        except refusal:
            return False
        return True

    return sum(pool.map(run, range(RACERS)))


def test_one_of_many_creates_wins(sim: Cloud) -> None:
    store = obstore_of(sim)

    def create(key: str) -> object:
        return obstore.put(store, key, b"x", mode="create")

    with ThreadPoolExecutor(RACERS) as pool:
        wins = [race(pool, partial(create, f"race/{n}"), AlreadyExistsError) for n in range(ROUNDS)]
    assert wins == [1] * ROUNDS


def test_one_of_many_swaps_wins(sim: Cloud) -> None:
    store = obstore_of(sim)
    etag = obstore.put(store, "pointer", b"0")["e_tag"]

    def swap(body: bytes, read: str | None) -> object:
        return obstore.put(store, "pointer", body, mode={"e_tag": read})

    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(1, ROUNDS):
            assert race(pool, partial(swap, b"%d" % number, etag), PreconditionError) == 1
            etag = obstore.head(store, "pointer")["e_tag"]
    assert sim.read("pointer") == b"%d" % (ROUNDS - 1)


@pytest.mark.parametrize(
    "key", ["plain", "a b+c%2F&?#=", "ünï/cødé", "double//slash", "trailing/", "quo'te\"s"], ids=ascii
)
def test_any_key_comes_back_as_it_was(sim: Cloud, key: str) -> None:
    sim.put(f"keys/{key}", key.encode())
    assert sim.read(f"keys/{key}") == key.encode()
    assert f"keys/{key}" in sim.keys("keys/")


def test_a_multipart_upload_arrives_whole(sim: Cloud) -> None:
    body = os.urandom(9 * 1024 * 1024)
    sim.s3.upload_fileobj(io.BytesIO(body), BUCKET, "large")
    assert sim.read("large") == body
    assert "-2" in sim.s3.head_object(Bucket=BUCKET, Key="large")["ETag"]


def test_an_aws_chunked_body_with_a_trailing_checksum_is_unpacked(sim: Cloud) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

    stored = sim.s3.put_object(Bucket=BUCKET, Key="trailer", Body=b"rows" * 1000, ChecksumAlgorithm="SHA256")
    assert stored["ChecksumSHA256"]
    assert sim.read("trailer") == b"rows" * 1000
    sim.s3.upload_fileobj(Stream(b"rows"), BUCKET, "stream")
    assert sim.read("stream") == b"rows"


def test_metadata_names_keep_their_underscores(sim: Cloud) -> None:
    sim.s3.put_object(Bucket=BUCKET, Key="meta", Body=b"", Metadata={"my_key": "v"})
    assert sim.s3.head_object(Bucket=BUCKET, Key="meta")["Metadata"] == {"my_key": "v"}


def test_obstore_reads_and_learns_that_nothing_changed(sim: Cloud) -> None:
    sim.put("cached", b"once")
    store = obstore_of(sim)
    first = obstore.get(store, "cached")
    assert first.bytes().to_bytes() == b"once"
    with pytest.raises(NotModifiedError):
        obstore.get(store, "cached", options={"if_none_match": first.meta["e_tag"]})


def test_connections_are_kept(sim: Cloud) -> None:
    address = urlsplit(sim.up.endpoint_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"HEAD /uploads HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 ")


def test_a_slow_uploader_blocks_no_other_client(sim: Cloud) -> None:
    address = urlsplit(sim.up.endpoint_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as slow:
        slow.sendall(b"PUT /uploads/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        sim.put("fast")
        assert sim.keys("slow") == []
        slow.sendall(b"67890")
        assert b" 200 " in slow.recv(65536)
    assert sim.read("slow") == b"1234567890"


def test_a_broken_upload_leaves_nothing(sim: Cloud) -> None:
    address = urlsplit(sim.up.endpoint_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as slow:
        slow.sendall(b"PUT /uploads/half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
    sim.put("after")
    assert sim.keys("half") == []


def test_a_long_poll_blocks_no_other_client_and_wakes_at_a_message(sim: Cloud) -> None:
    url = sim.sqs.create_queue(QueueName="long-poll")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(sim.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        sim.put("meanwhile")
        assert not polled.done()
        sim.sqs.send_message(QueueUrl=url, MessageBody="hello")
        (message,) = polled.result(timeout=10)["Messages"]
    assert message["Body"] == "hello"


def test_a_poller_that_went_away_takes_no_message(sim: Cloud) -> None:
    url = sim.sqs.create_queue(QueueName="gone")["QueueUrl"]
    address = urlsplit(sim.up.endpoint_url)
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\n"
        "X-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=testing/20240101/us-east-1/sqs/aws4_request, Signature=x\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname, address.port), timeout=10) as poller:
        poller.sendall(head + body)
        sim.put("meanwhile")
    sim.put("meanwhile")
    sim.sqs.send_message(QueueUrl=url, MessageBody="hello")
    eventually(lambda: "Messages" in sim.sqs.receive_message(QueueUrl=url), "the message is there for another")


def test_an_empty_long_poll_ends(sim: Cloud) -> None:
    url = sim.sqs.create_queue(QueueName="empty")["QueueUrl"]
    assert "Messages" not in sim.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


@pytest.mark.usefixtures("own_process")
def test_a_stock_client_needs_nothing_but_the_variables(sim: Cloud) -> None:
    os.environ["AWS_PROFILE"] = "nobody"
    adopt(sim.up.environment)
    client = boto3.session.Session().client("s3", config=Config(retries={"total_max_attempts": 1}))
    client.put_object(Bucket=BUCKET, Key="stock", Body=b"stock")
    client.close()
    assert sim.read("stock") == b"stock"


@pytest.mark.usefixtures("own_process")
def test_our_own_clients_ignore_profiles(sim: Cloud) -> None:
    os.environ |= {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
    s3, sqs = clients(sim.up.endpoint_url)
    s3.put_object(Bucket=BUCKET, Key="own", Body=b"own")
    s3.close()
    sqs.close()
    assert sim.read("own") == b"own"


def test_the_names_of_a_filter_may_be_written_as_an_app_likes(sim: Cloud) -> None:
    sim.s3.create_bucket(Bucket="filtered")
    arn = queue(sim, "filtered")
    rules = [{"Name": "Prefix", "Value": "data/"}, {"Name": "Suffix", "Value": ".csv"}]
    notify(sim, "filtered", arn, {"Filter": {"Key": {"FilterRules": rules}}})
    for key in ("data/a.csv", "data/a.txt", "a.csv"):
        sim.s3.put_object(Bucket="filtered", Key=key, Body=b"Prefix")
    assert events(sim, "filtered") == [("ObjectCreated:Put", "data/a.csv")]


def test_a_delete_in_a_versioned_bucket_is_reported_as_its_marker(sim: Cloud) -> None:
    sim.s3.create_bucket(Bucket="versioned")
    sim.s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    notify(sim, "versioned", queue(sim, "versioned"), {})
    sim.s3.put_object(Bucket="versioned", Key="a", Body=b"")
    sim.s3.delete_object(Bucket="versioned", Key="a")
    assert events(sim, "versioned") == [("ObjectCreated:Put", "a"), ("ObjectRemoved:DeleteMarkerCreated", "a")]


def test_a_policy_for_requests_without_tls_denies_no_other(sim: Cloud) -> None:
    sim.s3.create_bucket(Bucket="denied")
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::denied/*"}
    plain = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    for statement in (plain, deny):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sim.s3.put_bucket_policy(Bucket="denied", Policy=policy)
        refused = pytest.raises(ClientError, match="403") if statement is deny else contextlib.nullcontext()
        with refused:
            sim.s3.put_object(Bucket="denied", Key="a", Body=b"")


def queue(sim: Cloud, name: str) -> str:
    url = sim.sqs.create_queue(QueueName=name)["QueueUrl"]
    return sim.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def notify(sim: Cloud, bucket: str, arn: str, more: dict[str, Any]) -> None:
    wish: Any = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], **more}
    sim.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wish]}
    )


def events(sim: Cloud, queue_name: str) -> list[tuple[str, str]]:
    """The name and key of each event that is in a queue."""
    url = sim.sqs.get_queue_url(QueueName=queue_name)["QueueUrl"]
    messages = sim.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    notifications = [json.loads(message["Body"]) for message in messages]
    records = [record for notification in notifications for record in notification.get("Records", [])]
    return [(record["eventName"], unquote_plus(record["s3"]["object"]["key"])) for record in records]
