"""One contract for every store driver: boto3, obstore (the reading part) and the store in memory."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from local.environment import LOOPBACK
from shared.bucket.obstore_reader import PATIENT, PROMPT, ObstoreReader, Patience
from shared.bucket.s3 import S3Store
from shared.bucket.store import Blob, FileStore, Reader, Store, read_document, settle, settle_document
from shared.documents import Document, encode
from shared.errors import Conflict, NotFound, Rejected, Unavailable, Unknown, VintnerError
from tests.support.fake_store import FakeStore

SESSION = boto3.Session("testing", "testing", region_name="us-east-1")
FIRST_MOMENT = "Thu, 01 Jan 1970 00:00:00 GMT"
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2)
KEYS = ["plain", "a b", "a+b", "ü/日本.csv", "a%20b", "100%", "data/x#?&='\".csv", "~", "a=b/c:d@e,f;g!(h)"]


@dataclass(frozen=True)
class Driver:
    """What is read through, and what wrote it."""

    reader: Reader
    writer: Store


@pytest.fixture(params=["boto3", "obstore", "fake"])
def driver(request: pytest.FixtureRequest) -> Driver:
    if request.param == "fake":
        fake = FakeStore()
        return Driver(fake, fake)
    request.getfixturevalue("cloud")
    store: S3Store = request.getfixturevalue("store")
    return Driver(ObstoreReader(store.bucket, PATIENT) if request.param == "obstore" else store, store)


@pytest.fixture(params=["boto3", "fake"])
def writer(request: pytest.FixtureRequest) -> Store:
    store: Store = FakeStore() if request.param == "fake" else request.getfixturevalue("store")
    return store


def test_reads_what_was_written(driver: Driver) -> None:
    body = bytes(range(256)) * 1000
    etag = driver.writer.create("a/b", body)
    assert driver.reader.read("a/b") == Blob(body, etag)
    assert etag == md5(body, usedforsecurity=False).hexdigest()


def test_reads_an_empty_object(driver: Driver) -> None:
    driver.writer.create("empty", b"")
    assert driver.reader.read("empty").body == b""


@pytest.mark.parametrize("key", KEYS)
def test_keeps_keys_as_they_are(driver: Driver, key: str) -> None:
    etag = driver.writer.create(key, b"1")
    assert driver.reader.read(key) == Blob(b"1", etag)
    assert [(entry.key, entry.etag, entry.size) for entry in driver.reader.list("")] == [(key, etag, 1)]
    assert [entry.key for entry in driver.reader.list(key[:-1])] == [key]


def test_similar_keys_are_different_objects(driver: Driver) -> None:
    for key in KEYS:
        driver.writer.create(key, key.encode())
    assert [driver.reader.read(key).body.decode() for key in KEYS] == KEYS


READS: dict[str, Callable[[Reader], object]] = {
    "read": lambda reader: reader.read("key"),
    "read if match": lambda reader: reader.read("key", etag="0" * 32),
    "read changed": lambda reader: reader.read_changed("key", "0" * 32),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_missing_object_is_not_found(driver: Driver, read: Callable[[Reader], object]) -> None:
    with pytest.raises(NotFound, match="key"):
        read(driver.reader)


def test_reads_under_the_etag_that_was_listed(driver: Driver) -> None:
    driver.writer.create("key", b"old")
    [entry] = driver.reader.list("key")
    assert driver.reader.read("key", etag=entry.etag).body == b"old"
    driver.writer.swap("key", b"new", entry.etag)
    with pytest.raises(Conflict, match="key"):
        driver.reader.read("key", etag=entry.etag)


def test_reads_only_what_changed(driver: Driver) -> None:
    old = driver.writer.create("key", b"old")
    assert driver.reader.read_changed("key", old) is None
    new = driver.writer.swap("key", b"new", old)
    assert driver.reader.read_changed("key", old) == Blob(b"new", new)


PREFIXES = {
    "": ["a", "a/b/1", "a/b/2", "a/bc", "ab", "b"],
    "a": ["a", "a/b/1", "a/b/2", "a/bc", "ab"],
    "a/": ["a/b/1", "a/b/2", "a/bc"],
    "a/b": ["a/b/1", "a/b/2", "a/bc"],
    "a/b/": ["a/b/1", "a/b/2"],
    "a/b/1": ["a/b/1"],
    "a/b/12": [],
    "nothing/": [],
    "B": [],
}


@pytest.mark.parametrize(("prefix", "expected"), PREFIXES.items(), ids=map(repr, PREFIXES))
def test_lists_a_prefix_sorted_by_key(driver: Driver, prefix: str, expected: list[str]) -> None:
    for key in ["b", "a/bc", "ab", "a/b/2", "a", "a/b/1"]:
        driver.writer.create(key, b"x")
    assert [entry.key for entry in driver.reader.list(prefix)] == expected


def test_lists_sort_as_utf_8_does(driver: Driver) -> None:
    keys = ["Z", "a", "a b", "a-b", "a.b", "a0", "ä", "日"]
    for key in reversed(keys):
        driver.writer.create(key, b"")
    assert [entry.key for entry in driver.reader.list("")] == keys


def test_a_list_says_when_an_object_was_written(driver: Driver) -> None:
    driver.writer.create("key", b"x")
    assert driver.reader.list("")[0].modified.tzinfo is not None


def test_lists_more_than_one_page(driver: Driver) -> None:
    keys = [f"many/{number:05}" for number in range(2_345)]
    for key in keys:
        _write_quickly(driver.writer, key)
    assert [entry.key for entry in driver.reader.list("many/")] == keys
    assert [entry.key for entry in driver.reader.list("many/01")] == keys[1000:2000]


def _write_quickly(store: Store, key: str) -> None:
    if isinstance(store, S3Store):
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(store.bucket, key, b"x")
    else:
        store.create(key, b"x")


def test_only_the_first_create_wins(writer: Store) -> None:
    writer.create("key", b"first")
    with pytest.raises(Conflict, match="key"):
        writer.create("key", b"second")
    assert writer.read("key").body == b"first"


def test_a_deleted_key_is_free_again(writer: Store) -> None:
    writer.create("key", b"first")
    writer.delete("key")
    writer.delete("key")
    writer.create("key", b"second")
    assert writer.read("key").body == b"second"


def test_swaps_only_what_was_read(writer: Store) -> None:
    old = writer.create("key", b"old")
    new = writer.swap("key", b"new", old)
    with pytest.raises(Conflict, match="key"):
        writer.swap("key", b"other", old)
    assert writer.read("key") == Blob(b"new", new)


def test_the_same_bytes_have_the_same_etag(writer: Store) -> None:
    first = writer.create("key", b"A")
    second = writer.swap("key", b"B", first)
    assert writer.swap("key", b"A", second) == first


def test_a_swap_of_nothing_is_a_conflict(writer: Store) -> None:
    with pytest.raises(Conflict, match="key"):
        writer.swap("key", b"x", "0" * 32)
    assert writer.list("") == []


def test_uploads_whatever_is_there(store: S3Store, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    sent: list[int] = []
    for text in ("a,b\n", "c,d\ne,f\n"):
        path.write_text(text)
        store.upload("data/file.csv", path, sent.append)
        assert store.read("data/file.csv").body.decode() == text
    assert sum(sent) == 12


CALLS: dict[str, Callable[[S3Store], object]] = {
    **{name: read for name, read in READS.items()},  # noqa: C416  (a Store is a Reader)
    "list": lambda store: store.list(""),
    "create": lambda store: store.create("key", b""),
    "swap": lambda store: store.swap("key", b"", "0" * 32),
    "upload": lambda store: store.upload("key", Path(__file__)),
    "delete": lambda store: store.delete("key"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_missing_bucket_is_named_by_boto3(cloud: dict[str, str], call: Callable[[S3Store], object]) -> None:
    with pytest.raises(VintnerError, match=r"no-such-bucket/.*no such bucket.*VINTNER_BUCKET") as raised:
        call(S3Store("no-such-bucket"))
    assert raised.type is VintnerError


@pytest.mark.parametrize("read", [*READS.values(), lambda reader: reader.list("")], ids=[*READS, "list"])
def test_a_missing_bucket_is_named_by_obstore(cloud: dict[str, str], read: Callable[[Reader], object]) -> None:
    with pytest.raises(VintnerError, match=r"no-such-bucket/.*no such bucket.*VINTNER_BUCKET") as raised:
        read(ObstoreReader("no-such-bucket"))
    assert raised.type is VintnerError


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_unreachable_store_is_unavailable_to_boto3(call: Callable[[S3Store], object]) -> None:
    client = SESSION.client("s3", endpoint_url="http://127.0.0.1:1", config=ONCE)
    with pytest.raises(Unavailable, match="cannot be reached"):
        call(S3Store("bucket", reading=client, writing=client))


@pytest.mark.parametrize("read", [*READS.values(), lambda reader: reader.list("")], ids=[*READS, "list"])
def test_an_unreachable_store_is_unavailable_to_obstore(
    cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch, read: Callable[[Reader], object]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be reached"):
        read(ObstoreReader("bucket"))


class _CutsShort(BaseHTTPRequestHandler):
    """A server that breaks off in the middle of every object."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        for name, value in {"Content-Length": "1000", "ETag": '"e"', "Last-Modified": FIRST_MOMENT}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("patience", [PROMPT, PATIENT], ids=["prompt", "patient"])
