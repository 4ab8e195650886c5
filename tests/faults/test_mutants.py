"""The checks of the store and the pointer notice each deliberate mistake: a suite that sees none proves nothing."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest
from botocore.exceptions import ConnectionClosedError

from functions import ingest_and_retrain
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.documents import DecisionDocument, decode, encode, sha256
from shared.errors import Conflict, Rejected, Unavailable, Unknown, VintnerError
from shared.ingestion.csv_reader import read_csv
from shared.promotion.rules import Contender, Rule
from shared.registry.pointer import commit, pointing_to, read_pointer
from shared.serving import production_cache
from shared.settings import Settings
from shared.tables.dataset import Rows
from shared.tables.held_out import reference_of
from shared.training.candidate import candidate_of
from tests.faults import counting
from tests.faults.cycle import Clients
from tests.faults.engine_mutants import CHECKS as ENGINE_CHECKS
from tests.faults.engine_mutants import ENGINE_MUTANTS
from tests.faults.memory_s3 import MemoryS3
from tests.faults.mutants import MUTANTS as OTHER_MUTANTS
from tests.faults.mutants import Mutant, load
from tests.faults.test_changed_test_set import FRESH, OLD, PARTLY, SEEN, THRESHOLDS, WHOLLY, f1, table
from tests.faults.wire import Call, Fault, Wire, raises, refuses
from tests.support.documents import decision_of, score_of
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, model_id, sample, stump

A, B, C = map(model_id, range(1, 4))
KEY: Final = "production.json"
Check = Callable[[ModuleType, Clients], None]
CHECKS: Final[dict[str, Check]] = {}
MUTANTS: Final = (*OTHER_MUTANTS, *ENGINE_MUTANTS)


def check(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def register(function: Callable[..., None]) -> Callable[..., None]:
        CHECKS[name] = function if function.__code__.co_argcount == 2 else lambda module, _: function(module)
        return function

    return register


# The store over boto3.


def s3(module: ModuleType, clients: Clients, fault: Fault | None = None, call: Call | None = None) -> tuple[Any, Wire]:
    bucket = MemoryS3({"key": b"old"})
    wire = Wire(bucket.send)
    wire.failing = (call, fault) if call and fault else None
    clients.store(wire)
    return module.S3Store("vintner", reading=clients.reading, writing=clients.writing), wire


@check("stale swap")
def _(module: ModuleType, clients: Clients) -> None:
    store, _ = s3(module, clients)
    with pytest.raises(Conflict):
        store.swap("key", b"new", "stale")
    assert store.read("key").body == b"old"


@check("taken create")
def _(module: ModuleType, clients: Clients) -> None:
    store, _ = s3(module, clients)
    with pytest.raises(Conflict):
        store.create("key", b"new")
    assert store.read("key").body == b"old"


@check("a changed upload")
def _(module: ModuleType, clients: Clients) -> None:
    store, _ = s3(module, clients)
    with pytest.raises(Conflict):
        store.read("key", etag="another")


def _refused(module: ModuleType, clients: Clients, fault: Fault, error: type[Exception]) -> None:
    store, _ = s3(module, clients, fault, Call("swap", "key", 0))
    with pytest.raises(error):
        store.swap("key", b"new", store.read("key").etag)


@check("409 is a conflict")
def _(module: ModuleType, clients: Clients) -> None:
    _refused(module, clients, Fault("409", refuses(409, "ConditionalRequestConflict")), Conflict)


@check("404 on a swap")
def _(module: ModuleType, clients: Clients) -> None:
    _refused(module, clients, Fault("404", refuses(404, "NoSuchKey")), Conflict)


@check("5xx is unknown")
def _(module: ModuleType, clients: Clients) -> None:
    _refused(module, clients, Fault("500", refuses(500, "InternalError"), after=True), Unknown)


@check("a lost answer is unknown")
def _(module: ModuleType, clients: Clients) -> None:
    _refused(module, clients, Fault("lost", raises(ConnectionClosedError), after=True), Unknown)


@check("writes are sent once")
def _(module: ModuleType) -> None:
    assert module.WRITE_CONFIG.retries["total_max_attempts"] == 1


# The pointer.


def following(module: ModuleType, store: FakeStore, name: str = B) -> Any:  # noqa: ANN401  (a pointer of the module's own)
    return module.pointing_to(
        score_of(name), decision_of(name, write_id=module.new_write_id()), module.read_pointer(store)
    )


def begun(module: ModuleType) -> FakeStore:
    store = FakeStore()
    module.commit(store, following(module, store, A))
    return store


@check("two swaps")
def _(module: ModuleType) -> None:
    store = begun(module)
    first, second = following(module, store), following(module, store, C)
    module.commit(store, first)
    try:
        module.commit(store, second)
    except (Conflict, Unknown):
        pass
    else:
        pytest.fail("both were told that they won")
    assert module.read_pointer(store).model_id == B


@check("two swaps raise a conflict")
def _(module: ModuleType) -> None:
    store = begun(module)
    first, second = following(module, store), following(module, store, C)
    module.commit(store, first)
    with pytest.raises(Conflict):
        module.commit(store, second)


@check("lost answer")
def _(module: ModuleType) -> None:
    store = begun(module)
    pointer = following(module, store)
    store.fail("swap", KEY, after=True)
    module.commit(store, pointer)
    assert module.read_pointer(store).write_id == pointer.write_id == pointer.decision["write_id"]


@check("lost and followed")
def _(module: ModuleType) -> None:
    store = begun(module)
    pointer = following(module, store)
    store.fail("swap", KEY, after=True)
    store.disturb("read", KEY, lambda: module.commit(store, following(module, store, C)))
    module.commit(store, pointer)


@check("not landed")
def _(module: ModuleType) -> None:
    store = begun(module)
    store.fail("swap", KEY)
    module.commit(store, following(module, store))
    assert module.read_pointer(store).model_id == B


@check("generation")
def _(module: ModuleType) -> None:
    store = begun(module)
    module.commit(store, following(module, store))
    assert module.read_pointer(store).generation == 2


@check("hold is carried")
def _(module: ModuleType) -> None:
    store = begun(module)
    held = module.replace(following(module, store), hold=True, withdrawn=(A,))
    module.commit(store, held)
    after = following(module, store, C)
    assert (after.hold, after.withdrawn) == (True, (A,))


# What is written once.


@check("first writer")
def _(module: ModuleType) -> None:
    store = FakeStore()
    store.put("key", b"first")
    assert module.settle(store, "key", b"second") == b"first"


@check("settle again")
def _(module: ModuleType) -> None:
    store = FakeStore()
    store.fail("create", "key")
    assert module.settle(store, "key", b"mine", pause=lambda _: None) == b"mine"


def uploaded(text: str = sample(1), **settings: Any) -> tuple[FakeStore, Settings, Any]:  # noqa: ANN401
    store, made = FakeStore(), Settings(bucket="vintner", label="label", **settings)
    store.put(f"{SLOT}1.csv", text.encode())
    [upload] = Inventory.take(store, made).uploads
    store.calls.clear()
    return store, made, upload


def places(store: FakeStore) -> list[str]:
    return [call.key.split("/")[0] for call in store.calls if call.verb == "create"]


@check("rows before receipt")
def _(module: ModuleType) -> None:
    store, settings, upload = uploaded()
    module.ingest(store, upload, settings)
    assert places(store) == ["attempts", "slots", "receipts"]


@check("attempts are counted")
def _(module: ModuleType) -> None:
    store, settings, upload = uploaded()
    for _ in range(2):
        store.fail("read", upload.key, error=KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            module.ingest(store, upload, settings)
    assert places(store).count("attempts") >= 2


def _ended(module: ModuleType, store: FakeStore, error: BaseException, seconds: float = math.inf) -> None:
    with pytest.raises(type(error)), module.attempted(store, A, lambda: seconds):
        raise error


@check("kills are counted")
def _(module: ModuleType) -> None:
    store = FakeStore()
    for _ in range(3):
        _ended(module, store, KeyboardInterrupt())
    with pytest.raises(Rejected), module.attempted(store, A, lambda: math.inf):
        pass


@check("errors are none")
def _(module: ModuleType) -> None:
    store = FakeStore()
    for _ in range(4):
        _ended(module, store, Unknown("lost"))
    with module.attempted(store, A, lambda: math.inf):
        pass


@check("what still runs is none")
def _(module: ModuleType) -> None:
    store = FakeStore()
    for _ in range(4):
        _ended(module, store, KeyboardInterrupt(), seconds=900)
    with module.attempted(store, A, lambda: 900):
        pass


@check("a scorer over the bound")
def _(module: ModuleType) -> None:
    with pytest.raises(Rejected, match="VINTNER_MAX_SCORER_MB"):
        module.check_size(b"x" * 2_000, Settings("bucket", "label", max_scorer_mb=0.001), "adaboost", 2)


@check("over the limit")
def _(module: ModuleType) -> None:
    store, settings, upload = uploaded(max_upload_mb=0.0001)
    assert module.ingest(store, upload, settings).slot is None


@check("replaced meanwhile")
def _(module: ModuleType) -> None:
    store, _, upload = uploaded()
    store.put(upload.key, sample(2).encode())
    with pytest.raises(Conflict):
        module.read_upload(store, upload)


@check("drift is refused")
def _(module: ModuleType) -> None:
    tests = reference_of((read_csv(sample(1, rows=100).encode(), Settings("bucket", "label")).table,), None)
    store, settings, upload = uploaded(csv_of([(100 + number, 0, "yes") for number in range(100)]), on_drift="reject")
    assert module.ingest(store, upload, settings, read_by=module.ReadBy(None, tests)).slot is None


def _inventory(module: ModuleType, stage: Stage) -> Any:  # noqa: ANN401  (an inventory of the module's own)
    return module.Inventory.take(stage.store, stage.settings)


@check("slots follow the test set")
def _(module: ModuleType) -> None:
    stage = stage_with_test_set()
    stage.put_samples(1)
    stage.ingest()
    assert _inventory(module, stage).pending == []
    stage.put("data/test/more.csv", sample(5))
    stage.ingest()
    stage.put("data/test/more.csv", sample(6))
    before = {upload.key: upload.digest for upload in _inventory(module, stage).uploads}
    stage.ingest()
    after = {upload.key: upload.digest for upload in _inventory(module, stage).uploads}
    assert before[f"{SLOT}1.csv"] != after[f"{SLOT}1.csv"]


@check("the test set first")
def _(module: ModuleType) -> None:
    stage = Stage(FakeStore(), Settings("bucket", "label"))
    stage.put_samples(1)
    assert [upload.key for upload in _inventory(module, stage).pending] == [TEST]


# The API function.


def served(module: ModuleType) -> tuple[Stage, Any]:
    stage = stage_with_test_set()
    stage.add_model(A, 0.5)
    stage.promote()
    cache = module.ProductionCache(stage.store, refresh_seconds=0)
    assert cache.current().model_id == A
    return stage, cache


@check("tampered scorer")
def _(module: ModuleType) -> None:
    stage, cache = served(production_cache)
    stage.add_model(B, 0.6, scorer=stump(1.0))
    stage.promote()
    memory(stage).put(keys.model_key(B, "scorer.json"), stump(9.0))
    with pytest.raises(Rejected):
        module.read_scorer(stage.store, B, stage.pointer.scorer_sha256)
    assert cache.current().model_id == A


@check("a fault leaves the old one")
def _(module: ModuleType) -> None:
    stage, cache = served(module)
    memory(stage).fail("read_changed", KEY, error=Unavailable("down"))
    assert cache.current().model_id == A


@check("a missing pointer leaves the old one")
def _(module: ModuleType) -> None:
    stage, cache = served(module)
    stage.store.delete(KEY)
    assert cache.current().model_id == A


# Decisions.


def stage_with_test_set() -> Stage:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put_samples()
    stage.ingest()
    return stage


def memory(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


def run(module: ModuleType, stage: Stage) -> Any:  # noqa: ANN401
    return module.run(stage.store, stage.settings)


@check("second promotion")
def _(module: ModuleType) -> None:
    store = FakeStore()
    module.record(store, decision_of(A, "kept", write_id="1" * 32))
    promoted = decision_of(A, "promoted", write_id="2" * 32)
    assert module.record(store, promoted) == promoted


@check("judged again")
def _(module: ModuleType) -> None:
    stage = stage_with_test_set()
    stage.add_model(A, 0.5)
    stage.promote()
    stage.add_model(B, 0.9)

    def another() -> None:
        stage.add_model(C, 0.6)
        decision: DecisionDocument = {**stage.pointer.decision, "model_id": C, "write_id": "c" * 32}
        commit(stage.store, pointing_to(stage.score(C), decision, read_pointer(stage.store)))

    memory(stage).disturb("swap", KEY, another)
    run(module, stage)
    assert stage.pointer.model_id == B


@check("decision of a crash")
def _(module: ModuleType) -> None:
    stage = stage_with_test_set()
    stage.add_model(A, 0.5)
    memory(stage).fail("create", "promotions/", error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        stage.promote()
    run(module, stage)
    assert [one["model_id"] for one in stage.decisions()] == [A]


@check("withdrawn stays out")
def _(module: ModuleType) -> None:
    from functions import desk  # noqa: PLC0415

    stage = stage_with_test_set()
    for name, score in ((A, 0.5), (B, 0.6)):
        stage.add_model(name, score)
        stage.promote()
    desk.rollback(stage.store)
    for key in stage.listing(keys.PROMOTIONS):
        if B in key:
            stage.store.delete(key)
    run(module, stage)
    assert not [key for key in stage.listing(keys.PROMOTIONS) if B in key]


@check("wholly better")
def _(module: ModuleType) -> None:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put(f"{SLOT}1.csv", table(SEEN))
    stage.put(TEST, table([(9.0, "yes"), (-9.0, "no")]))
    stage.ingest()
    stage.add_model(OLD, 1.0, scorer=stump(2.5), lineage=stage.lineage())
    stage.promote()
    stage.put(TEST, table([*SEEN, *FRESH]))
    stage.ingest()
    for name in (PARTLY, WHOLLY):
        stage.add_model(name, f1(THRESHOLDS[name], [*SEEN, *FRESH]), scorer=stump(THRESHOLDS[name]))
    run(module, stage)
    assert stage.pointer.model_id == WHOLLY


@check("rollback holds")
def _(module: ModuleType) -> None:
    stage = stage_with_test_set()
    for name, score in ((A, 0.5), (B, 0.6)):
        stage.add_model(name, score)
        stage.promote()
    module.rollback(stage.store)
    stage.promote()
    assert (stage.pointer.model_id, stage.pointer.hold, stage.pointer.withdrawn) == (A, True, (B,))


@check("equal is not better")
def _(module: ModuleType) -> None:
    rule = Rule("better", 0.0, manual=False, hold=False)
    assert not module.beats(Contender(A, 0.5), Contender(B, 0.5), rule)


@check("NaN is never best")
def _(module: ModuleType) -> None:
    assert module.best_of([module.Contender(A, float("nan"))]) is None


# Training and comparing.


@check("score last")
def _(module: ModuleType) -> None:
    store = _trained(module)
    assert [call.key.rsplit("/", 1)[1] for call in store.calls if call.verb == "create"][-1] == "score.json"


@check("stored bytes")
def _(module: ModuleType) -> None:
    other = stump(0.5)
    store = _trained(module, other)
    [score] = [blob.body for key, (blob, _) in store.objects.items() if key.endswith("/score.json")]
    assert sha256(other).encode() in score


def _trained(module: ModuleType, scorer: bytes | None = None) -> FakeStore:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put_samples(1)
    stage.ingest()
    store = memory(stage)
    for key in stage.listing(keys.MODELS):
        store.delete(key)
    candidate = candidate_of(Inventory.take(store, stage.settings), stage.settings)
    assert not isinstance(candidate, str)
    if scorer:
        store.put(keys.model_key(candidate.model_id, "scorer.json"), scorer)
    store.calls.clear()
    module.train(store, candidate, stage.settings)
    return store


@check("seen rows")
def _(module: ModuleType) -> None:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put(f"{SLOT}1.csv", table(SEEN))
    stage.put(TEST, table([*SEEN, *FRESH]))
    stage.ingest()
    stage.add_model(OLD, 1.0, scorer=stump(2.5), lineage=stage.lineage())
    score = stage.json(keys.model_key(OLD, "score.json"))
    found = module.compare_with(stage.store, score, Inventory.take(stage.store, stage.settings), stage.settings)
    assert (found.counted, found.total) == (len(FRESH), len(SEEN) + len(FRESH))


@check("new rows")
def _(module: ModuleType) -> None:
    rows = Rows(np.array([[1.0], [1.0], [2.0], [1.0], [3.0]]), np.zeros(5, np.int32))
    part, seen = np.array([0, 0, 0, 1, 1]), np.array([False, False, False, True, True])
    found = {rule: module.new_rows(rows, part, seen, rule).tolist() for rule in ("union", "sum", "distinct")}
    assert found == {
        "union": [False, True, True, False, False],
        "sum": [True, True, True, False, False],
        "distinct": [False, False, True, False, False],
    }


def arrivals() -> Stage:
    """A model of one slot in production; a slot of many rows and a slot of few have arrived."""
    stage = stage_with_test_set()
    stage.put_samples(1)
    stage.ingest()
    stage.add_model(A, 0.9, lineage=stage.lineage())
    stage.promote()
    stage.put(f"{SLOT}2.csv", sample(2, rows=60))
    stage.put(f"{SLOT}3.csv", sample(3, rows=20))
    with pytest.raises(Unknown):
        ingest_and_retrain.run(stage.store, stage.settings, pause=lambda _: None, train=_killed)
    return stage


def _killed(*_: object) -> Any:  # noqa: ANN401  (never returns)
    raise Unknown("killed")


@check("fresh slots")
def _(module: ModuleType) -> None:
    stage = arrivals()
    store = FakeStore()
    for key in stage.listing():
        if "/fresh/" not in key:
            store.put(key, stage.store.read(key).body)
    inventory = Inventory.take(store, stage.settings)
    found = {one["upload"]: one["f1"] is None for one in module.score_fresh(store, inventory, stage.settings)}
    assert found == {f"{SLOT}2.csv": False, f"{SLOT}3.csv": True}


@check("fresh once")
def _(module: ModuleType) -> None:
    stage = arrivals()
    assert module.score_fresh(stage.store, Inventory.take(stage.store, stage.settings), stage.settings) == []


@check("union")
def _(module: ModuleType) -> None:
    def rows(*values: float) -> Rows:
        return Rows(np.array(values).reshape(-1, 1), np.zeros(len(values), np.int32))

    train, slots = rows(1, 1, 2, 1, 3), np.array([0, 0, 0, 1, 1])
    found = module.count_rows(train, slots, rows(1, 4), "union")
    assert found.repeated.tolist() == [False, False, False, True, False]
    assert found.tested.tolist() == [True, False, False, False, False]
    assert found.test_in_slots.tolist() == [True, False]


# The decision, and what is said of it.


def _stump(**changes: object) -> dict[str, Any]:
    return {**decode(stump(), "scorer.json"), **changes}


@check("on the log odds")
def _(module: ModuleType) -> None:
    document = _stump(threshold=0.88, threshold_log_odds=2.0)  # the stump's own log odds are -2 and 2
    assert [module.load_adaboost(document, 2, 2)([value, 0.0])[0] for value in (-1.0, 1.0)] == [0, 1]
    assert module.load_adaboost({**document, "threshold_log_odds": 2.1}, 2, 2)([1.0, 0.0])[0] == 0


@check("on the probability")
def _(module: ModuleType) -> None:
    document = _stump(threshold=0.25, leaves=[[0.75, 0.25], [1.0, 0.0]])
    assert [module.load_forest(document, 2, 2)([value, 0.0])[0] for value in (-1.0, 1.0)] == [1, 0]


@check("no luck")
def _(module: ModuleType) -> None:
    chance, folds = np.random.default_rng(0), np.arange(200) % module.FOLDS
    truth, noise = chance.random(200) < 0.5, chance.random(200)
    probabilities = np.clip(0.5 + 0.21 * np.where(truth, 1, -1) + 0.5 * (noise - 0.5), 0.01, 0.99)
    found, best = (module.choose(truth, probabilities, folds, wanted) for wanted in ("auto", "tuned"))
    assert (found.threshold, found.gain > 0) == (0.5, True)
    assert best.threshold != 0.5


@check("copies")
def _(module: ModuleType) -> None:
    values = np.repeat(np.arange(100.0), 5)[:, None]
    folds = module.folds_of(values, values[:, 0] % 2 == 0)
    assert (folds.reshape(100, 5) == folds[::5, None]).all()


@check("the sum")
def _(module: ModuleType) -> None:
    explainer = module.explainer_of(_stump(), 2)
    found = [explainer([value, 0.0], 1) for value in (-1.0, 1.0)]
    assert [one.base + sum(one.inputs) for one in found] == [-2.0, 2.0]


@check("means")
def _(module: ModuleType) -> None:
    [tree] = _stump()["trees"]
    explainer = module.explainer_of(_stump(trees=[{**tree, "rows": [0, 3, 1]}]), 2)
    assert explainer([1.0, 0.0], 1) == (-1.0, [3.0, 0.0])


# The engine.


for name, one in ENGINE_CHECKS.items():
    check(name)(one)


# The run.


@pytest.mark.parametrize("name", CHECKS)
def test_the_real_module_passes(memory_clients: Clients, name: str) -> None:
    for module in {mutant.module for mutant in MUTANTS if mutant.check == name}:
        CHECKS[name](load(module), memory_clients)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(memory_clients: Clients, mutant: Mutant) -> None:
    mistaken = load(mutant.module, mutant.old, mutant.new)
    with pytest.raises((AssertionError, VintnerError, pytest.fail.Exception)):
        CHECKS[mutant.check](mistaken, memory_clients)
    KILLED.add(mutant.name)


KILLED: Final[set[str]] = set()


def test_how_many_mutants_were_killed() -> None:
    modules = "the store, pointer, promotion, decision, explanation and engine modules"
    counting.show(f"mutants of {modules}: {len(KILLED)} of {len(MUTANTS)} killed")
    assert {mutant.check for mutant in MUTANTS} == set(CHECKS)
    assert encode({}) == b'{"format":1}'
