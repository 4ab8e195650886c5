"""The libraries of an artefact must be ones that its runtime can load."""

from pathlib import Path

from cli.building.runtimes import Runtime
from local.workers.libraries import misfits
from shared.errors import VintnerError


def check_libraries(path: Path, runtime: Runtime) -> None:
    """Raise VintnerError when an archive has a library that the runtime could not load."""
    misfit = next(misfits(path, python=runtime.python, machine=runtime.machine), None)
    if misfit:
        raise VintnerError(
            f"{path}: expected libraries for {runtime}, found that {misfit}: delete it and build it again"
        )
