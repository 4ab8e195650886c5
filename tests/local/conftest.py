import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.events.resources import clients, idle
from local.runfile import Running
from local.supervisor.background import cloud
from tests.support.patience import eventually
from tests.support.sample_app import STAGE, write_project

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

RETRY_DELAYS = (0.05, 0.1)


@dataclass(frozen=True)
class Cloud:
    """A running simulated cloud with clients of it."""

    up: Running
    s3: "S3Client"
    sqs: "SQSClient"

    def settle(self) -> None:
        eventually(lambda: idle(self.up, sqs=self.sqs), "all events are handled")

    def put(self, key: str, body: bytes = b"x") -> None:
        self.s3.put_object(Bucket="uploads", Key=key, Body=body)

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket="uploads", Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket="uploads", Key=key)["Body"].read()


@pytest.fixture(scope="session")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    directory = write_project(tmp_path_factory.mktemp("sample"))
    with cloud(directory, stage=STAGE, state_dir=directory / "state", retry_delays=RETRY_DELAYS) as up:
        s3, sqs = clients(up.endpoint_url)
        running = Cloud(up, s3, sqs)
        running.settle()
        yield running
        s3.close()
        sqs.close()


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give back this process's modules, paths and variables after an app was loaded into it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before, app = dict(os.environ), sys.modules.pop("app", None)
    yield
    os.environ.clear()
    os.environ.update(before)
    sys.modules.pop("app", None)
    if app is not None:
        sys.modules["app"] = app


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")
