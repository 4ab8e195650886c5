"""Tables with unusual labels: a hundred texts, and labels that only one file has."""

import numpy as np
import pandas as pd

from tests.tables.drawing import flag, gaps, pick, spelled
from tests.tables.table import Dialect, Facts, Imitation, from_parts, imitate

_FIRST = ("Ash", "Brook", "Cold", "Deep", "East", "Fair", "Green", "High", "Long", "North")
_LAST = ("bury", "combe", "dale", " End", "field", "ford", "ham", "-on-Sea", "ton", "wick")


def towns() -> Imitation:
    """A hundred texts as classes, fifteen rows each."""
    rng = np.random.default_rng(100)
    places = [first + last for first in _FIRST for last in _LAST]
    town = np.repeat(np.arange(100), 15)
    rows = len(town)
    post = np.where(flag(rng, rows, 0.9), town, rng.integers(0, 100, rows))
    north, east = rng.uniform(50, 56, 100), rng.uniform(-5, 1, 100)
    frame = pd.DataFrame(
        {
            "depot": gaps(rng, [f"D-{number:03}" for number in post], 0.02),
            "latitude": (north[town] + rng.normal(0, 0.05, rows)).round(4),
            "longitude": (east[town] + rng.normal(0, 0.05, rows)).round(4),
            "parcels": rng.poisson(20 + town % 10),
            "town": np.array(places)[town],
        }
    )
    facts = Facts(
        label="town",
        classes=dict.fromkeys(places, 0.01),
        missing={"depot": 0.02, "latitude": 0},
        notes="depot has a hundred values, one for each town, and is wrong on every tenth row",
    )
    return imitate("towns", frame.sample(frac=1, random_state=100, ignore_index=True), facts, Dialect())


def shelter() -> Imitation:
    """Labels that only one file has: `ferret` the first slot, `parrot` the second, `tortoise` the test set."""
    rng, rows = np.random.default_rng(7), 800
    shares = {"cat": 0.4, "dog": 0.35, "rabbit": 0.16, "ferret": 0.03, "parrot": 0.03, "tortoise": 0.03}
    kind = pick(rng, rows, shares)
    mean = pd.Series(kind).map({"cat": 1.4, "dog": 2.7, "rabbit": 0.6, "ferret": 0.2, "parrot": -0.6, "tortoise": 1.1})
    weight = np.exp(mean.to_numpy(float) + rng.normal(0, 0.45, rows)).round(3)
    coats = {"short": 0.6, "long": 0.25, "wiry": 0.15}
    coat = np.where(np.isin(kind, ["parrot", "tortoise"]), "bare", pick(rng, rows, coats))
    frame = pd.DataFrame(
        {
            "weight": gaps(rng, weight, 0.04),
            "age_months": rng.integers(2, 180, rows),
            "coat": gaps(rng, coat, 0.05),
            "collar": spelled(flag(rng, rows, 0.3) & np.isin(kind, ["cat", "dog"]), "yes", "no"),
            "animal": kind,
        }
    )
    own = frame["animal"].map({"ferret": 1, "parrot": 2, "tortoise": 0}).to_numpy(float)
    at = np.where(np.isnan(own), rng.choice(3, len(frame), p=[0.25, 0.45, 0.3]), own)
    facts = Facts(
        label="animal",
        classes=shares,
        missing={"weight": 0.04, "coat": 0.05, "collar": 0},
        notes="ferret stands in the first slot alone, parrot in the second, tortoise in the test set",
    )
    return from_parts("shelter", frame[at == 0], (frame[at == 1], frame[at == 2]), facts, Dialect())
