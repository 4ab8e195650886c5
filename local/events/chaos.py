"""Events as bad as they may come: doubled, late and out of order, by chance but the same for the same seed.

    calm     1 2 3 4
    chaos    2 1   1 4 3 3

S3 promises to deliver each event at least once and in no order; a laptop delivers each exactly once, at once.
"""

from __future__ import annotations

import random

DOUBLED = 0.25
LATE = 0.5
LONGEST_SECONDS = 3.0


def calm() -> tuple[float, ...]:
    """Deliver an event once, at once."""
    return (0.0,)


class Chaos:
    """Decides for one event after the other how often it comes, and when."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets

    def __call__(self) -> tuple[float, ...]:
        """Return the delay of each copy of the next event, in seconds."""
        copies = 2 if self._chance.random() < DOUBLED else 1
        return tuple(self._delay() for _ in range(copies))

    def _delay(self) -> float:
        if self._chance.random() >= LATE:
            return 0.0
        return self._chance.uniform(0.0, LONGEST_SECONDS)
