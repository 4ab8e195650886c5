"""What the headers of shared libraries say: for which processor, and for which Python's interface."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little endian
_E_MACHINE = 18  # the offset of e_machine in an ELF header
_MACHINES = {62: "x86_64", 183: "aarch64"}  # EM_X86_64, EM_AARCH64
_INTERFACE = re.compile(r"\.cpython-3(\d+)-")


def machine_of(content: bytes) -> str | None:
    """Return the processor of a library, as ``uname -m`` calls it; None for what is no ELF file."""
    if not content.startswith(_MAGIC):
        return None
    (number,) = struct.unpack_from("<H", content, _E_MACHINE)
    return _MACHINES.get(number, f"machine {number}")


def misfits(archive: Path | IO[bytes], *, python: str, machine: str) -> Iterator[str]:
    """Yield each library of an archive that this Python on this processor could not load, with the reason."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            if ".so" not in Path(entry.filename).name:
                continue
            with packed.open(entry) as content:
                built_for = machine_of(content.read(64))
            if built_for not in {None, machine}:
                yield f"{entry.filename} is for {built_for}"
            interface = _INTERFACE.search(entry.filename)
            if interface and f"3.{interface[1]}" != python:
                yield f"{entry.filename} is for Python 3.{interface[1]}"
