"""Fresh scores: what production does on slots that have just arrived, before anything is trained on them."""

import json

import pytest

from functions import ingest_and_retrain, predict, promote, status
from shared.bucket import keys
from shared.documents import Document, ScoreDocument
from shared.errors import Unknown
from shared.evaluation.fresh import MOST_SLOTS
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from shared.training.candidate import Candidate
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, sample

ROWS = 40


@pytest.fixture
def served(settings: Settings) -> Stage:
    """A model of one slot in production."""
    stage = Stage(FakeStore(), settings)
    stage.put(TEST, sample(1000, rows=200, noise=0.05))
    stage.put(f"{SLOT}1.csv", sample(1, rows=200, noise=0.05))
    stage.ingest()
    stage.promote()
    return stage


def fresh(stage: Stage) -> dict[str, Document]:
    """The fresh scores by the name of the slot."""
    found = [stage.json(key) for key in stage.listing(keys.MODELS) if "/fresh/" in key]
    return {one["upload"].removeprefix(SLOT): one for one in found}


def turned(text: str) -> str:
    """The same rows, with the other label."""
    return text.replace("yes", "?").replace("no", "yes").replace("?", "no")


def test_the_first_model_has_nothing_to_be_scored_on(served: Stage) -> None:
    assert fresh(served) == {}


def test_production_is_scored_on_a_slot_as_it_would_answer(served: Stage) -> None:
    before = served.pointer
    rows = sample(2, rows=ROWS)
    served.put(f"{SLOT}2.csv", rows)
    report = served.ingest()
    [document] = fresh(served).values()
    assert [document] == [{**one} for one in report.fresh]
    assert served.listing(f"models/{before.model_id}/fresh/") == [
        f"models/{before.model_id}/fresh/{document['slot']}.json"
    ]
    answers = predict.predict(ProductionCache(served.store, 0), rows.encode(), "text/csv")["predictions"]
    labels = [line.rpartition(",")[2] for line in rows.split()[1:]]
    hits = sum(one["prediction"] == label == "yes" for one, label in zip(answers, labels, strict=True))
    named = sum(one["prediction"] == "yes" for one in answers) + labels.count("yes")
    assert document["f1"] == pytest.approx(2 * hits / named)
    assert document["model_id"] == before.model_id
    assert document["rows"] == ROWS
    assert document["interval"][0] <= document["f1"] <= document["interval"][1]
    assert document["confusion"]["labels"] == ["no", "yes"]
    assert document["reason"] is None


def test_it_is_scored_before_anything_is_trained(served: Stage) -> None:
    seen: list[list[str]] = []

    def train(_store: object, candidate: Candidate, _settings: Settings) -> ScoreDocument:
        seen.append([one.upload.key for one in candidate.slots])
        assert list(fresh(served)) == ["2.csv"]
        raise Unknown("killed")

    served.put(f"{SLOT}2.csv", sample(2, rows=ROWS))
    with pytest.raises(Unknown):
        ingest_and_retrain.run(served.store, served.settings, pause=lambda _: None, train=train)
    assert seen == [[f"{SLOT}1.csv", f"{SLOT}2.csv"]]


def test_a_run_that_ended_between_receipt_and_score_is_made_good(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", sample(2, rows=ROWS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.evaluation.fresh.score_fresh", _killed)
        with pytest.raises(Unknown):
            served.ingest()
    assert f"{SLOT}2.csv" in served.receipts()
    assert fresh(served) == {}
    served.ingest()
    assert list(fresh(served)) == ["2.csv"]


def _killed(*_: object, **__: object) -> None:
    raise Unknown("killed")


