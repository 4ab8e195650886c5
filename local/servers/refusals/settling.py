"""How long AWS takes to know everywhere what was just made: counted in requests, so that nothing depends on a clock."""

from __future__ import annotations

from collections import Counter


class Settling:
    """Remembers what is new; each question about it takes one of its refusals away."""

    def __init__(self, times: int) -> None:
        self.times = times
        self._left: Counter[tuple[str, str]] = Counter()

    def begin(self, kind: str, name: str) -> None:
        """Something of this name is new."""
        self._left[kind, name] = self.times

    def left(self, kind: str, name: str) -> int:
        """How many refusals were left before this request; each request takes one."""
        left = self._left[kind, name]
        if left:
            self._left[kind, name] = left - 1
        return left
