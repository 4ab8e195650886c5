"""Each function may do what a full cycle makes it do, and nothing else."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine import job
from engine.workers import InThisProcess
from functions import ingest_and_retrain, predict_batch, status
from functions.predict import predict
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.errors import Rejected
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.support.fake_launcher import FakeLauncher
from tests.support.fake_store import Call, FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, sample

CHALICE = Path(__file__).resolve().parents[1] / ".chalice"
DEV = json.loads((CHALICE / "config.json").read_text(encoding="utf-8"))["stages"]["dev"]
ACTIONS = {
    "read": {"s3:GetObject"},
    "read_changed": {"s3:GetObject"},
    "list": {"s3:ListBucket"},
    "create": {"s3:PutObject"},
    "swap": {"s3:PutObject", "s3:GetObject"},  # S3 looks at the object before it writes under If-Match
    "delete": {"s3:DeleteObject"},
    "read_part": {"s3:GetObject"},
    "write_parts": {"s3:PutObject", "s3:AbortMultipartUpload"},
}
LOGS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
UNUSED_IN_A_GOOD_DAY = {
    ("api", "s3:ListBucket", ""),  # without it S3 says 403 and not 404 of a key that is not there
    # What only a lost race, a lost answer or a crash makes a function read:
    ("ingest", "s3:GetObject", "attempts/*"),
    ("ingest", "s3:GetObject", "receipts/*"),
    ("batch", "s3:GetObject", "attempts/*"),
    ("ingest", "s3:GetObject", "jobs/*"),
    ("engine", "s3:GetObject", "models/*"),
    ("engine", "s3:PutObject", "jobs/output/*"),  # by SageMaker itself
}
SERVICES = {
    "ingest": LOGS
    | {"sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:AddTags", "iam:PassRole"},
    "engine": LOGS | {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken"},
}
POLICIES = ["api", "ingest", "promote", "batch", "engine"]
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

Use = tuple[str, str]


@cache
def uses() -> dict[str, set[Use]]:
    """What each function does in a full cycle."""
    return full_cycle(Stage(FakeStore(), Settings(bucket="vintner", label="label", promotion="significant")))


def statements(name: str) -> list[dict[str, Any]]:
    """What a policy allows; none denies."""
    policy = json.loads((CHALICE / f"policy-{name}.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = policy["Statement"]
    assert {statement["Effect"] for statement in found} == {"Allow"}
    conditions = {statement["Sid"]: statement.pop("Condition") for statement in found if "Condition" in statement}
    assert conditions == ({"JobRole": TO_SAGEMAKER} if name == "ingest" else {})
    assert all(statement.keys() <= {"Sid", "Effect", "Action", "Resource"} for statement in found)
    return found


def allowed(name: str) -> list[Use]:
    """The (action, key pattern) pairs of a policy."""
    place = "arn:${partition}:s3:::${bucket}"
    pairs = []
    for statement in statements(name):
        for action in statement["Action"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                if action.startswith("s3:"):
                    assert resource.startswith(place)
                    pairs.append((action, resource.removeprefix(place).removeprefix("/")))
    return pairs


def permits(pairs: list[Use], action: str, key: str) -> bool:
    return any(action == one and (not pattern or fnmatchcase(key, pattern)) for one, pattern in pairs)


def full_cycle(stage: Stage) -> dict[str, set[Use]]:
    """What each function does in a cycle with everything in it: bad uploads, a refusal, a changed test set."""
    store = stage.store
    assert isinstance(store, FakeStore)
    used: dict[str, set[Use]] = {name: set() for name in POLICIES}
    cache = ProductionCache(store, 0)

    def act(function: str, step: Callable[[], object]) -> None:
        before = len(store.calls)
        try:
            step()
        finally:
            used[function] |= {use for call in store.calls[before:] for use in _uses(call)}

    def ask() -> None:
        predict(cache, b'{"a": 1, "b": 2}', "application/json")
        status.model(store, cache)
        status.profile(store, cache)

    for key, body in [
        (f"{SLOT}one_class.csv", csv_of([(1, 2, "yes")])),
        (TEST, sample(1000, noise=0.0)),
        (f"{SLOT}bad.csv", "nothing"),
        ("data/elsewhere.txt", "nothing"),
        (f"{SLOT}1.csv", sample(1, rows=60)),
        (f"{SLOT}2.csv", sample(2, noise=0.0, rows=200)),
        (TEST, sample(1001, noise=0.0)),
        (f"{SLOT}3.csv", sample(3, noise=0.0, rows=200)),
    ]:
        stage.put(key, body)
        act("ingest", stage.ingest)
        act("promote", stage.promote)
    for entry in store.list("slots/"):
        store.delete(entry.key)
    stage.put(f"{SLOT}4.csv", sample(4))
    act("ingest", stage.ingest)
    act("promote", stage.promote)
    act("api", ask)
    for body in ("a,b\n1,2\n", "a,b\n3,4\n"):
        stage.put("batch/new.csv", body)
        act("batch", lambda: predict_batch.run(store, stage.settings))
    _with_an_engine(stage, act)
    return used


def _with_an_engine(stage: Stage, act: Callable[[str, Callable[[], object]], None]) -> None:
    """A job that trains rows of which some were pruned, and one that refuses its rows."""
    store, launcher = stage.store, FakeLauncher()

    def hand_over() -> None:
        ingest_and_retrain.run(store, stage.settings, launcher=launcher)

    def train() -> None:
        name = launcher.launches[-1]
        job.run(store, stage.settings, name.split("-")[1], InThisProcess(1), lambda: store)

    stage.change(engine="dask", engine_mb=0.0)
    act("ingest", hand_over)
    store.delete(keys.slot_key(Inventory.take(store, stage.settings).sources("slot")[0].slot))
    act("engine", train)
    for key in stage.listing(SLOT):
        store.delete(key)
    stage.put(f"{SLOT}one_class.csv", csv_of([(1, 2, "yes")] * 2))
    act("ingest", hand_over)
    with pytest.raises(Rejected):
        act("engine", train)


def _uses(call: Call) -> set[Use]:
    return {(action, "" if call.verb == "list" else call.key) for action in ACTIONS[call.verb]}


@pytest.mark.parametrize("name", POLICIES)
def test_a_function_may_do_what_it_does_and_nothing_else(name: str) -> None:
    used, pairs = uses()[name], allowed(name)
    assert [use for use in used if not permits(pairs, *use)] == []
    idle = {pair for pair in pairs if not any(permits([pair], *use) for use in used)}
    assert {(name, *pair) for pair in idle} <= UNUSED_IN_A_GOOD_DAY


@pytest.mark.parametrize("name", POLICIES)
def test_a_function_may_write_its_logs_and_use_no_other_service(name: str) -> None:
    actions = [action for statement in statements(name) for action in statement["Action"]]
    assert {action for action in actions if not action.startswith("s3:")} == SERVICES.get(name, LOGS)
    assert not any("*" in action for action in actions)
    assert len(actions) == len(set(actions))


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("verb", ["s3:PutObject", "s3:DeleteObject"])
def test_no_function_may_touch_an_upload(name: str, verb: str) -> None:
    assert not permits(allowed(name), verb, f"{SLOT}a.csv")
    assert not permits(allowed(name), verb, TEST)
    assert not permits(allowed(name), "s3:DeleteObject", "production.json")


def test_only_promote_may_write_the_pointer() -> None:
    writers = [name for name in POLICIES if permits(allowed(name), "s3:PutObject", "production.json")]
    assert writers == ["promote"]


def test_every_function_of_the_stage_has_its_policy() -> None:
    files = {name: settings["iam_policy_file"] for name, settings in DEV["lambda_functions"].items()}
    assert DEV["autogen_policy"] is False
    assert files == {
        "api_handler": "policy-api.json",
        "ingest_and_retrain": "policy-ingest.json",
        "ingest_and_retrain_sweep": "policy-ingest.json",
        "predict_batch": "policy-batch.json",
        "predict_batch_sweep": "policy-batch.json",
        "promote": "policy-promote.json",
        "promote_sweep": "policy-promote.json",
    }


def test_ingest_may_start_jobs_of_vintner_alone() -> None:
    (jobs,) = [one for one in statements("ingest") if one["Sid"] == "Jobs"]
    assert jobs["Resource"] == "arn:${partition}:sagemaker:*:*:training-job/${jobs}-*"
    (role,) = [one for one in statements("ingest") if one["Sid"] == "JobRole"]
    assert role["Resource"] == "arn:${partition}:iam::*:role/${jobs}-engine"
