"""The layer of the functions that train: the locked packages as Lambda's runtime can load them, and no more of them."""

import re
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from cli.building.archive import Artefact, write_archive
from cli.building.bytecode import replace_sources
from cli.building.label import check_label, write_label
from cli.building.libraries import check_libraries
from cli.building.pruning import kept
from cli.building.runtimes import Runtime
from cli.building.symbols import strip_symbols
from cli.building.wheels import install_wheels
from shared.errors import VintnerError

LAYER: Final = Path("dist") / "training-layer.zip"
LOCK: Final = "requirements-train.txt"
_LOCKED: Final = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
_INSTALLED: Final = re.compile(r"python/([\w.]+)-([^-/]+)\.dist-info/METADATA$")
PREFIX: Final = "python/"  # a layer is unpacked to /opt, and /opt/python is on Python's path


def build_layer(project: Path, path: Path, runtime: Runtime) -> Artefact:
    """Build the layer from the project's lock; raise VintnerError when a wheel does not fit the runtime."""
    with tempfile.TemporaryDirectory(prefix="vintner-layer-") as name:
        folder = Path(name)
        install_wheels(project / LOCK, folder, runtime)
        for file in [found for found in folder.rglob("*") if found.is_file()]:
            if not kept(file.relative_to(folder).as_posix()):
                file.unlink()
        strip_symbols(folder)
        replace_sources(folder, runtime)
        write_label(folder, runtime)
        built = write_archive(folder, path, prefix=PREFIX)
    check_libraries(path, runtime)
    return built


def check_layer(project: Path, path: Path, runtime: Runtime) -> None:
    """Raise VintnerError unless the layer was built for the runtime from the project's current lock."""
    if not path.is_file():
        raise VintnerError(f"expected the training layer at {path}, found none: build it with 'vintner layer'")
    check_label(path, runtime, prefix=PREFIX)
    check_libraries(path, runtime)
    wanted = {_spelled(*pair) for pair in _LOCKED.findall((project / LOCK).read_text(encoding="utf-8"))}
    with zipfile.ZipFile(path) as packed:
        found = {_spelled(*match.groups()) for name in packed.namelist() if (match := _INSTALLED.match(name))}
    if found != wanted:
        others = ", ".join(sorted(found ^ wanted)[:3])
        raise VintnerError(f"{path}: expected the packages of {LOCK}, found others ({others}): run 'vintner layer'")


def _spelled(name: str, version: str) -> str:
    """A package and its version in one spelling: names are the same whatever their case and separators."""
    return f"{name.lower().replace('-', '_').replace('.', '_')} {version}"
