"""Bytecode in place of sources: Lambda's /opt is read-only, so every cold start would compile them again."""

import subprocess
from pathlib import Path
from typing import Final

from cli.building.runtimes import Runtime, interpreter_of
from shared.errors import VintnerError

PLACE: Final = "/opt"  # where Lambda unpacks a layer: tracebacks name it


def compile_sources(folder: Path, runtime: Runtime, *, place: str) -> int:
    """Put each source's bytecode in its place; how many there were. Nothing in them depends on time or folder.

    The bytecode is not checked against a source when it is loaded (``unchecked-hash``), so none is shipped. Raise
    VintnerError without an interpreter of the runtime's version: bytecode of another one cannot be loaded.
    """
    python = interpreter_of(runtime.python)
    if python is None:
        raise VintnerError(
            f"expected {runtime.name} on this machine, whose bytecode the layer gets; found none: install it (pyenv "
            f"install {runtime.python}), or choose another runtime in .chalice/config.json"
        )
    options = ["-q", "-q", "-b", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", place]
    # A fixed seed: the order of a set in the bytecode would differ from one run to the next.
    command = [str(python), "-I", "-X", "utf8", "-m", "compileall", *options, str(folder)]
    subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, check=False)
    compiled = 0
    for source in sorted(folder.rglob("*.py")):
        # What does not compile (a template, a test of syntax errors) stays a source, as a package ships it.
        if source.with_suffix(".pyc").is_file():
            source.unlink()
            compiled += 1
    return compiled
