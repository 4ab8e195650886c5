"""The deployment zip of every function, as Chalice packs it, from a clean copy of the code."""

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager, PackageDownloadError
from chalice.utils import UI, OSUtils

from cli.building.archive import Artefact, unpack, write_archive
from cli.building.limits import check_code
from cli.building.runtimes import Runtime
from shared.errors import VintnerError

_CONFIGURATION: Final = ".chalice"
_PACKED: Final = ("app.py", "requirements.txt", "chalicelib", "vendor")


@contextlib.contextmanager
def clean_copy(project: Path) -> Iterator[Path]:
    """A copy of what Chalice packs, without what Python left beside it; the configuration is the project's own.

    Chalice packs every file that it finds, compiled ones included, and names the package by their content.
    """
    for name in (*_PACKED, _CONFIGURATION):
        if not (project / name).exists():
            raise VintnerError(f"expected {name} in the project at {project}, found none: restore it")
    with tempfile.TemporaryDirectory(prefix="vintner-code-") as folder, _no_bytecode():
        copy = Path(folder).resolve()
        for name in _PACKED:
            if (project / name).is_dir():
                shutil.copytree(project / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(project / name, copy / name)
        (copy / _CONFIGURATION).symlink_to((project / _CONFIGURATION).resolve())
        yield copy


def pack(copy: Path, runtime: Runtime) -> Artefact:
    """Have Chalice pack a clean copy, where its own deployment finds the package again; no bytes depend on the time.

    Raise VintnerError when a requirement cannot be had or the package is not thin.
    """
    files, said = OSUtils(), io.StringIO()
    packager = LambdaDeploymentPackager(files, DependencyBuilder(files), UI(out=said, err=said))
    try:
        package = Path(packager.create_deployment_package(str(copy), runtime.name))
    except PackageDownloadError as error:
        raise VintnerError(f"requirements.txt: expected packages that can be fetched, found: {error}") from error
    if "Could not install dependencies" in said.getvalue():
        package.unlink(missing_ok=True)
        raise VintnerError(f"requirements.txt: expected wheels for {runtime.name}: {said.getvalue().strip()}")
    with tempfile.TemporaryDirectory(prefix="vintner-code-") as folder:
        found = write_archive(unpack(package, Path(folder)), package, keep=_is_source)
    check_code(found)
    return found


def build_code(project: Path, path: Path, runtime: Runtime) -> Artefact:
    """Build the deployment zip of a project at `path`."""
    with clean_copy(project) as copy:
        package = pack(copy, runtime)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.path, path)
    return Artefact(path, package.sha256, package.packed, package.unpacked, package.files)


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """Loading the app must not add files to the copy."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _is_source(name: str) -> bool:
    return "__pycache__" not in PurePosixPath(name).parts
