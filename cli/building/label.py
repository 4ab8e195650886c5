"""What an artefact says of itself: the runtime that it was built for, as a file in its archive."""

import json
import zipfile
from pathlib import Path
from typing import Final

from cli.building.runtimes import Runtime
from shared.errors import VintnerError

LABEL: Final = "vintner-runtime.json"


def write_label(folder: Path, runtime: Runtime) -> None:
    """Write the runtime beside what was built for it."""
    label = {"format": 1, "architecture": runtime.architecture, "runtime": runtime.name}
    (folder / LABEL).write_text(json.dumps(label) + "\n", encoding="utf-8")


def read_label(path: Path, *, prefix: str = "") -> Runtime:
    """The runtime of an archive; raise VintnerError when it does not say one."""
    try:
        with zipfile.ZipFile(path) as packed:
            label = json.loads(packed.read(prefix + LABEL))
        return Runtime.of(label["runtime"].removeprefix("python"), label["architecture"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise VintnerError(
            f"{path}: expected an archive with {prefix}{LABEL} in it, found {error}: build it again, "
            "with 'vintner layer'"
        ) from None


def check_label(path: Path, runtime: Runtime, *, prefix: str = "") -> None:
    """Raise VintnerError unless an archive was built for this runtime."""
    found = read_label(path, prefix=prefix)
    if found != runtime:
        raise VintnerError(
            f"{path}: expected it to be built for {runtime}, found {found}: build it again with "
            f"'vintner layer --python {runtime.python} --architecture {runtime.architecture}'"
        )
