"""Imitations of the passenger list of the Titanic and of the census of 1994."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.tables.drawing import banded, flag, gaps, names, pick, shortest, spelled
from tests.tables.table import Dialect, Facts, Imitation, imitate

_SCHOOLING = (
    *("Preschool", "1st-4th", "5th-6th", "7th-8th", "9th", "10th", "11th", "12th", "HS-grad", "Some-college"),
    *("Assoc-voc", "Assoc-acdm", "Bachelors", "Masters", "Prof-school", "Doctorate"),
)
_WORK = {"Private": 74, "Self-emp-not-inc": 8, "Local-gov": 7, "State-gov": 4, "Self-emp-inc": 4, "Federal-gov": 3}
_TASKS = {"Prof-specialty": 13, "Craft-repair": 13, "Exec-managerial": 13, "Adm-clerical": 12, "Sales": 12} | {
    "Other-service": 11,
    "Machine-op-inspct": 7,
    "Transport-moving": 5,
    "Handlers-cleaners": 4,
    "Tech-support": 3,
}
_COUNTRIES = {"United-States": 90, "Mexico": 2, "Philippines": 0.6, "Germany": 0.5, "Trinadad&Tobago": 0.2}
_SCHOOLED = (0.2, 0.5, 1, 2, 1.6, 2.9, 3.6, 1.3, 32.3, 22.4, 4.2, 3.3, 16.4, 5.3, 1.8, 1.2)


def titanic() -> Imitation:
    """Names with commas and quotes in them, few cabins, ages such as 22 and 0.42."""
    rng, rows = np.random.default_rng(1912), 900
    pclass = pick(rng, rows, {1: 0.24, 2: 0.21, 3: 0.55})
    female = flag(rng, rows, 0.353)
    age = np.clip(rng.normal(44 - 6 * pclass, 13), 0.42, 80).round()
    age = np.where(age < 1, 0.42, age)
    siblings = pick(rng, rows, {0: 68, 1: 23.5, 2: 3, 3: 2, 4: 2, 5: 0.6, 8: 0.9})
    parents = pick(rng, rows, {0: 76, 1: 13, 2: 9, 3: 0.6, 4: 0.5, 5: 0.5, 6: 0.1})
    fare = np.exp(rng.normal(np.array([4.1, 2.8, 2.2])[pclass - 1] + 0.15 * (siblings + parents), 0.4)).round(4)
    port = pick(rng, rows, {"S": 0.724, "C": 0.189, "Q": 0.087})
    score = 3.2 * female - 1.2 * pclass - 0.04 * age - 0.4 * siblings + 0.4 * (port == "C") + rng.logistic(0, 0.8, rows)
    frame = pd.DataFrame(
        {
            "PassengerId": np.arange(1, rows + 1),
            "Survived": banded(score, {0: 0.616, 1: 0.384}),
            "Pclass": pclass,
            "Name": _passengers(rng, female, age),
            "Sex": spelled(female, "female", "male"),
            "Age": gaps(rng, shortest(age), 0.2),
            "SibSp": siblings,
            "Parch": parents,
            "Ticket": _tickets(rng, rows),
            "Fare": shortest(fare),
            "Cabin": gaps(rng, _cabins(rng, pclass), 0.77),
            "Embarked": gaps(rng, port, 0.004),
        }
    )
    facts = Facts(
        label="Survived",
        classes={"0": 0.616, "1": 0.384},
        missing={"Age": 0.2, "Cabin": 0.77, "Embarked": 0.004, "Fare": 0},
        ignore=("PassengerId",),
        notes="Name and Ticket differ on most rows and are no features; Cabin has many values and is mostly missing",
    )
    return imitate("titanic", frame, facts, Dialect(line_end="\r\n"))


def _passengers(rng: np.random.Generator, female: NDArray[np.bool_], age: NDArray[np.float64]) -> list[str]:
    rows = len(age)
    titles = np.where(female, np.where(age < 22, "Miss.", "Mrs."), np.where(age < 12, "Master.", "Mr."))
    short = np.where(flag(rng, rows, 0.08), [f' "{name[:4]}"' for name in names(rng, rows)], "")
    parts = zip(names(rng, rows), titles, names(rng, rows), short, strict=True)
    return [f"{family}, {title} {given}{nick}" for family, title, given, nick in parts]


def _tickets(rng: np.random.Generator, rows: int) -> list[str]:
    kinds = pick(rng, rows, {"": 0.74, "PC ": 0.08, "C.A. ": 0.06, "A/5 ": 0.05, "STON/O 2. ": 0.05, "LINE": 0.02})
    return [kind if kind == "LINE" else f"{kind}{rng.integers(2000, 400000)}" for kind in kinds]


def _cabins(rng: np.random.Generator, pclass: NDArray[Any]) -> list[str]:
    decks = [rng.choice(list(("ABCDE", "DEF", "EFG")[place - 1])) for place in pclass]
    cabins = [f"{deck}{rng.integers(1, 130)}" for deck in decks]
    return [f"{cabin} {cabin[0]}{rng.integers(1, 130)}" if flag(rng, 1, 0.1)[0] else cabin for cabin in cabins]


def adult() -> Imitation:
    """A question mark where a value is missing, and a space after each comma, in the header line too."""
    rng, rows = np.random.default_rng(1994), 1500
    age = np.clip(rng.gamma(6, 6.4, rows), 17, 90).astype(int)
    years = pick(rng, rows, dict(zip(range(1, 17), _SCHOOLED, strict=True)))
    married = flag(rng, rows, np.clip((age - 18) / 35, 0.02, 0.65))
    male = flag(rng, rows, 0.67)
    hours = np.clip(np.where(flag(rng, rows, 0.47), 40, rng.normal(41, 15, rows)), 1, 99).astype(int)
    gain = np.where(flag(rng, rows, 0.08), np.exp(rng.normal(8.8, 0.9, rows)), 0).astype(int)
    loss = np.where(flag(rng, rows, 0.05), rng.normal(1870, 370, rows), 0).astype(int)
    score = 2.4 * married + 0.38 * years + 0.03 * age - 0.0009 * (age - 48.0) ** 2 + 0.03 * hours + 0.3 * male
    score = score + 3 * (gain > 5000) + 0.8 * (loss > 1800) + rng.logistic(0, 0.8, rows)
    unpaid = gaps(rng, np.zeros(rows), 0.056).isna()
    task = pick(rng, rows, _TASKS)
    score = score + 0.8 * np.isin(task, ["Exec-managerial", "Prof-specialty"]) - 0.8 * (task == "Other-service")
    alone = pick(rng, rows, {"Never-married": 60, "Divorced": 25, "Separated": 6, "Widowed": 6})
    others = pick(rng, rows, {"Not-in-family": 48, "Own-child": 29, "Unmarried": 19, "Other-relative": 4})
    frame = pd.DataFrame(
        {
            "age": age,
            "workclass": pd.Series(pick(rng, rows, _WORK)).mask(unpaid),
            "fnlwgt": rng.integers(12_000, 900_000, rows),
            "education": np.array(_SCHOOLING)[years - 1],
            "education-num": years,
            "marital-status": np.where(married, "Married-civ-spouse", alone),
            "occupation": pd.Series(task).mask(unpaid),
            "relationship": np.where(married, spelled(male, "Husband", "Wife"), others),
            "race": pick(rng, rows, {"White": 85, "Black": 10, "Asian-Pac-Islander": 3, "Other": 1}),
            "sex": spelled(male, "Male", "Female"),
            "capital-gain": gain,
            "capital-loss": loss,
            "hours-per-week": hours,
            "native-country": gaps(rng, pick(rng, rows, _COUNTRIES), 0.018),
            "income": banded(score, {"<=50K": 0.759, ">50K": 0.241}),
        }
    )
    facts = Facts(
        label="income",
        classes={"<=50K": 0.759, ">50K": 0.241},
        missing={"workclass": 0.056, "occupation": 0.056, "native-country": 0.018, "age": 0},
        notes="workclass and occupation are missing together; fnlwgt is noise",
    )
    return imitate("adult", frame, facts, Dialect(missing="?", spaced=True))