def test_a_body_cut_short_is_no_body_to_obstore(
    cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch, patience: Patience
) -> None:
    with HTTPServer((LOOPBACK, 0), _CutsShort) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{LOOPBACK}:{server.server_port}")
        monkeypatch.setattr(_CutsShort, "asked", 0)
        try:
            with pytest.raises(Unavailable, match="cannot be reached"):
                ObstoreReader("bucket", patience).read("key")
        finally:
            server.shutdown()
            thread.join()
    assert _CutsShort.asked >= 1


# The event hooks of a client, and what a write then is: the answer was lost after the effect, or a server's error.


def _answers(status: int) -> Callable[..., Any]:
    class Raw:
        def stream(self) -> list[bytes]:
            return [b"<Error><Code>Injected</Code></Error>"]

    return lambda **_: AWSResponse("", status, HTTPHeaders(), Raw())


def _raises(error: Exception) -> Callable[..., Any]:
    def handler(**_: object) -> None:
        raise error

    return handler


STATUSES = {400: VintnerError, 403: VintnerError, 404: Conflict, 408: Unknown, 409: Conflict, 412: Conflict}
STATUSES |= {429: Unknown, 500: Unknown, 503: Unknown}


@pytest.mark.parametrize(("status", "error"), STATUSES.items())
def test_what_a_status_means_for_a_write(s3_url: str, status: int, error: type[VintnerError]) -> None:
    client = SESSION.client("s3", endpoint_url=s3_url, config=ONCE)
    client.meta.events.register_first("before-send.s3.PutObject", _answers(status))
    with pytest.raises(VintnerError) as raised:
        S3Store("bucket", reading=client, writing=client).create("key", b"")
    assert raised.type is error


