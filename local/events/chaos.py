"""Events as badly as S3 may deliver them: doubled, late and out of order, at random but the same for the same seed.

    calm     1 2 3 4
    chaos    2 1   1 4 3 3

S3 promises to deliver each event at least once and in no order; a laptop delivers each exactly once, at once.
"""

import random
from typing import Final

DOUBLED: Final = 0.25
LATE: Final = 0.5
LONGEST_SECONDS: Final = 3.0


def calm() -> tuple[float, ...]:
    """Deliver an event once, at once."""
    return (0.0,)


class Chaos:
    """Decides for each event how often it comes, and when."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - not for secrets

    def __call__(self) -> tuple[float, ...]:
        """The delay of each copy of the next event, in seconds."""
        copies = 2 if self._chance.random() < DOUBLED else 1
        return tuple(self._delay() for _ in range(copies))

    def _delay(self) -> float:
        if self._chance.random() >= LATE:
            return 0.0
        return self._chance.uniform(0.0, LONGEST_SECONDS)
