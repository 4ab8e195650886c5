"""A scorer that a prediction function could not load in time is refused, with what helps; production stays."""

import dataclasses

import pytest

from shared.errors import Rejected
from shared.settings import Settings
from shared.training.scorer_size import check_size
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, Stage, sample

BOUND = Settings("bucket", "label", max_scorer_mb=1)


def test_a_scorer_of_just_the_bound_passes() -> None:
    check_size(b"x" * 1_000_000, BOUND, "adaboost", 2)
    with pytest.raises(Rejected, match=r"at most 1 MB \(VINTNER_MAX_SCORER_MB\), found 1 MB of adaboost"):
        check_size(b"x" * 1_000_001, BOUND, "adaboost", 2)


def test_what_it_would_take_and_what_helps_is_said() -> None:
    with pytest.raises(Rejected) as refused:
        check_size(b"x" * 30_000_000, BOUND, "random_forest", 100)
    text = str(refused.value)
    assert "found 30 MB of random_forest with 100 classes" in text
    assert "about 330 MB and, with one processor, 2.6 s" in text
    assert "Make fewer classes of the label's values with VINTNER_POSITIVE, or set VINTNER_ESTIMATOR" in text
    assert "raise VINTNER_MAX_SCORER_MB, and lambda_memory_size of api_handler with it" in text


def test_two_classes_cannot_be_made_fewer() -> None:
    with pytest.raises(Rejected, match=r"s\. Set VINTNER_ESTIMATOR"):
        check_size(b"x" * 30_000_000, BOUND, "random_forest", 2)


def test_a_candidate_over_the_bound_is_refused_and_tried_again_under_another_bound() -> None:
    stage = Stage(FakeStore(), Settings("bucket", "label", estimator="decision_tree"))
    stage.put_samples(1)
    stage.ingest()
    stage.promote()
    before = stage.pointer
    stage.change(max_scorer_mb=0.0001)
    stage.put(f"{SLOT}2.csv", sample(2))
    assert stage.ingest().candidate.state == "refused"
    [reason] = stage.refusals()
    assert "expected a scorer of at most 0.0001 MB" in reason
    assert stage.pointer == before
    stage.change(max_scorer_mb=1)
    assert stage.ingest().candidate.state == "trained"


def test_the_usual_bound_changes_no_name() -> None:
    usual = Settings("bucket", "label")
    assert "max_scorer_mb" not in usual.training()
    assert dataclasses.replace(usual, max_scorer_mb=1).training()["max_scorer_mb"] == 1
