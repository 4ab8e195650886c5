"""What the tests under faults share."""

from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest

from tests.faults import counting
from tests.faults.cycle import Clients
from tests.faults.remembered import read_once, unpack_once


@pytest.fixture(autouse=True)
def _counts_go_into_the_report(request: pytest.FixtureRequest) -> Iterator[None]:
    """A report finds its way from another process as well, where pytest runs several."""
    yield
    request.node.user_properties += [(counting.COUNT, line) for line in counting.LINES]
    counting.LINES.clear()


@pytest.fixture(scope="session")
def _clients() -> Clients:
    return Clients()


@pytest.fixture
def memory_clients(_clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Clients of a bucket in memory; they repeat their calls without waiting."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None))
    return _clients


@pytest.fixture
def reads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same upload is read, and the same rows are unpacked, once in a process."""
    for module in ("ingest", "loading"):
        monkeypatch.setattr(f"shared.ingestion.{module}.read_csv", read_once)
    monkeypatch.setattr("shared.ingestion.loading.unpack_slot", unpack_once)
