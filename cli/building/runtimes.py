"""The Lambda runtimes: what a wheel must fit."""

import re
from dataclasses import dataclass
from typing import Final

from shared.errors import VintnerError

PYTHON: Final = "3.11"

# The Python 3.11 runtime is Amazon Linux 2, the later ones are Amazon Linux 2023.
_GLIBC_OF_3_11: Final = 26
_GLIBC_LATER: Final = 34
_OLDEST_GLIBC: Final = 5
_VERSION: Final = re.compile(r"3\.(\d+)")


@dataclass(frozen=True)
class Runtime:
    """A Python runtime of Lambda on x86-64; `glibc` is the minor version of its C library, 2.x."""

    python: str
    glibc: int

    @classmethod
    def of(cls, python: str) -> "Runtime":
        """The runtime of a Python version such as ``3.11``; raise VintnerError for one that cannot be."""
        match = _VERSION.fullmatch(python)
        if match is None or int(match[1]) < 11:
            raise VintnerError(f"expected a Python of Lambda from 3.11 on, such as 3.12, found {python!r}")
        return cls(python, _GLIBC_OF_3_11 if match[1] == "11" else _GLIBC_LATER)

    @property
    def name(self) -> str:
        """Lambda's name of it."""
        return f"python{self.python}"

    @property
    def platforms(self) -> list[str]:
        """The wheel tags that fit, the newest first."""
        tags = [f"manylinux_2_{minor}_x86_64" for minor in range(self.glibc, _OLDEST_GLIBC - 1, -1)]
        return [*tags, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
