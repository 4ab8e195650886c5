"""``python -m engine``: the whole job as a process of its own, and what it says when it cannot be done."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine import versions
from shared.errors import VintnerError
from shared.training.engine_versions import ENGINE_LIBRARIES
from tests.engine import tables
from tests.support.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
ABSENT = "0" * 16
ENGINE = {
    "VINTNER_ENGINE": "dask",
    "VINTNER_ENGINE_MB": "0",
    "VINTNER_ENGINE_ROLE": "arn:aws:iam::123456789012:role/vintner-engine",
    "VINTNER_ENGINE_IMAGE": "vintner-engine",
}


def job(
    stage: Stage, cloud: Mapping[str, str], *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the job against the simulated S3."""
    environ = {**cloud, "VINTNER_BUCKET": stage.settings.bucket, "VINTNER_LABEL": "label", **ENGINE, **environment}
    command = [sys.executable, "-m", "engine", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def stage(cloud_stage: Stage) -> Stage:
    bucket = cloud_stage.store.bucket  # type: ignore[attr-defined]
    cloud_stage.change(bucket=bucket, estimator="decision_tree", threshold=0.5)
    tables.upload(cloud_stage, tables.numbers())
    cloud_stage.change(estimator="adaboost", threshold="auto", engine="dask", engine_mb=0.0)
    return cloud_stage


def test_the_job_trains_and_scores(stage: Stage, cloud: Mapping[str, str]) -> None:
    model_id = tables.candidate(stage).model_id
    done = job(stage, cloud, model_id, "--workers", "0", "--threads", "1")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"scored {model_id}: F1 0.9" in done.stderr
    names = [key.rpartition("/")[2] for key in stage.listing(f"models/{model_id}/")]
    assert names == ["model.ubj", "profile.json", "score.json", "scorer.json"]
    score = stage.score(model_id)
    assert (score["estimator"], score["settings"]["estimator"]) == ("hist_gradient_boosting", "adaboost")
    assert "whatever VINTNER_ESTIMATOR names (adaboost)" in score["selection"]["why"]
    assert stage.promote().decisions[-1]["model_id"]


@pytest.mark.parametrize(
    ("model_id", "environment", "said"),
    [
        (ABSENT, {}, "found some that make"),
        (ABSENT, {"VINTNER_ENGINE": "function"}, "which the function trains"),
        ("abc", {}, "expected a model id of 16 hexadecimal digits, found 'abc'"),
        (ABSENT, {"VINTNER_LABEL": ""}, "VINTNER_LABEL is not set"),
        (ABSENT, {"VINTNER_DASK_SCHEDULER": "tcp://127.0.0.1:9"}, "expected a Dask scheduler at tcp://127.0.0.1:9"),
    ],
    ids=["another candidate", "the function's", "no id", "no label", "no scheduler"],
)
def test_what_cannot_be_done_is_said_in_one_line(
    model_id: str, environment: dict[str, str], said: str, stage: Stage, cloud: dict[str, str]
) -> None:
    done = job(stage, cloud, model_id, "--workers", "0", **environment)
    assert done.returncode == (2 if model_id == "abc" else 1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_installed_is_what_models_are_named_by(monkeypatch: pytest.MonkeyPatch) -> None:
    versions.check_installed()
    wanted = {**ENGINE_LIBRARIES, "xgboost": "0.1"}
    monkeypatch.setattr(versions, "ENGINE_LIBRARIES", wanted)
    with pytest.raises(VintnerError, match=r"expected xgboost 0\.1, found 3\."):
        versions.check_installed()


def test_models_are_named_by_what_is_locked() -> None:
    lines = (ROOT / "requirements-engine.txt").read_text(encoding="utf-8").splitlines()
    locked = dict(line.removesuffix(" \\").split("==") for line in lines if "==" in line)
    names = {"dask": "dask", "xgboost": "xgboost-cpu"}
    assert {name: locked[names[name]] for name in ENGINE_LIBRARIES} == ENGINE_LIBRARIES
    assert locked["dask"] == locked["distributed"]
