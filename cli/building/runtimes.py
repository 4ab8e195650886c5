"""The Lambda runtimes: a Python, a processor, and what a wheel must fit."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import VintnerError

PYTHON: Final = "3.13"  # of new stages
OLDEST: Final = 11
NEWEST: Final = 13  # the newest that the locked wheels and the whole suite were tried with
X86_64: Final = "x86_64"
ARM64: Final = "arm64"

# What wheels and ELF files call the processors that Lambda calls by these names.
_MACHINES: Final = {X86_64: "x86_64", ARM64: "aarch64"}
# The Python 3.11 runtime is Amazon Linux 2, the later ones are Amazon Linux 2023.
_GLIBC_OF_3_11: Final = 26
_GLIBC_LATER: Final = 34
_OLDEST_GLIBC: Final = {X86_64: 5, ARM64: 17}
_LEGACY: Final = {X86_64: ("manylinux2014", "manylinux2010", "manylinux1"), ARM64: ("manylinux2014",)}
_VERSION: Final = re.compile(r"3\.(\d+)")


@dataclass(frozen=True)
class Runtime:
    """A Python runtime of Lambda on a processor; `glibc` is the minor version of its C library, 2.x."""

    python: str
    glibc: int
    architecture: str = X86_64

    @classmethod
    def of(cls, python: str, architecture: str = X86_64) -> "Runtime":
        """The runtime of a Python version such as ``3.13``; raise VintnerError for one that cannot be."""
        match = _VERSION.fullmatch(python)
        if match is None or not OLDEST <= int(match[1]) <= NEWEST:
            raise VintnerError(
                f"expected a Python of Lambda from 3.{OLDEST} to 3.{NEWEST}, such as {PYTHON}, found {python!r}"
            )
        if architecture not in _MACHINES:
            raise VintnerError(f"expected a processor of Lambda, one of {', '.join(_MACHINES)}; found {architecture!r}")
        glibc = _GLIBC_OF_3_11 if match[1] == "11" else _GLIBC_LATER
        return cls(python, glibc, architecture)

    @property
    def name(self) -> str:
        """Lambda's name of it."""
        return f"python{self.python}"

    @property
    def machine(self) -> str:
        """What wheels and ELF files call the processor."""
        return _MACHINES[self.architecture]

    @property
    def platforms(self) -> list[str]:
        """The wheel tags that fit, the newest first."""
        oldest = _OLDEST_GLIBC[self.architecture]
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, oldest - 1, -1)]
        return [*tags, *(f"{legacy}_{self.machine}" for legacy in _LEGACY[self.architecture])]

    def __str__(self) -> str:
        return f"{self.name} on {self.architecture}"


def interpreter_of(python: str) -> Path | None:
    """An interpreter of this version on this machine: this one, one of pyenv's, one on the path; None without one."""
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    # pyenv's stand-ins on the path fail for a version that is not selected, so its real ones come first.
    own = sorted(versions.glob(f"{python}.*/bin/python{python}"), key=lambda path: path.parts[-3])
    found = own[-1] if own else shutil.which(f"python{python}")
    return Path(found) if found else None
