"""The versions that decide what a fit gives: a part of each model's name, and known without loading a library."""

from importlib.metadata import version
from typing import Final

TRAINER_VERSION: Final = 6


def versions() -> dict[str, str]:
    """The trainer's own version and those of the libraries that fit."""
    return {"trainer": str(TRAINER_VERSION), **{name: version(name) for name in ("numpy", "pandas", "scikit-learn")}}
