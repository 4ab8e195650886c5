"""The layer of the functions that train: the locked packages as Lambda's runtime can load them, and no more of them."""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from cli.building.archive import Artefact, write_archive
from cli.building.pruning import kept
from cli.building.runtimes import Runtime
from cli.building.symbols import strip_symbols
from shared.errors import VintnerError

LAYER: Final = Path("dist") / "training-layer.zip"
LOCK: Final = "requirements-train.txt"
_LOCKED: Final = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_INSTALLED: Final = re.compile(r"python/([\w.]+)-([^-/]+)\.dist-info/METADATA$")
PREFIX: Final = "python/"  # a layer is unpacked to /opt, and /opt/python is on Python's path


def build_layer(project: Path, path: Path, runtime: Runtime) -> Artefact:
    """Build the layer from the project's lock; raise VintnerError when a wheel does not fit the runtime."""
    lock = project / LOCK
    if not lock.is_file():
        raise VintnerError(f"expected the locked training packages at {lock}, found none: restore it")
    with tempfile.TemporaryDirectory(prefix="vintner-layer-") as name:
        folder = Path(name)
        _install(lock, folder, runtime)
        for file in [found for found in folder.rglob("*") if found.is_file()]:
            if not kept(file.relative_to(folder).as_posix()):
                file.unlink()
        strip_symbols(folder)
        return write_archive(folder, path, prefix=PREFIX)


def check_layer(project: Path, path: Path) -> None:
    """Raise VintnerError unless the layer is there and was built from the project's lock of today."""
    if not path.is_file():
        raise VintnerError(f"expected the training layer at {path}, found none: build it with 'vintner layer'")
    wanted = {_spelled(*pair) for pair in _LOCKED.findall((project / LOCK).read_text(encoding="utf-8"))}
    with zipfile.ZipFile(path) as packed:
        found = {_spelled(*match.groups()) for name in packed.namelist() if (match := _INSTALLED.match(name))}
    if found != wanted:
        others = ", ".join(sorted(found ^ wanted)[:3])
        raise VintnerError(f"{path}: expected the packages of {LOCK}, found others ({others}): run 'vintner layer'")


def _spelled(name: str, version: str) -> str:
    """A package and its version in one spelling: names are the same whatever their case and separators."""
    return f"{name.lower().replace('-', '_').replace('.', '_')} {version}"


def _install(lock: Path, folder: Path, runtime: Runtime) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "--requirement", str(lock), "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", runtime.python]
    for platform in runtime.platforms:
        command += ["--platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
        raise VintnerError(
            f"{lock.name}: expected wheels for {runtime.name} (glibc 2.{runtime.glibc} or older) that have the locked "
            f"hashes, and pip found otherwise: {' '.join(errors)}"
        )
