"""What people decide stays decided, and what was tampered with is not used."""

import pickle
from collections.abc import Callable

import joblib
import pytest

from functions import desk
from functions.predict import predict
from shared.bucket import keys
from shared.errors import VintnerError
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.faults.cycle import ROW
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, Stage, model_id, sample, stump

A, B, C = map(model_id, range(1, 4))


@pytest.fixture
def served(stage: Stage) -> Stage:
    """A stage that had A in production and has B, which is better."""
    stage.put_samples()
    stage.ingest()
    for name, score in ((A, 0.5), (B, 0.6)):
        stage.add_model(name, score, scorer=stump(score))
        stage.promote()
    return stage


def test_neither_a_repeated_event_nor_the_sweep_undoes_a_rollback(served: Stage) -> None:
    desk.rollback(served.store)
    before = served.etags()
    for _ in range(3):
        served.ingest()
        served.promote()
    after = served.etags()
    assert {key: after[key] for key in before if key != keys.STATUS} == {
        key: etag for key, etag in before.items() if key != keys.STATUS
    }
    assert (served.pointer.model_id, served.pointer.withdrawn, served.pointer.hold) == (A, (B,), True)


def test_a_better_candidate_waits_until_release_and_the_withdrawn_one_stays_out(served: Stage) -> None:
    desk.rollback(served.store)
    served.add_model(C, 0.55, scorer=stump(0.7))
    [decision] = served.promote().decisions
    assert (decision["decision"], served.pointer.model_id) == ("waiting", A)
    desk.release(served.store, served.settings)
    assert (served.pointer.model_id, served.pointer.withdrawn, served.pointer.hold) == (C, (B,), False)
    served.promote()
    assert served.pointer.model_id == C


def test_what_can_be_gone_back_to(served: Stage) -> None:
    assert desk.rollback_targets(served.pointer) == [A]
    with pytest.raises(VintnerError, match=f"expected the id of a scored model, found 'nonsense'; in the history: {A}"):
        desk.rollback(served.store, "nonsense")
    assert served.pointer.model_id == B


def test_the_minimum_gain_keeps_a_slightly_better_model_out(served: Stage) -> None:
    served.change(min_gain=0.2)
    served.add_model(C, 0.7, scorer=stump(0.7))
    [decision] = served.promote().decisions
    assert decision["decision"] == "kept"
    assert "by less than the minimum gain of 0.2" in decision["reason"]


def test_a_winner_waits_for_approval(served: Stage) -> None:
    served.change(approval="manual")
    served.add_model(C, 0.7, scorer=stump(0.7))
    [decision] = served.promote().decisions
    assert (decision["decision"], served.pointer.model_id) == ("waiting", B)
    desk.approve(served.store, served.settings)
    assert served.pointer.model_id == C


def _before_it_is_promoted(stage: Stage, tamper: Callable[[], None]) -> None:
    tamper()
    stage.promote()


def _after_it_was_promoted(stage: Stage, tamper: Callable[[], None]) -> None:
    stage.promote()
    tamper()


@pytest.mark.parametrize("order", [_before_it_is_promoted, _after_it_was_promoted])
def test_a_tampered_scorer_is_refused_and_the_previous_model_goes_on_serving(
    served: Stage, order: Callable[[Stage, Callable[[], None]], None], caplog: pytest.LogCaptureFixture
) -> None:
    cache = ProductionCache(served.store, refresh_seconds=0)
    assert predict(cache, ROW, "application/json")["model_id"] == B
    served.add_model(C, 0.9, scorer=stump(0.7))
    key = keys.model_key(C, "scorer.json")
    store = served.store
    assert isinstance(store, FakeStore)
    order(served, lambda: store.put(key, stump(-9.0)))
    assert predict(cache, ROW, "application/json")["model_id"] == B
    told = caplog.text + "".join(decision["reason"] for decision in served.decisions())
    assert f"{key}: expected the bytes that were scored" in told


def test_no_function_unpickles_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was unpickled")

    for module, name in ((pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (joblib, "load")):
        monkeypatch.setattr(module, name, refuse)
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    stage.put(f"{SLOT}2.csv", sample(2))
    stage.put("data/test/more.csv", sample(7))
    stage.ingest()
    stage.promote()
    assert predict(ProductionCache(stage.store, 0), ROW, "application/json")["model_id"] == stage.pointer.model_id
