"""What can go wrong in the simulated cloud itself."""

import traceback
from pathlib import Path


class LocalError(Exception):
    """The simulated cloud cannot do what was asked; the message says why and what to do."""


def last_line(error: BaseException) -> str:
    """`Type: message` of an exception on one line, as the last line of its traceback has it."""
    lines = traceback.format_exception_only(error)
    return " ".join(lines[-1].split()) if lines else type(error).__name__


def where(error: BaseException, directory: Path) -> str:
    """The last place inside `directory` that an exception came through, or an empty string."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(directory)]
    if not frames:
        return ""
    return f"{Path(frames[-1].filename).relative_to(directory)} line {frames[-1].lineno}"
