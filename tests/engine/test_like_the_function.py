"""The engine in one process against the function: the same rows count, and the same documents come out."""

from dataclasses import replace
from typing import Final

import pytest

from engine.gathering import Scale
from shared.bucket import keys
from shared.documents import ScoreDocument
from shared.errors import Rejected
from shared.settings import DUPLICATES, Duplicates
from tests.engine import tables
from tests.support.stage import SLOT, csv_of

OTHER_TREES: Final = {"f1", "interval", "metrics", "confusion", "importances", "f1_at_half", "threshold"}
OTHER_WAYS: Final = {"at", "timings", "sha256", "selection", "versions", "sanity", "warnings"}
UPLOADS: Final = {"numbers": tables.numbers, "kinds": tables.kinds}


def both(name: str, **settings: object) -> tuple[ScoreDocument, ScoreDocument, dict[str, object], dict[str, object]]:
    """The scores and the profiles of the engine and of the function."""
    stage = tables.untrained(UPLOADS[name](), **settings)
    ours = tables.train_here(stage)
    profile = stage.json(keys.model_key(ours["model_id"], "profile.json"))
    for key in stage.listing("models/"):
        stage.store.delete(key)
    (theirs,) = stage.ingest().trained
    return ours, theirs, profile, stage.json(keys.model_key(theirs["model_id"], "profile.json"))


@pytest.mark.parametrize("duplicates", DUPLICATES)
@pytest.mark.parametrize("name", UPLOADS)
def test_the_documents_are_those_of_the_function(name: str, duplicates: Duplicates) -> None:
    ours, theirs, profile, their_profile = both(name, duplicates=duplicates, threshold=0.5)
    assert profile == their_profile
    assert ours.keys() == theirs.keys()
    differ = {field for field in ours if ours[field] != theirs[field]}  # type: ignore[literal-required]
    assert differ <= OTHER_TREES | OTHER_WAYS
    assert ours["f1"] == pytest.approx(theirs["f1"], abs=0.1)


def test_what_is_said_of_the_rows_is_the_same() -> None:
    ours, theirs, _, _ = both("kinds", duplicates="sum")
    doubts = {sanity["text"] for sanity in [*ours["sanity"], *theirs["sanity"]]}
    assert [text for text in ours["warnings"] if text not in doubts] == [
        text for text in theirs["warnings"] if text not in doubts
    ]
    assert any("not used" in text for text in ours["warnings"])


@pytest.mark.parametrize("name", UPLOADS)
def test_how_rows_are_put_into_parts_and_buckets_does_not_show(name: str) -> None:
    found = []
    for scale in (
        Scale(rounds=tables.SMALL.rounds),
        tables.SMALL,
        replace(tables.SMALL, bucket_rows=7, part_bytes=30_000),
    ):
        stage = tables.untrained(UPLOADS[name]())
        found.append(tables.train_here(stage, scale)["sha256"])
    assert found == found[:1] * 3


def test_a_sample_counts_all_rows_and_says_what_it_is_of() -> None:
    whole = tables.train_here(tables.untrained(tables.numbers()))
    few = tables.train_here(tables.untrained(tables.numbers()), replace(tables.SMALL, sample_rows=200))
    same = ("train_rows", "duplicates", "in_test_set", "lineage", "classes", "features")
    assert [few[field] for field in same] == [whole[field] for field in same]  # type: ignore[literal-required]
    assert few["sha256"] != whole["sha256"]
    assert f" of {whole['train_rows']:,}, chosen by their content" in few["selection"]["why"]
    assert "chosen by" not in whole["selection"]["why"]


@pytest.mark.parametrize("threshold", ["auto", "tuned", 0.2])
def test_a_threshold_is_chosen_on_the_engines_own_trees(threshold: float | str) -> None:
    score = tables.train_here(tables.untrained(tables.kinds(), threshold=threshold))
    assert 0 < (score["threshold"] or 0) < 1
    chosen = score["selection"]["threshold"]
    assert (chosen["rows"] == score["train_rows"]) is (threshold != 0.2)


def test_rows_that_give_no_model_are_refused_with_the_reason() -> None:
    stage = tables.untrained(tables.numbers())
    for key in stage.listing(SLOT):
        stage.store.delete(key)
    stage.put(f"{SLOT}only.csv", csv_of([(1, 2, 3, "low"), (2, 2, 2, "low")], tables.HEADER))
    stage.ingest()
    model_id = tables.candidate(stage).model_id
    stage.store.delete(keys.model_key(model_id, "refused.json"))
    with pytest.raises(Rejected, match="at least two classes"):
        tables.train_here(stage)
    assert "at least two classes" in stage.json(keys.model_key(model_id, "refused.json"))["reason"]


def test_rows_that_were_pruned_are_read_again() -> None:
    stage = tables.untrained(tables.numbers())
    expected = tables.train_here(stage)["sha256"]
    for key in [*stage.listing("models/"), *stage.listing(keys.SLOTS)]:
        if key not in {keys.slot_key(source.slot) for source in tables.candidate(stage).inventory.sources("test")}:
            stage.store.delete(key)
    assert tables.train_here(stage)["sha256"] == expected
