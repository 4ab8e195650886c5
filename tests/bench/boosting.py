"""AdaBoost that sorts each feature once against scikit-learn's own: how much sooner it is done, and the same bytes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import AdaBoostClassifier

from shared.training.presorted_adaboost import PresortedAdaBoostClassifier
from tests.bench.figures import Bound, Figure, Options, related, seconds_of
from tests.bench.samples import Labelled, labelled
from tests.support.boosting import SMALL, Always, fitted, scaled, scorer_of
from tests.tables.catalogue import EVERY
from tests.tables.test_boosting import scorers

ROW = "adaboost"
EQUAL: Final = Bound("least", 1)
KINDS: Final[dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    "floats": lambda values: values / 3,
    "integers": lambda values: (values * 5).round(),
    "numbers of one decimal": lambda values: values.round(1),
}


def measure(options: Options) -> list[Figure]:
    """Measure at two sizes; the larger one also with ties. Bytes are those that a model adds to ``scorer.json``."""
    few, many = options.pick(100_000, 2_000), options.pick(1_000_000, 4_000)
    return [
        *_against(few, "floats", options.rounds or options.pick(3, 1), Bound("least", 8)),
        *_against(many, "floats", 1, Bound("least", 12)),
        *(figure for kind in list(KINDS)[1:] for figure in _against(many, kind, 1, None)),
        _equal("small cases", [_is_equal_small(name, way) for name in SMALL for way in (False, True)]),
        _equal("tables", [_is_equal_table(name) for name in EVERY[: options.pick(len(EVERY), 2)]]),
    ]


def _against(rows: int, kind: str, rounds: int, bound: Bound | None) -> list[Figure]:
    sample = labelled(rows, digits=None)
    sample = replace(sample, values=KINDS[kind](sample.values))
    pairs, equal = [], []
    for _ in range(rounds):
        theirs, ours = AdaBoostClassifier(random_state=42), PresortedAdaBoostClassifier(random_state=42)
        pairs.append((_seconds(theirs, sample), _seconds(ours, sample)))
        equal.append(scorer_of(ours) == scorer_of(theirs))
    name = f"{rows:,} {kind}"
    return [
        related(ROW, f"{name}: scikit-learn's AdaBoost / presorted", pairs, unit="s", bound=bound),
        _equal(name, equal),
    ]


def _seconds(model: AdaBoostClassifier, sample: Labelled) -> float:
    return seconds_of(lambda: model.fit(sample.values, sample.codes))


def _equal(name: str, equal: list[bool]) -> Figure:
    return related(ROW, f"{name}: equal bytes / fits", [(sum(equal), len(equal))], unit="fits", bound=EQUAL)


def _is_equal_small(name: str, way: bool) -> bool:
    problem = scaled(SMALL[name]()) if way else SMALL[name]()
    return fitted(Always(random_state=42), problem) == fitted(AdaBoostClassifier(random_state=42), problem)


def _is_equal_table(name: str) -> bool:
    before, PresortedAdaBoostClassifier.presort_from = PresortedAdaBoostClassifier.presort_from, 0
    try:
        stored, own = scorers(name)
    finally:
        PresortedAdaBoostClassifier.presort_from = before
    return stored == own
