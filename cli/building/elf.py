"""What the headers of shared libraries say: for which processor, and for which Python's interface."""

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cli.building.runtimes import Runtime
from shared.errors import VintnerError

_MAGIC: Final = b"\x7fELF\x02\x01"  # 64 bits, little endian
_E_MACHINE: Final = 18  # the offset of e_machine in an ELF header
_MACHINES: Final = {62: "x86_64", 183: "aarch64"}  # EM_X86_64, EM_AARCH64
_INTERFACE: Final = re.compile(r"\.cpython-3(\d+)-")


def machine_of(content: bytes) -> str | None:
    """The processor of a library, as ``uname -m`` calls it; None for what is no ELF file."""
    if not content.startswith(_MAGIC):
        return None
    (number,) = struct.unpack_from("<H", content, _E_MACHINE)
    return _MACHINES.get(number, f"machine {number}")


def misfits(path: Path, runtime: Runtime) -> Iterator[str]:
    """The libraries of an archive that the runtime could not load, each with the reason."""
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            if ".so" not in Path(entry.filename).name:
                continue
            with packed.open(entry) as content:
                machine = machine_of(content.read(64))
            if machine not in {None, runtime.machine}:
                yield f"{entry.filename} is for {machine}"
            interface = _INTERFACE.search(entry.filename)
            if interface and f"3.{interface[1]}" != runtime.python:
                yield f"{entry.filename} is for Python 3.{interface[1]}"


def check_libraries(path: Path, runtime: Runtime) -> None:
    """Raise VintnerError when an archive has a library that the runtime could not load."""
    found = next(misfits(path, runtime), None)
    if found:
        raise VintnerError(
            f"{path}: expected libraries for {runtime}, found that {found}: delete it and build it again"
        )
