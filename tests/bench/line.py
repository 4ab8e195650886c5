"""A simulated cloud to measure on, with or without a model in production."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final

import boto3

from cli.demo.sample import LABEL as SAMPLE_LABEL
from cli.demo.sample import write_sample
from cli.stages.follow import follow
from local.environment import adopt
from local.runfile import Running
from local.supervisor.background import cloud
from shared.bucket import keys
from shared.bucket.s3 import S3Store
from shared.settings import Settings
from tests.bench.samples import LABEL

ROOT: Final = Path(__file__).resolve().parents[2]
STAGE: Final = "local"
PATIENCE_SECONDS: Final = 1_200.0

_NUMBERS: Final = count(1)


@dataclass(frozen=True)
class Line:
    """A simulated cloud that is up. `folder` is gone when it ends."""

    running: Running
    folder: Path

    @cached_property
    def store(self) -> S3Store:
        """The bucket of the stage."""
        return S3Store(self.settings.bucket)

    @property
    def settings(self) -> Settings:
        """The settings of the stage."""
        return Settings.from_environment(self.running.environment)

    def new_bucket(self) -> S3Store:
        """A bucket that no trigger watches."""
        name = f"bench-{next(_NUMBERS)}"
        boto3.client("s3").create_bucket(Bucket=name)
        return S3Store(name)

    def upload(self, key: str, body: bytes, store: S3Store | None = None) -> None:
        """Upload as a user does."""
        path = self.folder / "upload"
        path.write_bytes(body)
        (store or self.store).upload(key, path)

    def follow(self, *keys: str) -> None:
        """Wait until the uploads are read, and what they call for is trained and judged."""
        for _ in follow(self.store, self.settings, list(keys), seconds=PATIENCE_SECONDS):
            pass


@contextmanager
def line(label: str = LABEL) -> Iterator[Line]:
    """Run a simulated cloud, with this process as its client."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    os.environ["VINTNER_LABEL"] = label
    with tempfile.TemporaryDirectory() as folder:
        try:
            with cloud(ROOT, stage=STAGE, state_dir=Path(folder, "cloud")) as running:
                adopt(running.environment)
                yield Line(running, Path(folder))
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def served() -> Iterator[tuple[Line, dict[str, float]]]:
    """A simulated cloud with a model of the sample (30 features) in production, and a row to ask it about."""
    with line(SAMPLE_LABEL) as up:
        sample = write_sample(up.folder)
        for prefix, path in ((keys.TEST_UPLOADS, sample.test), (keys.SLOT_UPLOADS, sample.slots[-1])):
            up.upload(prefix + path.name, path.read_bytes())
            up.follow(prefix + path.name)
        header, row = sample.test.read_text(encoding="utf-8").splitlines()[:2]
        fields = dict(zip(header.split(","), row.split(","), strict=True))
        fields.pop(SAMPLE_LABEL)
        yield up, {name: float(value) for name, value in fields.items()}


def in_a_process(module: str, **arguments: object) -> Any:  # noqa: ANN401  (what the module prints as JSON)
    """Run a module of this package in an interpreter of its own; what it prints, read as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)
