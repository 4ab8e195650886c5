"""The simulated S3 on a directory that outlives it, over HTTP, in a process of its own."""

import io
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from local.environment import LOOPBACK, simulated
from local.errors import LocalError
from local.events.resources import clients
from local.servers.bucket_on_disk import BucketOnDisk
from local.servers.disk_format import check_format, forget, objects_in
from local.supervisor.children import Child, Children, importable, listen
from tests.faults.forked import finish, start

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "uploads"


@contextmanager
def s3_on(directory: Path) -> "Iterator[tuple[S3Client, Child]]":
    """A simulated S3 that keeps its buckets in `directory`, with a client."""
    logs = directory.with_name("logs")
    with listen(0, "S3") as socket:
        url = f"http://{LOOPBACK}:{socket.getsockname()[1]}"
        with Children(logs, logs, importable(simulated(os.environ, url))) as children:
            options = ["--keep-in", str(directory), "--fd", str(socket.fileno())]
            child = children.start("local.servers.s3", options, fd=socket.fileno())
            client, queues = clients(url)
            client.list_buckets()
            yield client, child
            client.close()
            queues.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory in which a bucket with three objects was kept."""
    kept = tmp_path / "bucket"
    with s3_on(kept) as (s3, _):
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="in/a.csv", Body=b"1,2\n", ContentType="text/csv", Metadata={"my_key": "v"})
        s3.put_object(Bucket=BUCKET, Key="in/b.csv", Body=b"3,4\n")
        parts = TransferConfig(multipart_threshold=1, multipart_chunksize=5 << 20)
        s3.upload_fileobj(io.BytesIO(b"z" * (6 << 20)), BUCKET, "parts", Config=parts)
    return kept


def seen(s3: "S3Client") -> dict[str, tuple[Any, ...]]:
    """What a client reads of each object."""
    found = {}
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        got = s3.get_object(Bucket=BUCKET, Key=entry["Key"])
        body = got["Body"].read()
        found[entry["Key"]] = (
            body,
            got["ETag"],
            got["ContentType"],
            got["Metadata"],
            got["LastModified"],
            entry["Size"],
        )
    return found


def seen_on(directory: Path) -> dict[str, tuple[Any, ...]]:
    with s3_on(directory) as (s3, _):
        return seen(s3)


def test_objects_are_there_again_as_they_were(tmp_path: Path) -> None:
    with s3_on(tmp_path / "bucket") as (s3, _):
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"1", ContentType="text/csv", Metadata={"my_key": "v"})
        s3.put_object(Bucket=BUCKET, Key="a/ü b", Body=b"2")
        before = seen(s3)
    assert len(before) == 2
    assert seen_on(tmp_path / "bucket") == before


def test_an_upload_in_parts_keeps_its_etag(directory: Path) -> None:
    body, etag, *_ = seen_on(directory)["parts"]
    assert len(body) == 6 << 20
    assert etag.endswith('-2"')


def test_the_tree_is_plain_files_with_the_objects_times(directory: Path) -> None:
    files = {path.relative_to(directory).as_posix(): path for path in (directory / BUCKET).rglob("*") if path.is_file()}
    assert set(files) == {f"{BUCKET}/in/a.csv", f"{BUCKET}/in/b.csv", f"{BUCKET}/parts"}
    assert files[f"{BUCKET}/in/a.csv"].read_bytes() == b"1,2\n"
    modified = seen_on(directory)["in/a.csv"][4]
    assert int(files[f"{BUCKET}/in/a.csv"].stat().st_mtime) == int(modified.timestamp())


@pytest.mark.parametrize("copy", [shutil.copy2, shutil.copyfile], ids=["with times", "without times"])
def test_a_copied_tree_works(directory: Path, tmp_path: Path, copy: Callable[..., Any]) -> None:
    shutil.copytree(directory, tmp_path / "copy" / "bucket", copy_function=copy)
    assert seen_on(tmp_path / "copy" / "bucket") == seen_on(directory)


def test_bodies_alone_are_objects(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory / BUCKET, tmp_path / "copy" / "bucket" / BUCKET)
    found = seen_on(tmp_path / "copy" / "bucket")
    assert found["in/a.csv"][:2] == seen_on(directory)["in/a.csv"][:2]
    assert set(found) == {"in/a.csv", "in/b.csv", "parts"}


def test_a_persons_changes_are_uploads_and_removals(directory: Path) -> None:
    before = seen_on(directory)
    (directory / BUCKET / "in" / "new.csv").write_bytes(b"5,6\n")
    (directory / BUCKET / "in" / ".new.csv.swp").write_bytes(b"an editor's")
    (directory / BUCKET / "in" / "a.csv").write_bytes(b"9,9\n")
    (directory / BUCKET / "in" / "b.csv").unlink()
    with s3_on(directory) as (s3, _):
        after = seen(s3)
    assert set(after) == {"in/a.csv", "in/new.csv", "parts"}
    assert after["in/a.csv"][0] == b"9,9\n"
    assert after["in/a.csv"][1] != before["in/a.csv"][1]
    assert seen_on(directory) == after


def test_a_persons_upload_is_reported_once_events_are_asked_for(directory: Path) -> None:
    (directory / BUCKET / "in" / "new.csv").write_bytes(b"5,6\n")
    with s3_on(directory) as (s3, _):
        _, sqs = clients(s3.meta.endpoint_url)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        wish: Any = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
        s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=wish)
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    keys = [message["Body"] for message in messages if "Records" in message["Body"]]
    assert len(keys) == 1
    assert "in%2Fnew.csv" in keys[0]


def test_messages_wait_for_their_queue(directory: Path) -> None:
    with s3_on(directory) as (s3, _):
        _, sqs = clients(s3.meta.endpoint_url)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        attributes: Any = {"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
        sqs.send_message(QueueUrl=url, MessageBody="stays", MessageAttributes=attributes)
        sqs.send_message(QueueUrl=url, MessageBody="is taken")
        first, second = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
        assert (first["Body"], second["Body"]) == ("stays", "is taken")
        sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    with s3_on(directory) as (s3, _):
        _, sqs = clients(s3.meta.endpoint_url)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        names: Any = ["All"]
        (again,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, MessageAttributeNames=names)["Messages"]
    assert (again["Body"], again["MessageId"]) == ("stays", first["MessageId"])
    assert again["MessageAttributes"]["a"]["BinaryValue"] == b"\x00\xff"


def test_versions_and_markers_are_there_again(tmp_path: Path) -> None:
    with s3_on(tmp_path / "bucket") as (s3, _):
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        first = s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")["VersionId"]
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"2")
        s3.delete_object(Bucket=BUCKET, Key="a")
    with s3_on(tmp_path / "bucket") as (s3, _):
        listed = s3.list_object_versions(Bucket=BUCKET)
        assert len(listed["Versions"]) == 2
        assert listed["DeleteMarkers"][0]["IsLatest"]
        assert s3.get_object(Bucket=BUCKET, Key="a", VersionId=first)["Body"].read() == b"1"
        assert s3.put_object(Bucket=BUCKET, Key="a", Body=b"3")["VersionId"] != first


def full_by_limit(child: Child, _directory: Path) -> Callable[[], None]:
    """No file may have more than a byte; the other way round in what is returned."""
    hard = resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    return lambda: resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (hard, hard))  # type: ignore[return-value]


def full_by_device(_child: Child, directory: Path) -> Callable[[], None]:
    """The record of `in/a.csv` is written to a device that is full."""
    records = directory / ".s3" / BUCKET / "records"
    record = next(path for path in records.iterdir() if b'"in/a.csv"' in path.read_bytes()).with_suffix(".new")
    record.symlink_to("/dev/full")
    return record.unlink


@pytest.mark.parametrize(
    ("fill", "why"),
    [(full_by_limit, "writing failed: File too large"), (full_by_device, "the disk is full")],
    ids=["limit", "device"],
)
def test_a_full_disk_is_a_clear_error_that_changes_nothing(
    directory: Path, fill: Callable[[Child, Path], Callable[[], None]], why: str
) -> None:
    with s3_on(directory) as (s3, child):
        before, relieve = seen(s3), fill(child, directory)
        with pytest.raises(ClientError, match=why) as refused:
            s3.put_object(Bucket=BUCKET, Key="in/a.csv", Body=b"does not fit")
        assert refused.value.response["Error"]["Code"] == "InsufficientStorage"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
        assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
        assert seen(s3) == before
        relieve()
        s3.put_object(Bucket=BUCKET, Key="in/a.csv", Body=b"fits")
        after = seen(s3)
    assert after["in/a.csv"][0] == b"fits"
    assert seen_on(directory) == after


def test_a_full_disk_sends_no_event(directory: Path) -> None:
    with s3_on(directory) as (s3, child):
        _, sqs = clients(s3.meta.endpoint_url)
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        relieve = full_by_limit(child, directory)
        with pytest.raises(ClientError, match="InsufficientStorage"):
            sqs.send_message(QueueUrl=url, MessageBody="does not fit")
        relieve()
        assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"format": 2}', "expected format 1 or older, found 2: .*start with --fresh to forget it"),
        ("{", "expected a document such as"),
    ],
    ids=["newer", "damaged"],
)
def test_a_directory_of_another_format_is_refused_with_the_way_out(directory: Path, text: str, expected: str) -> None:
    (directory / ".s3" / "format.json").write_text(text)
    with pytest.raises(LocalError, match=expected):
        check_format(directory)
    assert forget(directory)
    check_format(directory)


def opened_at_start(directory: Path, log: Path) -> None:
    """Read what was kept, and write down each file that is opened for it."""
    opened: list[str] = []

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(str(directory)):
            opened.append(str(arguments[0]))

    sys.addaudithook(look)
    BucketOnDisk(directory)
    log.write_text("\n".join(opened))


def test_a_start_reads_each_record_once_and_no_body(directory: Path, tmp_path: Path) -> None:
    with s3_on(directory) as (s3, _):
        for number in range(60):
            s3.put_object(Bucket=BUCKET, Key=f"many/{number}", Body=b"x")
    finish(start(lambda: opened_at_start(directory, tmp_path / "opened")))
    opened = (tmp_path / "opened").read_text().splitlines()
    assert sum("/records/" in path for path in opened) == 63
    assert [path for path in opened if path.startswith(str(directory / BUCKET))] == []
    assert len(opened) <= 63 + 2, "the format, and the bucket's settings"


def test_forgetting_leaves_nothing(directory: Path) -> None:
    assert objects_in(directory) == 3
    assert forget(directory)
    assert not forget(directory)
    assert objects_in(directory) == 0
    assert [path.name for path in directory.parent.iterdir()] == ["logs"]
