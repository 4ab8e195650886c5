"""A table on its way: a stage that has its files, and what the model that it promotes answers for the test set."""

from typing import Final

import numpy as np
from sklearn.metrics import f1_score

from functions import predict
from shared.serving.production_cache import ProductionCache
from shared.settings import Duplicates, Positive, Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage
from tests.tables.table import Imitation

ROUNDING: Final = 1e-9


def header_of(one: Imitation) -> bytes:
    return f"{one.header}\n".encode() if one.header else b""


def suffix_of(one: Imitation) -> str:
    return ".csv.gz" if one.test.startswith(b"\x1f\x8b") else ".csv"


def stage_of(one: Imitation, duplicates: Duplicates = "sum") -> Stage:
    """A stage with the table's files as they are, the header line that a person would add where there is none.

    It decides at 0.5, as a notebook does. The files are parts of one table, so that by default counts add up.
    """
    rule = Positive.parse(one.positive) if one.positive else None
    settings = Settings("bucket", one.label, positive=rule, ignore=one.ignore, threshold=0.5, duplicates=duplicates)
    stage = Stage(FakeStore(), settings)
    for number, slot in enumerate(one.slots):
        stage.put(f"data/slots/{number}{suffix_of(one)}", header_of(one) + slot)
    stage.put(f"data/test/test{suffix_of(one)}", header_of(one) + one.test)
    return stage


def served_f1(one: Imitation, stage: Stage) -> float:
    """F1 of what the model in production answers for the test set's file."""
    answers = predict.predict(ProductionCache(stage.store, 5), header_of(one) + one.test, "text/csv")["predictions"]
    return f1_of(one, [answer["prediction"] for answer in answers])


def f1_of(one: Imitation, predicted: list[object]) -> float:
    """F1 of predictions for the test set, computed from its file alone."""
    texts = one.frames()[1][one.label]
    truth = [str(value).lower() for value in (eval_rule(one, texts) if one.positive else texts)]
    present = sorted(set(truth))
    scored = present[-1:] if len(present) == 2 else present
    found = [str(value).lower() for value in predicted]
    return float(f1_score(truth, found, labels=scored, average="macro", zero_division=0))


def eval_rule(one: Imitation, values: object) -> list[bool]:
    rule = Positive.parse(str(one.positive))
    return [bool(rule.holds(str(value))) for value in np.asarray(values).tolist()]