def test_a_repeated_event_finds_the_score_written(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", sample(2, rows=ROWS))
    served.ingest()
    before = served.etags()
    assert served.ingest().fresh == []
    assert {key: etag for key, etag in served.etags().items() if key != keys.STATUS} == {
        key: etag for key, etag in before.items() if key != keys.STATUS
    }


def test_few_rows_are_reported_and_not_scored(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", sample(2, rows=29))
    served.ingest()
    document = fresh(served)["2.csv"]
    assert (document["f1"], document["interval"], document["rows"]) == (None, None, 29)
    assert document["reason"] == "too few new rows to score: 29 of 30"


@pytest.mark.parametrize(
    ("duplicates", "rows"),
    [("union", ROWS + 10), ("sum", ROWS + 240), ("distinct", ROWS)],
)
def test_rows_are_new_by_the_rule_of_duplicates(settings: Settings, duplicates: str, rows: int) -> None:
    """The slot has 40 rows of its own, 10 of them twice; all 200 of the first slot; and 30 of the test set."""
    stage = Stage(FakeStore(), settings)
    stage.change(duplicates=duplicates)
    test, first, own = sample(1000, rows=200), sample(1, rows=200), sample(2, rows=ROWS)
    stage.put(TEST, test)
    stage.put(f"{SLOT}1.csv", first)
    stage.ingest()
    stage.promote()
    lines = [*own.split(), *own.split()[1:11], *first.split()[1:], *test.split()[1:31]]
    stage.put(f"{SLOT}2.csv", "\n".join(lines) + "\n")
    stage.ingest()
    assert fresh(stage)["2.csv"]["rows"] == rows


@pytest.mark.parametrize("seed", [2, 3])
def test_labels_that_turn_show_in_the_very_slot(served: Stage, seed: int) -> None:
    """Slots 2 to 5 are as the first one; in slot 6 the labels turn. The test set cannot know."""
    tested = [served.pointer.score]
    for number in range(2, 7):
        rows = sample(10 * seed + number, rows=100, noise=0.05)
        served.put(f"{SLOT}{number}.csv", turned(rows) if number == 6 else rows)
        served.ingest()
        served.promote()
        tested.append(served.pointer.score)
    found = fresh(served)
    assert [one["warning"] is not None for _, one in sorted(found.items())] == [False] * 4 + [True]
    assert found["6.csv"]["f1"] < 0.3
    assert min(one["f1"] for name, one in found.items() if name != "6.csv") > 0.7
    assert tested == sorted(tested)
    assert tested[-1] > 0.8
    warning = found["6.csv"]["warning"]
    assert f"on 100 new rows of {SLOT}6.csv" in warning
    assert "no longer speaks for what arrives" in warning
    decisions = [one for one in served.decisions() if one["warnings"]]
    [told] = [one for one in decisions if f"production: {warning}" in one["warnings"]]
    assert told["model_id"] == status.status(served.store)["candidate"]["model_id"]


def without_a_feature(rows: str) -> str:
    return "".join(line.partition(",")[2] + "\n" for line in rows.split())


def of_one_class(rows: str) -> str:
    return "".join(line + "\n" for line in rows.split() if not line.endswith("yes"))


def test_a_slot_without_the_class_that_counts_is_not_scored(served: Stage) -> None:
    served.put(f"{SLOT}2.csv", of_one_class(sample(2, rows=200)))
    served.ingest()
    document = fresh(served)["2.csv"]
    assert (document["f1"], document["reason"]) == (None, "no row of a class whose F1 counts")


def test_a_model_of_other_features_is_scored_when_they_are_back(
    served: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """The test set loses a column: production cannot be asked for now, and the slot is trained on all the same."""
    before = sample(1000, rows=200, noise=0.05)
    served.put(TEST, without_a_feature(before))
    served.put(f"{SLOT}2.csv", sample(2, rows=200))
    report = served.ingest()
    assert fresh(served) == {}
    assert "the test set has no feature a, which the model needs" in caplog.text
    assert report.candidate.state == "trained"
    served.put(TEST, before + "0.5,0.5,yes\n")
    served.ingest()
    assert fresh(served)["2.csv"]["f1"] > 0.5


def test_a_label_that_production_does_not_know_counts_as_a_mistake(served: Stage) -> None:
    rows = sample(2, rows=ROWS)
    served.put(f"{SLOT}2.csv", rows + csv_of([(9.5 + n, 9.5, "maybe") for n in range(30)], ()).lstrip())
    served.ingest()
    document = fresh(served)["2.csv"]
    assert document["rows"] == ROWS + 30
    assert document["confusion"]["labels"] == ["maybe", "no", "yes"]
    assert sum(document["confusion"]["matrix"][0]) == 30


def test_another_label_is_not_scored(served: Stage) -> None:
    served.change(label="b")
    served.put(TEST, sample(1001, rows=50).replace("label", "c"))
    served.ingest()
    assert fresh(served) == {}


def test_of_a_burst_the_newest_slots_are_scored(served: Stage) -> None:
    for number in range(MOST_SLOTS + 5):
        served.put(f"{SLOT}{100 + number}.csv", sample(100 + number, rows=31))
    served.ingest()
    assert sorted(fresh(served)) == [f"{100 + number}.csv" for number in range(5, MOST_SLOTS + 5)]


def test_the_view_has_the_latest_first_and_those_of_production_alone(served: Stage) -> None:
    for number in (2, 3):
        served.put(f"{SLOT}{number}.csv", sample(number, rows=ROWS))
        served.ingest()
    production = status.status(served.store)["production"]
    assert production is not None
    assert {one["upload"] for one in production["fresh"]} == {f"{SLOT}2.csv", f"{SLOT}3.csv"}
    assert [one["at"] for one in production["fresh"]] == sorted(
        (one["at"] for one in production["fresh"]), reverse=True
    )
    served.add_model("f" * 16, 1.0)
    promote.run(served.store, served.settings)
    after = status.status(served.store)["production"]
    assert after is not None
    assert (after["model_id"], after["fresh"]) == ("f" * 16, [])


def test_a_damaged_production_does_not_stop_training(served: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(served.store, FakeStore)
    served.store.put(keys.model_key(served.pointer.model_id, "scorer.json"), b"{}")
    served.put(f"{SLOT}2.csv", sample(2, rows=ROWS))
    report = served.ingest()
    assert fresh(served) == {}
    assert "expected the bytes that were scored" in caplog.text
    assert report.candidate.state == "trained"
    assert json.dumps(report.summary())
