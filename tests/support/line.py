"""A running simulated cloud with the real app, as the end-to-end tests use it."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pandas as pd
from botocore.config import Config

from cli.stages.follow import Followed, follow
from local.runfile import Running
from local.supervisor.background import cloud
from shared.bucket.s3 import READ_CONFIG, WRITE_CONFIG, S3Store
from shared.documents import decode
from shared.registry.pointer import Pointer, read_pointer
from shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 180.0


@dataclass(frozen=True)
class Line:
    """The project's directory, its simulated cloud, and a store that reads its bucket."""

    project: Path
    cloud: Running
    settings: Settings
    store: S3Store

    def put(self, key: str, body: str | bytes) -> None:
        """Upload as a stock client does."""
        client = _client(self.cloud, WRITE_CONFIG)
        client.put_object(Bucket=self.settings.bucket, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def remove(self, key: str) -> None:
        """Delete an upload as a stock client does."""
        self.store.delete(key)

    def follow(self, *keys: str) -> list[Followed]:
        """Wait for the receipts of uploads and for what becomes of the candidate."""
        return list(follow(self.store, self.settings, keys, seconds=WAIT_SECONDS))

    def upload(self, key: str, body: str | bytes) -> Followed:
        """Upload and wait; the last step."""
        self.put(key, body)
        return self.follow(key)[-1]

    def pointer(self) -> Pointer:
        """What is in production."""
        pointer = read_pointer(self.store)
        assert pointer is not None
        return pointer

    def document(self, key: str) -> dict[str, Any]:
        """A JSON document of the bucket."""
        return decode(self.store.read(key).body, key)

    def ask(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> tuple[int, Any]:
        """The status and JSON of an HTTP answer."""
        request = urllib.request.Request(self.cloud.url + path, body, {"Content-Type": media_type} if body else {})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def vintner(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the project's directory."""
        return vintner(self.project, arguments, variables)


def vintner(
    directory: Path, arguments: Sequence[str], variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory."""
    command = [str(Path(sys.executable).parent / "vintner"), *arguments]
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def copy_project(directory: Path) -> Path:
    """A project directory of its own: links to the code, and the same configuration."""
    (directory / ".chalice").mkdir(parents=True)
    (directory / ".chalice" / "config.json").write_bytes((ROOT / ".chalice" / "config.json").read_bytes())
    for name in ("app.py", "chalicelib", "functions", "shared", "vendor"):
        (directory / name).symlink_to(ROOT / name)
    return directory


@contextlib.contextmanager
def running_line(directory: Path, variables: Mapping[str, str]) -> Iterator[Line]:
    """Run the simulated cloud for a project of its own under these settings."""
    project = copy_project(directory)
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        with cloud(project, stage="local", state_dir=project / ".vintner", retry_delays=(0.1, 0.1)) as running:
            settings = Settings.from_environment(running.environment)
            store = S3Store(
                settings.bucket, reading=_client(running, READ_CONFIG), writing=_client(running, WRITE_CONFIG)
            )
            yield Line(project, running, settings, store)
    finally:
        os.environ.clear()
        os.environ.update(before)


def _client(running: Running, config: Config) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=running.endpoint_url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106
        region_name="us-east-1",
        config=config,
    )


def csv_of(frame: pd.DataFrame) -> str:
    """The frame as an upload."""
    text: str = frame.to_csv(index=False)
    return text