READ_STATUSES = {400: VintnerError, 403: VintnerError, 404: NotFound, 408: Unavailable, 412: Conflict}
READ_STATUSES |= {429: Unavailable, 500: Unavailable, 503: Unavailable}


@pytest.mark.parametrize(("status", "error"), READ_STATUSES.items())
def test_what_a_status_means_for_a_read(s3_url: str, status: int, error: type[VintnerError]) -> None:
    client = SESSION.client("s3", endpoint_url=s3_url, config=ONCE)
    client.meta.events.register_first("before-send.s3.GetObject", _answers(status))
    with pytest.raises(VintnerError) as raised:
        S3Store("bucket", reading=client, writing=client).read("key")
    assert raised.type is error


@pytest.mark.parametrize("moment", ["before-send.s3.PutObject", "before-parse.s3.PutObject"], ids=["before", "after"])
def test_a_lost_answer_is_unknown_and_sent_once(store: S3Store, s3_url: str, moment: str) -> None:
    client = SESSION.client("s3", endpoint_url=s3_url, config=ONCE)
    sent: list[object] = []
    client.meta.events.register("before-call.s3.PutObject", lambda **_: sent.append(1))
    client.meta.events.register_first(moment, _raises(ReadTimeoutError(endpoint_url=s3_url)))
    with pytest.raises(Unknown, match="may have happened"):
        S3Store(store.bucket, reading=client, writing=client).create("key", b"x")
    assert len(sent) == 1
    assert [entry.key for entry in store.list("")] == (["key"] if "parse" in moment else [])


