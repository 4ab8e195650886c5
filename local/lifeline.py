"""Nothing outlives its parent: each child holds a pipe whose other end closes when the parent ends.

The kernel closes the pipe however the parent ended, SIGKILL included, on every Unix.
"""

import os
import signal
import threading
from collections.abc import Callable


def take_standard_input() -> int:
    """Take standard input away: a descriptor for it, with an empty input in its place.

    What runs later may read its standard input; it must not read the lifeline.
    """
    pipe = os.dup(0)
    os.set_inheritable(pipe, False)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return pipe


def follow_parent(end: Callable[[], None] | None = None) -> None:
    """Watch standard input from a thread and call `end` (default: `end_group`) when it closes."""
    pipe = take_standard_input()
    threading.Thread(target=_watch, args=(pipe, end or end_group), name="lifeline", daemon=True).start()


def end_group() -> None:
    """Kill this process and all that it has started; for a process that leads its own group."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _watch(pipe: int, end: Callable[[], None]) -> None:
    while os.read(pipe, 4096):
        pass
    end()
