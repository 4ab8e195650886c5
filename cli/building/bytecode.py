"""Bytecode: what Lambda unpacks is read-only, so every cold start would compile the sources again.

The code has it beside its sources, whose lines a traceback shows. The layer, which has little room, in their place.
"""

import subprocess
from pathlib import Path
from typing import Final

from cli.building.runtimes import Runtime, interpreter_of
from shared.errors import VintnerError

LAYER_PLACE: Final = "/opt/python"  # where Lambda unpacks it, as tracebacks say
CODE_PLACE: Final = "/var/task"


def replace_sources(folder: Path, runtime: Runtime) -> int:
    """Put the bytecode of a layer's sources in their place; how many there were.

    Raise VintnerError without an interpreter of the runtime's version: bytecode of another one cannot be loaded.
    """
    python = interpreter_of(runtime.python)
    if python is None:
        raise VintnerError(
            f"expected {runtime.name} on this machine, whose bytecode the layer gets; found none: install it (pyenv "
            f"install {runtime.python}), or choose another runtime in .chalice/config.json"
        )
    _compile(python, folder, LAYER_PLACE, "-b")
    compiled = 0
    for source in sorted(folder.rglob("*.py")):
        # What does not compile (a template, a test of syntax errors) stays a source, as a package ships it.
        if source.with_suffix(".pyc").is_file():
            source.unlink()
            compiled += 1
    return compiled


def add_bytecode(folder: Path, runtime: Runtime) -> None:
    """Put bytecode beside the sources of the code, where this machine has an interpreter of the runtime's version."""
    if python := interpreter_of(runtime.python):
        _compile(python, folder, CODE_PLACE)


def _compile(python: Path, folder: Path, place: str, *options: str) -> None:
    """Compile all sources of a folder; nothing in the bytecode depends on time or folder.

    It is not checked against a source when it is loaded (``unchecked-hash``): the files' times are not kept.
    """
    how = ["-q", "-q", *options, "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", place]
    # A fixed seed: the order of a set in the bytecode would differ from one run to the next.
    command = [str(python), "-I", "-X", "utf8", "-m", "compileall", *how, str(folder)]
    subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, check=False)
