"""Waiting for what another process does; how long it takes is never what a test is about."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE_SECONDS: Final = 60.0


def eventually(check: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a check holds; raise AssertionError with what was waited for."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)
