"""A project as its functions find it where they are deployed: the zip unpacked, the layer unpacked beside it."""

import platform
import shutil
import sys
from pathlib import Path

from cli.building.archive import unpack
from cli.building.label import check_label, read_label
from cli.building.limits import CODE
from cli.building.training_layer import LAYER, PREFIX
from cli.stages.config import CONFIG, read_config, with_layers, write_config
from shared.errors import VintnerError


def unpack_project(project: Path, folder: Path, stage: str) -> Path:
    """Unpack the project's artefacts into a fresh `folder`; the directory that stands for the project there.

    Its configuration is the project's, but for the layer of the stage's training functions: the unpacked one. Raise
    VintnerError when an artefact is not there.
    """
    for artefact in (CODE, LAYER):
        if not (project / artefact).is_file():
            raise VintnerError(f"expected {artefact} in {project}, found none: build it with 'vintner layer'")
    runtime, own = read_label(project / CODE), f"{sys.version_info.major}.{sys.version_info.minor}"
    if (runtime.python, runtime.machine) != (own, platform.machine()):
        raise VintnerError(
            f"{CODE} is for {runtime}: expected it to be for Python {own} on {platform.machine()}, which runs here; "
            f"'vintner layer --python {own}' builds it, or start vintner with Python {runtime.python}"
        )
    check_label(project / LAYER, runtime, prefix=PREFIX)
    shutil.rmtree(folder, ignore_errors=True)
    directory, layer = folder / "function", folder / "layer"
    unpack(project / CODE, directory)
    unpack(project / LAYER, layer)
    (directory / CONFIG).parent.mkdir()
    shutil.copyfile(project / CONFIG, directory / CONFIG)
    write_config(directory, with_layers(read_config(project), stage, [str(layer.resolve())]))
    return directory
