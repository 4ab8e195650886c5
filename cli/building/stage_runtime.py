"""The runtime of a stage: what its configuration, or the whole project's, names."""

from typing import Any, Final

from cli.building.runtimes import PYTHON, X86_64, Runtime
from shared.errors import VintnerError

RUNTIME: Final = "lambda_runtime"  # such as python3.13
ARCHITECTURE: Final = "lambda_architecture"  # x86_64 or arm64


def runtime_of(config: dict[str, Any], stage: str | None = None) -> Runtime:
    """The runtime of a stage, or of the whole project; raise VintnerError for one that cannot be."""
    chosen = {**config, **config.get("stages", {}).get(stage, {})}
    name, architecture = chosen.get(RUNTIME, f"python{PYTHON}"), chosen.get(ARCHITECTURE, X86_64)
    try:
        return Runtime.of(str(name).removeprefix("python"), str(architecture))
    except VintnerError as error:
        place = f"{RUNTIME}={name!r}, {ARCHITECTURE}={architecture!r}"
        raise VintnerError(f".chalice/config.json, stage {stage!r}: {place}: {error}") from None
