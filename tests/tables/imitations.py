"""Every imitated table by name. All rows are drawn with a fixed seed; none is copied."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from tests.tables import business, classes, medical, people, spellings
from tests.tables.table import Imitation

GENERATORS: Final[Mapping[str, Callable[[], Imitation]]] = {
    generator.__name__: generator
    for generator in (
        people.titanic,
        people.adult,
        business.telco,
        medical.pima,
        medical.heart,
        medical.heart_stages,
        business.bank,
        spellings.sensor,
        business.loan,
        spellings.german,
        spellings.subscriptions,
        spellings.claims,
        spellings.visits,
        classes.towns,
        classes.shelter,
    )
}


@cache
def imitation(name: str) -> Imitation:
    """The table of this name, made once in a process."""
    return GENERATORS[name]()