def test_settle_writes_once_and_returns_what_stands_there(writer: Store) -> None:
    assert settle(writer, "key", b"first") == b"first"
    assert settle(writer, "key", b"second") == b"first"
    assert writer.read("key").body == b"first"


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_settle_survives_unknown_outcomes(after: bool, times: int) -> None:
    store, pauses = FakeStore(), list[float]()
    store.fail("create", after=after, times=times)
    assert settle(store, "key", b"mine", pause=pauses.append) == b"mine"
    assert store.writes == 1
    assert pauses == [0.1 * 2**attempt for attempt in range(1 if after else times)]


def test_settle_gives_up_after_four_unknown_outcomes() -> None:
    store = FakeStore()
    store.fail("create", times=9)
    with pytest.raises(Unknown, match="injected"):
        settle(store, "key", b"mine", pause=lambda _: None)
    assert [call.verb for call in store.calls] == ["create", "read"] * 3 + ["create"]


def test_settle_returns_the_bytes_of_who_came_first_after_an_unknown_outcome() -> None:
    store = FakeStore()
    store.fail("create")
    store.disturb("read", "key", lambda: store.put("key", b"theirs"))
    assert settle(store, "key", b"mine", pause=lambda _: None) == b"theirs"


def test_settle_gives_up_on_a_key_that_is_taken_and_never_there() -> None:
    store = FakeStore()
    store.fail("create", error=Conflict("key"), times=9)
    with pytest.raises(Unknown, match="4 attempts"):
        settle(store, "key", b"mine", pause=lambda _: None)


@pytest.mark.parametrize("error", [Unavailable("down"), VintnerError("denied")], ids=["unavailable", "denied"])
def test_settle_passes_other_errors_on(error: VintnerError) -> None:
    store = FakeStore()
    store.fail("create", error=error)
    with pytest.raises(type(error), match=str(error)):
        settle(store, "key", b"mine")
    assert store.writes == 0


def test_a_document_is_written_once_and_the_first_one_is_returned() -> None:
    store = FakeStore()
    first, second = {"a": 1}, {"a": 2}
    assert settle_document(store, "key", first) == {"format": 1, **first}
    assert settle_document(store, "key", second) == {"format": 1, **first}
    assert read_document(store, "key", Document) == {"format": 1, **first}
    assert store.objects["key"][0].body == encode(first)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"format":2}'], ids=["not JSON", "a list", "another format"])
def test_a_damaged_document_is_rejected_by_its_key(body: bytes) -> None:
    store = FakeStore()
    store.put("some/key.json", body)
    with pytest.raises(Rejected, match=r"some/key\.json"):
        read_document(store, "some/key.json", Document)


def test_there_is_no_document_under_a_free_key() -> None:
    with pytest.raises(NotFound):
        read_document(FakeStore(), "key", Document)


@pytest.fixture(params=["boto3", "fake"])
def file_store(request: pytest.FixtureRequest) -> FileStore:
    store: FileStore = FakeStore() if request.param == "fake" else request.getfixturevalue("store")
    return store


@pytest.mark.parametrize("sizes", [[0], [5], [6_000_000, 6_000_000, 3], [8_000_000]], ids=str)
def test_a_file_is_written_in_parts_and_read_in_parts(file_store: FileStore, sizes: list[int]) -> None:
    body = b"".join(bytes([65 + place]) * size for place, size in enumerate(sizes))
    file_store.create("answer", b"before")
    etag = file_store.write_parts("answer", (bytes([65 + place]) * size for place, size in enumerate(sizes)))
    assert file_store.read("answer") == Blob(body, etag)
    assert [entry.etag for entry in file_store.list("answer")] == [etag]
    middle = len(body) // 2
    if body:
        assert file_store.read_part("answer", etag, middle, 2) == body[middle : middle + 2]


def test_what_ends_while_it_is_written_leaves_what_was_there(file_store: FileStore) -> None:
    def parts() -> Iterator[bytes]:
        yield b"a" * 9_000_000
        raise Conflict("the upload was replaced")

    etag = file_store.create("answer", b"before")
    with pytest.raises(Conflict, match="replaced"):
        file_store.write_parts("answer", parts())
    assert file_store.read("answer") == Blob(b"before", etag)


def test_a_part_of_another_content_is_a_conflict(file_store: FileStore) -> None:
    file_store.create("upload", b"before")
    with pytest.raises(Conflict):
        file_store.read_part("upload", "0" * 32, 0, 2)
    with pytest.raises(NotFound):
        file_store.read_part("nothing", "0" * 32, 0, 2)
