"""What every test can use: a simulated S3 on loopback, a fresh bucket, settings, and a stage in memory."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import boto3
import hypothesis
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from pytest_socket import socket_allow_hosts
from werkzeug.serving import WSGIRequestHandler, make_server

from local.environment import LOOPBACK, simulated
from local.servers.wsgi import call
from shared.bucket.s3 import READ_CONFIG, WRITE_CONFIG, S3Store
from shared.settings import Settings
from tests.faults import counting
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET_NUMBERS: Final = count(1)
_COUNTS: Final[list[str]] = []
# Those that take long come first, so that no processor waits for another one at the end; what computes beside what
# waits for servers and browsers.
LONGEST_FIRST: Final = (
    "tests/faults/test_state_machine.py",
    "tests/engine/test_cluster.py",
    "tests/engine/test_simulated_cloud.py",
    "tests/deploy/test_interrupted.py",
    "tests/e2e/test_command.py",
    "tests/web/test_browser.py",
    "tests/faults/test_every_call.py",
    "tests/bench/test_bench.py",
    "tests/e2e/test_new.py",
    "tests/faults/test_kills.py",
    "tests/e2e/test_whole_line.py",
    "tests/web/test_browser_mixed.py",
    "tests/shared/scorer/test_classifiers.py",
    "tests/local/supervisor/test_supervisor.py",
    "tests/faults/test_schemathesis.py",
    "tests/faults/test_hostile_csv.py",
    "tests/shared/training/test_mixed_parity.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that take long; the others stay as they are."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the counts of a test that has ended, in this process or in another one."""
    if report.when == "teardown":
        _COUNTS.extend(str(line) for name, line in report.user_properties if name == counting.COUNT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the counts, which pytest would otherwise keep to itself when a test passes."""
    if _COUNTS:
        terminalreporter.section("counts under faults")
        for line in _COUNTS:
            terminalreporter.line(line)
        terminalreporter.line(f"repeat with VINTNER_TEST_SEED and the seed; commit {counting.commit()}")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: of those that wait for a server there is always one."""
    return (os.cpu_count() or 1) + 1


hypothesis.settings.register_profile("vintner", deadline=None, max_examples=60, print_blob=True)
hypothesis.settings.load_profile("vintner")


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts([LOOPBACK, "::1", "localhost"], allow_unix_socket=True)


class OneAtATime:
    """A WSGI application that handles one whole request at a time: moto's conditional PUT is check-then-act."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application, self._lock = application, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer one request."""
        with self._lock:
            answer = call(self._application, environ)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
        start_response(f"{answer.status} -", headers)
        return [answer.body]


class _KeepsAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of the simulated S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=_KeepsAlive)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cloud(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a client of the simulated S3, made this process's own."""
    environment = simulated(os.environ, s3_url)
    for name in [name for name in os.environ if name not in environment]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture(scope="session")
def clients(s3_url: str) -> tuple["S3Client", "S3Client"]:
    """The two clients of an S3Store, made once: one that repeats its calls, and one that does not."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return (
        session.client("s3", endpoint_url=s3_url, config=READ_CONFIG),
        session.client("s3", endpoint_url=s3_url, config=WRITE_CONFIG),
    )


@pytest.fixture
def store(clients: tuple["S3Client", "S3Client"]) -> S3Store:
    """A fresh, empty bucket."""
    name = f"bucket-{next(BUCKET_NUMBERS)}"
    clients[1].create_bucket(Bucket=name)
    return S3Store(name, reading=clients[0], writing=clients[1])


@pytest.fixture
def settings() -> Settings:
    """The settings that the samples fit."""
    return Settings(bucket="vintner", label="label")


@pytest.fixture
def stage(settings: Settings) -> Stage:
    """A stage in memory."""
    return Stage(FakeStore(), settings)


@pytest.fixture
def cloud_stage(store: S3Store, settings: Settings) -> Stage:
    """A stage on the simulated S3."""
    return Stage(store, settings)
