"""What the tests of a deployment share: the built artefacts, and an account in a simulated AWS."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.building.label import LABEL, read_label, write_label
from cli.building.limits import CODE
from cli.building.runtimes import Runtime
from cli.building.stage_runtime import runtime_of
from cli.building.training_layer import LAYER
from cli.building.unpacked import unpack_project
from cli.stages.config import read_config
from tests.support.simulated_aws import simulated_aws

ROOT = Path(__file__).resolve().parents[2]
SETTLING = 2  # how often the simulated AWS refuses what is new: 404 and then 409 of a bucket, say
CODE_OF = (".chalice", "app.py", "chalicelib", "functions", "shared", "vendor")
PROJECT = (*CODE_OF, "requirements.txt", "requirements-train.txt")


def _why_not_usable() -> str | None:
    """Why the artefacts cannot be tested: not built, or built from other code."""
    for artefact in (CODE, LAYER):
        if not (ROOT / artefact).is_file():
            return f"{artefact} is not built: run 'make artefacts'"
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if (built := read_label(ROOT / CODE)).python != own:
        return f"{CODE} is for {built}, and the tests run on {own}: run 'make artefacts RUNTIME={own}'"
    with zipfile.ZipFile(ROOT / CODE) as packed:
        for name in packed.namelist():
            source = ROOT / name
            if name.endswith(".pyc"):
                continue
            if name.startswith(("app.py", "chalicelib/", "functions/", "shared/")) and (
                not source.is_file() or source.read_bytes() != packed.read(name)
            ):
                return f"{CODE} is older than {name}: run 'make artefacts'"
    return None


@pytest.fixture(scope="session")
def artefacts() -> tuple[Path, Path]:
    """The deployment zip and the training layer."""
    if why := _why_not_usable():
        if os.environ.get("VINTNER_REQUIRE_ARTEFACTS"):
            pytest.fail(why)
        pytest.skip(why)
    return ROOT / CODE, ROOT / LAYER


@pytest.fixture(scope="session")
def unpacked(artefacts: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that stands on the unpacked artefacts alone."""
    assert all(artefacts)
    folder = tmp_path_factory.mktemp("deployed")
    yield unpack_project(ROOT, folder / "deployed", "local")
    shutil.rmtree(folder)  # a quarter of a gigabyte, which pytest would keep


def write_layer(project: Path, *, leave_out: str = "", runtime: Runtime | None = None) -> None:
    """Write what stands for the layer: the names of its packages alone, and the runtime that it is for."""
    write_label(project / "dist", runtime or runtime_of(read_config(project)))
    lock = (project / "requirements-train.txt").read_text(encoding="utf-8")
    with zipfile.ZipFile(project / LAYER, "w") as layer:
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE):
            if name != leave_out:
                layer.writestr(f"python/{name.replace('-', '_')}-{version}.dist-info/METADATA", "")
        layer.write(project / "dist" / LABEL, f"python/{LABEL}")


@dataclass(frozen=True)
class Cloud:
    """A simulated AWS, and the directory of a project that is deployed to it."""

    project: Path
    environ: dict[str, str]

    def vintner(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the project's directory, as somebody with credentials."""
        command = [str(Path(sys.executable).parent / "vintner"), *arguments]
        environ = {**self.environ, **variables}
        return subprocess.run(
            command, cwd=self.project, env=environ, capture_output=True, text=True, check=False, timeout=120
        )

    def client(self, service: str) -> Any:  # noqa: ANN401  (a client of any service)
        """A client of the simulated AWS."""
        return _client(service, self.environ["AWS_ENDPOINT_URL"])


@cache
def _client(service: str, url: str) -> Any:  # noqa: ANN401  (a client of any service)
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client(service, endpoint_url=url)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An empty account, and a project with a small archive in the layer's place."""
    with simulated_aws(settling=SETTLING) as environ:
        yield Cloud(write_project(tmp_path_factory.mktemp("deploying") / "project"), environ)


def write_project(project: Path) -> Path:
    """Copy the project, with nothing in it that a deployment would have to fetch."""
    project.mkdir()
    for name in PROJECT:
        ignored = shutil.ignore_patterns("deployed", "__pycache__")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, symlinks=True, ignore=ignored)
        else:
            shutil.copyfile(ROOT / name, project / name)
    (project / "requirements.txt").write_text("")  # nothing is fetched for a deployment of the tests
    (project / LAYER).parent.mkdir()
    write_layer(project)
    return project
