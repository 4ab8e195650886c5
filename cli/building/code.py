"""The deployment zip of every function, as Chalice packs it, from a clean copy of the code."""

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from cli.building.archive import Artefact, unpack, write_archive
from cli.building.bytecode import add_bytecode
from cli.building.label import write_label
from cli.building.libraries import check_libraries
from cli.building.limits import check_code
from cli.building.pruning import NOTES
from cli.building.runtimes import Runtime
from cli.building.wheels import install_wheels
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

    Raise VintnerError when a requirement cannot be had or the package is not thin. The requirements are installed into
    the copy's vendor folder, which Chalice packs as it is: its own way of fetching them knows neither hashes nor every
    runtime.
    """
    lock, vendor = copy / "requirements.txt", copy / "vendor"
    install_wheels(lock, vendor, runtime)
    lock.write_text("", encoding="utf-8")
    write_label(vendor, runtime)
    files, output = OSUtils(), io.StringIO()
    ui = UI(out=output, err=output)
    packager = LambdaDeploymentPackager(files, DependencyBuilder(files), ui, runtime.architecture)
    package = Path(packager.create_deployment_package(str(copy), runtime.name))
    with tempfile.TemporaryDirectory(prefix="vintner-code-") as folder:
        unpacked = unpack(package, Path(folder))
        add_bytecode(unpacked, runtime)
        packed = write_archive(unpacked, package, keep=_is_shipped)
    check_code(packed)
    check_libraries(package, runtime)
    return packed


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


def _is_shipped(name: str) -> bool:
    """Whether a file is no program and none of an installer's notes."""
    path = PurePosixPath(name)
    notes = path.parts[0].endswith(".dist-info") and path.name in NOTES
    return path.parts[0] != "bin" and not notes
