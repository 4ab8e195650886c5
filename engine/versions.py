"""The engine's versions against what is installed."""

from importlib.metadata import PackageNotFoundError, version

from shared.errors import VintnerError
from shared.training.engine_versions import ENGINE_LIBRARIES

_ALSO_AS = {"xgboost": ("xgboost", "xgboost-cpu")}


def check_installed() -> None:
    """Raise VintnerError unless the libraries are those that are part of the names of the engine's models."""
    for name, wanted in ENGINE_LIBRARIES.items():
        found = [own for package in _ALSO_AS.get(name, (name,)) if (own := _installed(package))]
        if wanted not in found:
            raise VintnerError(
                f"expected {name} {wanted}, found {' and '.join(found) or 'none'}: install requirements-engine.txt; "
                "a model's name says which version it was trained with"
            )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
