"""The engine's versions: a part of the names of the models that it trains, and known where it is not installed.

Nothing of the cluster is among them: how many workers there are does not show in a model.
"""

from typing import Final

from shared.training.versions import versions

ENGINE_VERSION: Final = 1  # raise it when the engine makes another model of the same rows
ENGINE_LIBRARIES: Final = {"dask": "2026.8.0", "xgboost": "3.2.0"}  # as in requirements-engine.in


def engine_versions() -> dict[str, str]:
    """The engine's own version, those of its libraries, and those that a training in the function has."""
    return {**versions(), "engine": str(ENGINE_VERSION), **ENGINE_LIBRARIES}
