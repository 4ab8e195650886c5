"""Another test set: who wins does not depend on the order in which the candidates came."""

from itertools import permutations

import pytest

from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, model_id, stump

OLD, PARTLY, WHOLLY, WORST = map(model_id, range(1, 5))
SEEN = [
    (-4.0, "no"),
    (-3.2, "yes"),
    (-3.0, "yes"),
    (3.0, "yes"),
    (4.0, "yes"),
]  # the rows that the old model was trained on
FRESH = [(-2.0, "no"), (-1.0, "no"), (0.5, "no"), (1.0, "yes"), (2.0, "yes"), (-1.5, "yes")]


def table(rows: list[tuple[float, str]]) -> str:
    return csv_of([(value, 0, label) for value, label in rows])


def f1(threshold: float, rows: list[tuple[float, str]]) -> float:
    hit = sum(value > threshold and label == "yes" for value, label in rows)
    return 2 * hit / (sum(value > threshold for value, _ in rows) + sum(label == "yes" for _, label in rows))


THRESHOLDS = {PARTLY: 0.75, WHOLLY: -3.5, WORST: 3.5}


@pytest.mark.parametrize("judged_after", [(1, 2, 3), (2, 3), (1, 3), (3,)], ids=str)
@pytest.mark.parametrize("order", list(permutations(THRESHOLDS)), ids=lambda order: "".join(name[-1] for name in order))
def test_the_best_on_the_whole_test_set_wins_in_any_order(order: tuple[str, ...], judged_after: tuple[int]) -> None:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put(f"{SLOT}1.csv", table(SEEN))
    stage.put(TEST, table([(9.0, "yes"), (-9.0, "no")]))
    stage.ingest()
    for name in stage.listing("models/"):
        stage.store.delete(name)
    stage.add_model(OLD, 1.0, scorer=stump(2.5), lineage=stage.lineage())
    stage.promote()
    stage.put(TEST, table([*SEEN, *FRESH]))
    stage.ingest()
    for number, name in enumerate(order, 1):
        stage.add_model(name, f1(THRESHOLDS[name], [*SEEN, *FRESH]), scorer=stump(THRESHOLDS[name]))
        if number in judged_after:
            stage.promote()
    assert f1(THRESHOLDS[PARTLY], FRESH) > f1(THRESHOLDS[WHOLLY], FRESH)
    assert stage.pointer.model_id == WHOLLY
    assert stage.promote().decisions == []
