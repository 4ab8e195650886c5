"""Imitations of the Pima diabetes table and of the processed heart disease files."""

import numpy as np
import pandas as pd

from tests.tables.drawing import banded, flag, gaps, pick
from tests.tables.table import Dialect, Facts, Imitation, imitate


def pima() -> Imitation:
    """Zeros that stand for a value that nobody measured."""
    rng, rows = np.random.default_rng(1988), 768
    age = (21 + rng.gamma(1.1, 11, rows)).clip(21, 81).astype(int)
    pregnancies = rng.poisson(np.clip((age - 18) / 5, 0.5, 6)).clip(0, 17)
    mass = rng.normal(32.4, 6.9, rows).clip(18, 67).round(1)
    glucose = rng.normal(112 + 0.3 * age, 30).clip(44, 199).astype(int)
    pedigree = np.exp(rng.normal(-0.95, 0.6, rows)).clip(0.08, 2.42).round(3)
    insulin = np.exp(rng.normal(4 + 0.007 * glucose, 0.5)).clip(14, 846).astype(int)
    skin = rng.normal(0.8 * mass + 3, 8).clip(7, 99).astype(int)
    score = 0.045 * glucose + 0.11 * mass + 0.03 * age + 0.9 * pedigree + 0.1 * pregnancies + rng.logistic(0, 0.9, rows)
    frame = pd.DataFrame(
        {
            "Pregnancies": pregnancies,
            "Glucose": gaps(rng, glucose, 0.007).fillna(0),
            "BloodPressure": gaps(rng, rng.normal(72, 12, rows).clip(24, 122).astype(int), 0.046).fillna(0),
            "SkinThickness": gaps(rng, skin, 0.296).fillna(0),
            "Insulin": gaps(rng, insulin, 0.487).fillna(0),
            "BMI": gaps(rng, mass, 0.014).fillna(0),
            "DiabetesPedigreeFunction": pedigree,
            "Age": age,
            "Outcome": banded(score, {0: 0.651, 1: 0.349}),
        }
    )
    facts = Facts(
        label="Outcome",
        classes={"0": 0.651, "1": 0.349},
        missing=dict.fromkeys(("Glucose", "Insulin", "Age"), 0.0),
        notes="a zero in any column from Glucose to BMI means missing, but nothing in the file says so",
    )
    return imitate("pima", frame, facts, Dialect())


def heart() -> Imitation:
    """No header line; stages 0 to 4 made two classes by a rule."""
    return _heart("heart", positive="> 0")


def heart_stages() -> Imitation:
    """The same files with the five stages as classes."""
    return _heart("heart_stages", positive=None)


def _heart(name: str, positive: str | None) -> Imitation:
    rng, rows = np.random.default_rng(1989), 920
    age = rng.normal(53.5, 9.4, rows).clip(28, 77).round()
    sex = flag(rng, rows, 0.79).astype(float)
    pain = pick(rng, rows, {1.0: 5, 2.0: 19, 3.0: 22, 4.0: 54})
    effort = flag(rng, rows, 0.39).astype(float)
    pulse = rng.normal(185 - 0.85 * age, 22).clip(60, 202).round()
    depression = np.where(flag(rng, rows, 0.4), 0, rng.gamma(2, 0.75, rows)).clip(0, 6.2).round(1)
    vessels = pick(rng, rows, {0.0: 58, 1.0: 22, 2.0: 13, 3.0: 7})
    scan = pick(rng, rows, {3.0: 45, 6.0: 10, 7.0: 45})
    score = 1.6 * (pain == 4) + 1.1 * effort + 0.6 * depression + 0.05 * age + 0.9 * sex - 0.02 * pulse
    score = score + 0.8 * vessels + 0.9 * (scan == 7) + rng.logistic(0, 0.5, rows)
    stages = {0: 0.447, 1: 0.288, 2: 0.118, 3: 0.116, 4: 0.031}
    frame = pd.DataFrame(
        {
            "age": age,
            "sex": sex,
            "cp": pain,
            "trestbps": gaps(rng, rng.normal(132, 19, rows).clip(80, 200).round(), 0.064),
            "chol": gaps(rng, rng.normal(245, 55, rows).clip(85, 603).round(), 0.033),
            "fbs": gaps(rng, flag(rng, rows, 0.166).astype(float), 0.098),
            "restecg": gaps(rng, pick(rng, rows, {0.0: 60, 1.0: 20, 2.0: 20}), 0.002),
            "thalach": gaps(rng, pulse, 0.06),
            "exang": gaps(rng, effort, 0.06),
            "oldpeak": gaps(rng, depression, 0.067),
            "slope": gaps(rng, pick(rng, rows, {1.0: 33, 2.0: 57, 3.0: 10}), 0.336),
            "ca": gaps(rng, vessels, 0.664),
            "thal": gaps(rng, scan, 0.528),
            "num": banded(score, stages),
        }
    )
    facts = Facts(
        label="num",
        classes={str(stage): share for stage, share in stages.items()},
        missing={"trestbps": 0.064, "fbs": 0.098, "slope": 0.336, "ca": 0.664, "thal": 0.528, "age": 0},
        positive=positive,
        suffix=".data",
        notes="no header line; every number but the label has a decimal point; codes such as cp are numbers, not texts",
    )
    return imitate(name, frame, facts, Dialect(missing="?", header=False))
