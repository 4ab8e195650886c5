"""All tables by name, imitated and bundled."""

from typing import Final

from tests.tables.bundled import LOADERS, bundled
from tests.tables.imitations import GENERATORS, imitation
from tests.tables.table import Imitation

EVERY: Final = [*GENERATORS, *LOADERS]


def table(name: str) -> Imitation:
    """The table of this name, imitated or bundled."""
    return imitation(name) if name in GENERATORS else bundled(name)
