"""Ingest and retrain: whatever is uploaded, in whatever order and however often the bell rings."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from functions import ingest_and_retrain
from shared.bucket import keys
from shared.bucket.inventory import Inventory
from shared.bucket.keys import Upload
from shared.bucket.s3 import S3Store
from shared.documents import encode
from shared.errors import Unavailable, Unknown
from tests.support.documents import decision_of
from tests.support.fake_store import Call, FakeStore
from tests.support.stage import SLOT, TEST, Stage, csv_of, model_id, sample

ARTEFACTS = ("model.joblib", "profile.json", "score.json", "scorer.json")
ONE_CLASS = csv_of([(number, -number, "yes") for number in range(9)])


def fake(stage: Stage) -> FakeStore:
    assert isinstance(stage.store, FakeStore)
    return stage.store


def calls_of(stage: Stage, run: Callable[[], object]) -> list[Call]:
    """The storage calls of a run."""
    before = len(fake(stage).calls)
    run()
    return fake(stage).calls[before:]


def candidate(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.json(keys.STATUS)["candidate"]
    return found


def uploads(stage: Stage) -> dict[str, str]:
    return {entry.key: entry.etag for entry in stage.store.list(keys.DATA)}


def upload_of(stage: Stage, key: str) -> Upload:
    return next(one for one in Inventory.take(stage.store, stage.settings).uploads if one.key == key)


def test_an_empty_bucket_says_what_is_missing(stage: Stage) -> None:
    report = stage.ingest()
    assert (report.receipts, report.trained) == ([], [])
    assert candidate(stage)["reason"] == "no test set yet: upload one to data/test/"


def test_slots_before_a_test_set_wait(stage: Stage) -> None:
    for seed in (1, 2):
        stage.put(f"{SLOT}{seed}.csv", sample(seed))
    assert stage.ingest().trained == []
    assert candidate(stage)["state"] == "waiting"
    assert candidate(stage)["reason"] == "no test set yet: upload one to data/test/; 2 accepted slots wait for it"
    stage.put(TEST, sample(1000))
    assert [len(score["lineage"]) for score in stage.ingest().trained] == [2]


def test_a_test_set_before_a_slot_waits(stage: Stage) -> None:
    stage.put(TEST, sample(1000))
    assert stage.ingest().trained == []
    assert candidate(stage)["reason"] == "no slot yet: upload one to data/slots/"


def test_a_slot_and_a_test_set_make_a_model(stage: Stage) -> None:
    stage.put_samples(1)
    [score] = stage.ingest().trained
    folder = f"models/{score['model_id']}/"
    assert stage.listing(folder) == [folder + name for name in ("attempts/1.json", *ARTEFACTS)]
    assert stage.json(folder + "score.json") == score
    assert candidate(stage) | {"f1": score["f1"], "state": "trained"} == candidate(stage)


def test_a_score_says_where_it_comes_from(stage: Stage) -> None:
    stage.put_samples(1)
    [score] = stage.ingest().trained
    assert (score["train_rows"], score["test_rows"], score["f1_of"]) == (30, 30, {"positive_class": "yes"})
    assert score["lineage"] == stage.lineage()
    assert score["test_fingerprint"] == stage.fingerprint
    assert score["settings"] == stage.settings.training()


def test_a_receipt_says_what_became_of_an_upload(stage: Stage) -> None:
    stage.put(f"{SLOT}a.csv", csv_of([(1, "", "x"), (1, "", "x"), (2, "", "y")]))
    stage.ingest()
    receipt = stage.receipts()[f"{SLOT}a.csv"]
    assert (receipt["kind"], receipt["status"], receipt["reasons"]) == ("slot", "accepted", [])
    assert receipt["rows"] == {"read": 3, "kept": 3, "new": 2}
    assert receipt["warnings"] == ["column b has no value"]
    assert receipt["etag"] == uploads(stage)[f"{SLOT}a.csv"]
    assert stage.listing("slots/") == [f"slots/{receipt['slot']}.npz"]


def test_ringing_again_writes_nothing(stage: Stage) -> None:
    stage.put_samples(1, 2)
    stage.put(f"{SLOT}bad.csv", "nonsense")
    stage.ingest()
    before, writes = stage.etags(), fake(stage).writes
    for _ in range(3):
        report = stage.ingest()
        assert (report.receipts, report.trained) == ([], [])
    assert (stage.etags(), fake(stage).writes) == (before, writes)


def test_ringing_again_writes_nothing_on_s3(cloud_stage: Stage) -> None:
    cloud_stage.put_samples(1)
    cloud_stage.ingest()
    before = cloud_stage.store.list("")
    cloud_stage.ingest()
    assert cloud_stage.store.list("") == before


def test_a_hundred_uploads_in_one_drain_are_one_training(stage: Stage) -> None:
    stage.put(TEST, sample(1000))
    for seed in range(100):
        stage.put(f"{SLOT}{seed:03}.csv", sample(seed, rows=3))
    report = stage.ingest()
    assert Counter(receipt["status"] for receipt in report.receipts) == {"accepted": 101}
    assert [len(score["lineage"]) for score in report.trained] == [100]


def test_every_row_counts_where_uploads_never_overlap(stage: Stage) -> None:
    stage.change(duplicates="sum")
    stage.put_samples(1)
    stage.put(f"{SLOT}copy.csv", sample(1))
    [score] = stage.ingest().trained
    assert (score["train_rows"], score["duplicates"], score["in_test_set"]) == (60, 0, 0)
    stage.put(f"{SLOT}test.csv", sample(1000, noise=0.0))
    assert stage.ingest().trained == []
    [reason] = stage.receipts()[f"{SLOT}test.csv"]["reasons"]
    assert "found just those of a test upload" in reason["problem"]
    assert stage.json(keys.model_key(score["model_id"], "score.json"))["settings"]["duplicates"] == "sum"


def test_a_duplicate_upload_adds_no_row(stage: Stage) -> None:
    stage.put_samples(1)
    stage.put(f"{SLOT}copy.csv", sample(1))
    [score] = stage.ingest().trained
    assert (score["train_rows"], score["duplicates"]) == (30, 30)
    assert [entry["rows"] for entry in score["lineage"]] == [30, 0]
    copy = stage.receipts()[f"{SLOT}copy.csv"]
    assert (copy["status"], copy["rows"]["new"]) == ("duplicate", 0)
    assert copy["slot"] == stage.receipts()[f"{SLOT}1.csv"]["slot"]


def test_a_slot_with_the_rows_of_the_test_set_is_no_duplicate(stage: Stage) -> None:
    stage.put_samples(1)
    stage.put(f"{SLOT}leak.csv", sample(1000, noise=0.0))
    [score] = stage.ingest().trained
    assert (score["train_rows"], score["in_test_set"]) == (30, 30)
    assert stage.receipts()[f"{SLOT}leak.csv"]["status"] == "accepted"


CHANGES: dict[str, tuple[Callable[[Stage], object], list[str]]] = {
    "replaced": (lambda stage: stage.put(f"{SLOT}2.csv", sample(3)), ["1.csv", "2.csv"]),
    "deleted": (lambda stage: stage.store.delete(f"{SLOT}2.csv"), ["1.csv"]),
    "added": (lambda stage: stage.put(f"{SLOT}3.csv", sample(3)), ["1.csv", "2.csv", "3.csv"]),
    "another test set": (lambda stage: stage.put(TEST, sample(2000)), ["1.csv", "2.csv"]),
    "another test upload": (lambda stage: stage.put("data/test/more.csv", sample(2000)), ["1.csv", "2.csv"]),
    "replaced by nonsense": (lambda stage: stage.put(f"{SLOT}2.csv", "nonsense"), ["1.csv"]),
}


@pytest.mark.parametrize(("change", "lineage"), CHANGES.values(), ids=CHANGES)
def test_a_changed_bucket_calls_for_another_candidate(
    stage: Stage, change: Callable[[Stage], object], lineage: list[str]
) -> None:
    stage.put_samples(1, 2)
    [first] = stage.ingest().trained
    change(stage)
    [second] = stage.ingest().trained
    assert second["model_id"] != first["model_id"]
    assert [entry["upload"].removeprefix(SLOT) for entry in second["lineage"]] == lineage


def test_a_change_that_is_taken_back_calls_for_the_first_candidate(stage: Stage) -> None:
    stage.put_samples(1, 2)
    [first] = stage.ingest().trained
    stage.put(f"{SLOT}2.csv", sample(3))
    stage.ingest()
    stage.put(f"{SLOT}2.csv", sample(2))
    report = stage.ingest()
    assert (report.receipts, report.trained) == ([], [])
    assert candidate(stage)["model_id"] == first["model_id"]


def test_the_last_slot_is_deleted(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    stage.store.delete(f"{SLOT}1.csv")
    stage.ingest()
    assert candidate(stage)["reason"] == "no slot yet: upload one to data/slots/"


def test_the_order_of_arrival_and_the_bucket_decide_nothing(stage: Stage, cloud_stage: Stage) -> None:
    stage.put_samples(1, 2, 3)
    [score] = stage.ingest().trained
    for seed in (3, 1, 2):
        cloud_stage.put(f"{SLOT}{seed}.csv", sample(seed))
        cloud_stage.ingest()
    cloud_stage.put_samples()
    [other] = cloud_stage.ingest().trained
    assert other["model_id"] == score["model_id"]
    key = keys.model_key(score["model_id"], "scorer.json")
    assert cloud_stage.store.read(key).body == stage.store.read(key).body
    assert other["sha256"]["scorer.json"] == score["sha256"]["scorer.json"]


BAD: dict[str, tuple[str, str | bytes, str]] = {
    "not CSV": (f"{SLOT}a.csv", b"PK\x03\x04...", "found a zip archive or an Excel workbook"),
    "by name": (f"{SLOT}a.xlsx", sample(5), "or data/test/name.csv (or .csv.gz), found"),
    "elsewhere": ("data/a.csv", sample(5), "expected a name like data/slots/name.csv"),
    "empty": (f"{SLOT}a.csv", b"", "found an empty file"),
    "no label": (f"{SLOT}a.csv", "a,b\n1,2\n", "expected the label column 'label'"),
    "text": (f"{SLOT}a.csv", "a,b,label\n1,low,yes\n", "expected a finite number or nothing, found 'low'"),
    "ragged": (f"{SLOT}a.csv", "a,b,label\n1,yes\n", "expected 3 fields as in the header, found 2"),
    "a bad test set": ("data/test/more.csv", "a,b,label\n", "expected at least one row under the header"),
    "a strange name": (f"{SLOT}ü +%&.csv", "x\n", "expected the label column"),
}


@pytest.mark.parametrize(("key", "body", "problem"), BAD.values(), ids=BAD)
def test_a_bad_upload_gets_a_receipt_and_blocks_nobody(stage: Stage, key: str, body: str | bytes, problem: str) -> None:
    stage.put(key, body)
    stage.put_samples(1)
    report = stage.ingest()
    receipt = stage.receipts()[key]
    assert (receipt["status"], receipt["slot"]) == ("rejected", None)
    assert problem in receipt["reasons"][0]["problem"]
    assert [[entry["upload"] for entry in score["lineage"]] for score in report.trained] == [[f"{SLOT}1.csv"]]
    assert stage.json(keys.STATUS)["uploads"] == {"total": 3, "slots": 1, "tests": 1, "rejected": 1}


def test_a_rejected_upload_is_not_read_again(stage: Stage) -> None:
    stage.put(f"{SLOT}a.csv", "nonsense")
    stage.ingest()
    assert Call("read", f"{SLOT}a.csv") not in calls_of(stage, stage.ingest)


def test_empty_folder_markers_are_ignored(stage: Stage) -> None:
    stage.put(SLOT, b"")
    stage.put_samples(1)
    stage.ingest()
    assert len(stage.receipts()) == 2


def test_an_upload_over_the_limit_is_rejected_unread(stage: Stage) -> None:
    stage.change(max_upload_mb=0.001)
    stage.put(f"{SLOT}large.csv", sample(1, rows=200))
    stage.put_samples(2)
    calls = calls_of(stage, stage.ingest)
    assert Call("read", f"{SLOT}large.csv") not in calls
    assert Call("read", f"{SLOT}2.csv") in calls
    [reason] = stage.receipts()[f"{SLOT}large.csv"]["reasons"]
    assert reason["problem"].startswith("expected at most 0.001 MB (VINTNER_MAX_UPLOAD_MB), found 0.00327 MB: split")


def test_an_upload_at_the_limit_is_read(stage: Stage) -> None:
    text = sample(1)
    stage.change(max_upload_mb=len(text) / 1_000_000)
    stage.put(f"{SLOT}a.csv", text)
    stage.ingest()
    assert stage.receipts()[f"{SLOT}a.csv"]["status"] == "accepted"


def test_an_upload_that_ends_the_function_three_times_is_rejected(stage: Stage) -> None:
    key = f"{SLOT}heavy.csv"
    stage.put(key, sample(9))
    stage.put_samples(1)
    for _ in range(3):
        fake(stage).fail("read", key, error=MemoryError())
        with pytest.raises(MemoryError):
            stage.ingest()
    _age_attempts(stage)
    report = stage.ingest()
    assert "ended the function 3 times" in stage.receipts()[key]["reasons"][0]["problem"]
    assert [[entry["upload"] for entry in score["lineage"]] for score in report.trained] == [[f"{SLOT}1.csv"]]


def _age_attempts(stage: Stage) -> None:
    """Let the attempts lie so long ago that no run can still be at it."""
    for key in stage.listing("attempts/"):
        mark = stage.json(key)
        mark.pop("format")
        fake(stage).put(key, encode({**mark, "at": "2025-01-01T00:00:00.000Z"}))


def test_an_upload_that_ended_the_function_twice_is_read_the_third_time(stage: Stage) -> None:
    key = f"{SLOT}1.csv"
    stage.put_samples(1)
    for _ in range(2):
        fake(stage).fail("read", key, error=MemoryError())
        with pytest.raises(MemoryError):
            stage.ingest()
    assert len(stage.ingest().trained) == 1
    assert len(stage.listing("attempts/")) == 3 + 1


def test_a_run_that_comes_fourth_waits_for_the_one_that_is_reading(stage: Stage) -> None:
    key = f"{SLOT}1.csv"
    stage.put_samples()
    stage.ingest()
    stage.put_samples(1)
    upload = upload_of(stage, key)
    for number in (1, 2, 3):
        fake(stage).put(keys.attempt_key(upload.digest, number), encode({"at": "2999-01-01T00:00:00.000Z"}))
    other = Stage(FakeStore(), stage.settings)
    other.put_samples(1)
    other.ingest()
    pauses = list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:  # the other run writes what it read
            for written in [*other.listing("slots/"), *other.listing(f"receipts/{upload.digest}")]:
                fake(stage).put(written, other.store.read(written).body)

    report = ingest_and_retrain.run(stage.store, stage.settings, pause=pause)
    assert len(pauses) == 3
    assert len(report.trained) == 1
    assert stage.receipts()[key]["status"] == "accepted"


def test_concurrent_drains_do_the_work_of_one(cloud_stage: Stage) -> None:
    cloud_stage.put_samples(1, 2)
    barrier, failures = threading.Barrier(3), list[BaseException]()

    def drain() -> None:
        barrier.wait()
        try:
            cloud_stage.ingest()
        except BaseException as error:  # noqa: BLE001  (handed to the test)
            failures.append(error)

    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {receipt["status"] for receipt in cloud_stage.receipts().values()} == {"accepted"}
    assert len(keys.scored_models(cloud_stage.store.list("models/"))) >= 1
    before = cloud_stage.etags()
    cloud_stage.ingest()
    assert {key: etag for key, etag in cloud_stage.etags().items() if key != "status.json"} == {
        key: etag for key, etag in before.items() if key != "status.json"
    }


def test_an_upload_that_changes_between_list_and_read_is_listed_again(stage: Stage) -> None:
    key = f"{SLOT}1.csv"
    stage.put_samples(1)
    fake(stage).disturb("read", key, lambda: stage.put(key, sample(7)))
    [score] = stage.ingest().trained
    assert score["lineage"][0]["etag"] == uploads(stage)[key]
    assert [receipt["etag"] for receipt in stage.receipts().values() if receipt["upload"] == key] == [
        uploads(stage)[key]
    ]


def test_an_upload_that_is_deleted_between_list_and_read_is_forgotten(stage: Stage) -> None:
    key = f"{SLOT}2.csv"
    stage.put_samples(1, 2)
    fake(stage).disturb("read", key, lambda: stage.store.delete(key))
    [score] = stage.ingest().trained
    assert [entry["upload"] for entry in score["lineage"]] == [f"{SLOT}1.csv"]


def test_uploads_that_come_while_a_model_is_trained_are_not_missed(stage: Stage) -> None:
    stage.put_samples(1)
    fake(stage).disturb("create", "scorer.json", lambda: stage.put(f"{SLOT}2.csv", sample(2)))
    assert [len(score["lineage"]) for score in stage.ingest().trained] == [1, 2]


READING = [("label", "b"), ("ignore", ("b",)), ("max_upload_mb", 9.0)]


@pytest.mark.parametrize(("name", "value"), READING, ids=[name for name, _ in READING])
def test_changed_settings_read_everything_anew(stage: Stage, name: str, value: object) -> None:
    rows = [(number, number % 2, "yes" if number > 4 else "no") for number in range(12)]
    header = ["a", "b", "label"] if name != "label" else ["a", "label", "b"]
    stage.put(TEST, csv_of(rows, header))
    stage.put(f"{SLOT}1.csv", csv_of([(a + 0.5, b, label) for a, b, label in rows], header))
    if name == "label":
        stage.put(TEST, csv_of([(a, b, b) for a, b, _ in rows], ["a", "label", "b"]))
        stage.put(f"{SLOT}1.csv", csv_of([(a + 0.5, b, b) for a, b, _ in rows], ["a", "label", "b"]))
    stage.ingest()
    stage.change(**{name: value})
    calls = calls_of(stage, stage.ingest)
    assert {Call("read", TEST), Call("read", f"{SLOT}1.csv")} <= set(calls)


def test_other_settings_read_nothing_anew(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    before = stage.etags()
    stage.change(promotion="significant", min_gain=0.5, approval="manual", refresh_seconds=1.0)
    stage.ingest()
    assert stage.etags() == before


def test_one_class_only_is_refused_and_not_tried_again(stage: Stage) -> None:
    stage.put(TEST, sample(1000))
    stage.put(f"{SLOT}1.csv", ONE_CLASS)
    assert stage.ingest().trained == []
    reason = "expected at least two classes in the training rows, found only 'yes': upload the others"
    assert (candidate(stage)["state"], candidate(stage)["reason"]) == ("refused", reason)
    calls = calls_of(stage, stage.ingest)
    assert {call.verb for call in calls} == {"list", "read"}
    assert not [call for call in calls if call.key.startswith("slots/")]
    assert (candidate(stage)["state"], candidate(stage)["reason"]) == ("refused", reason)


def test_what_was_refused_is_trained_with_more_rows(stage: Stage) -> None:
    stage.put(TEST, sample(1000))
    stage.put(f"{SLOT}1.csv", ONE_CLASS)
    stage.ingest()
    stage.put(f"{SLOT}2.csv", sample(2))
    assert len(stage.ingest().trained) == 1


def test_slots_that_do_not_fit_the_test_set_are_rejected_with_the_reason(stage: Stage) -> None:
    stage.put(TEST, sample(1000))
    stage.put(f"{SLOT}1.csv", "a,c,label\n1,2,yes\n2,3,no\n")
    stage.ingest()
    [reason] = stage.receipts()[f"{SLOT}1.csv"]["reasons"]
    assert reason == {"line": 1, "column": None, "problem": "expected the columns of the test set, found no column b"}
    assert "no slot that can be used (1 rejected: their receipts say why): upload one" in candidate(stage)["reason"]


def test_test_uploads_that_do_not_fit_each_other_are_refused(stage: Stage) -> None:
    stage.put_samples(1)
    stage.put("data/test/second.csv", "a,c,label\n1,2,yes\n")
    stage.ingest()
    assert candidate(stage)["reason"].startswith("the test uploads have different columns: ")


def test_uploads_are_never_written_or_deleted(stage: Stage) -> None:
    stage.put_samples(1, 2)
    stage.put(f"{SLOT}bad.csv", "nonsense")
    before = uploads(stage)
    calls = calls_of(stage, stage.ingest)
    assert not [call for call in calls if call.key.startswith("data/") and call.verb not in {"list", "read"}]
    assert uploads(stage) == before


def test_no_write_is_blind(stage: Stage) -> None:
    stage.put_samples(1, 2)
    calls = calls_of(stage, stage.ingest)
    assert {call.verb for call in calls} == {"list", "read", "create", "swap"}
    assert {call.key for call in calls if call.verb == "swap"} == {keys.STATUS}


def _next_slot(stage: Stage, number: int) -> list[tuple[str, str]]:
    """The calls, without digests, when one more slot comes and there is no test set."""
    stage.put(f"{SLOT}{number:03}.csv", sample(number, rows=3))
    return [(call.verb, call.key.split("/")[0]) for call in calls_of(stage, stage.ingest)]


def test_the_nth_slot_costs_what_the_second_one_did(stage: Stage) -> None:
    _next_slot(stage, 0)
    second = _next_slot(stage, 1)
    assert second == [
        ("list", "data"),
        ("list", "receipts"),
        ("create", "attempts"),
        ("read", "data"),
        ("create", "slots"),
        ("create", "receipts"),
        ("read", "status.json"),
        ("read", "production.json"),
        ("swap", "status.json"),
    ]
    for number in range(2, 70):
        assert _next_slot(stage, number) == second


def test_a_quiet_bell_costs_two_listings_and_the_view(stage: Stage) -> None:
    stage.put(f"{SLOT}1.csv", sample(1))
    stage.ingest()
    assert calls_of(stage, stage.ingest) == [
        Call("list", "data/"),
        Call("list", "receipts/"),
        Call("read", "status.json"),
        Call("read", "production.json"),
    ]


def test_time_that_runs_out_before_a_read_asks_for_another_event(stage: Stage) -> None:
    stage.put_samples(1)
    left = iter([100.0, 10.0])
    with pytest.raises(Unavailable, match=r"time ran out before data/slots/1\.csv was read"):
        ingest_and_retrain.run(stage.store, stage.settings, seconds_left=lambda: next(left))
    assert len(stage.receipts()) == 1
    assert len(stage.ingest().trained) == 1


def test_time_that_runs_out_after_training_ends_the_run(stage: Stage) -> None:
    stage.put_samples(1)
    fake(stage).disturb("create", "scorer.json", lambda: stage.put(f"{SLOT}2.csv", sample(2)))
    left = iter([100.0, 100.0, 100.0, 10.0])
    report = ingest_and_retrain.run(stage.store, stage.settings, seconds_left=lambda: next(left))
    assert [len(score["lineage"]) for score in report.trained] == [1]
    assert candidate(stage)["state"] == "trained"


WRITES = ["attempts/", "slots/", "receipts/", "model.joblib", "scorer.json", "score.json"]


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
@pytest.mark.parametrize("key", WRITES)
def test_a_lost_answer_changes_nothing(stage: Stage, key: str, after: bool) -> None:
    stage.put_samples(1)
    fake(stage).fail("create", key, after=after)
    [score] = stage.ingest().trained
    clean = Stage(FakeStore(), stage.settings)
    clean.put_samples(1)
    [expected] = clean.ingest().trained
    assert score["sha256"]["scorer.json"] == expected["sha256"]["scorer.json"]
    assert stage.listing() == clean.listing()


@pytest.mark.parametrize("verb", ["create", "read", "list"])
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(stage: Stage, verb: str) -> None:
    stage.put_samples(1)
    clean = Stage(FakeStore(), stage.settings)
    clean.put_samples(1)
    clean.ingest()
    for number in range(sum(call.verb == verb for call in fake(clean).calls)):
        broken = Stage(FakeStore(), stage.settings)
        broken.put_samples(1)
        _fail_nth(fake(broken), verb, number)
        with pytest.raises(KeyboardInterrupt):
            broken.ingest()
        broken.ingest()
        assert _without_attempts(broken) == _without_attempts(clean)


def _fail_nth(store: FakeStore, verb: str, number: int) -> None:
    seen = [0]

    def count() -> None:
        if seen[0] == number:
            raise KeyboardInterrupt
        seen[0] += 1
        store.disturb(verb, "", count)

    store.disturb(verb, "", count)


def _without_attempts(stage: Stage) -> list[str]:
    return [key for key in stage.listing() if "attempts/" not in key]


def test_rows_that_were_pruned_are_read_from_the_upload_again(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    for key in stage.listing("slots/"):
        stage.store.delete(key)
    stage.put(f"{SLOT}2.csv", sample(2))
    assert [score["train_rows"] for score in stage.ingest().trained] == [60]
    assert len(stage.listing("slots/")) == 3


def test_the_rows_of_an_upload_that_were_changed_are_refused(stage: Stage) -> None:
    stage.put(f"{SLOT}1.csv", sample(1))
    stage.ingest()
    [key] = stage.listing("slots/")
    fake(stage).put(key, b"tampered")
    stage.put_samples()
    assert stage.ingest().trained == []
    assert "found damaged bytes" in candidate(stage)["reason"]


def test_the_view_is_rebuilt_when_it_is_damaged(stage: Stage) -> None:
    stage.put_samples(1)
    stage.ingest()
    before = stage.json(keys.STATUS)
    fake(stage).put(keys.STATUS, b"{")
    stage.ingest()
    assert {**stage.json(keys.STATUS), "at": 0} == {**before, "at": 0}


@pytest.mark.parametrize("error", [Unknown("lost"), None], ids=["lost answer", "another writer"])
def test_the_view_is_swapped_until_it_sticks(stage: Stage, error: Exception | None) -> None:
    stage.ingest()
    stage.put_samples(1)
    own = decision_of(model_id(1), "kept", write_id="w")
    if error:
        fake(stage).fail("swap", keys.STATUS, error=error, times=3)
    else:
        other = encode({"decisions": [own]})
        fake(stage).disturb("swap", keys.STATUS, lambda: fake(stage).put(keys.STATUS, other))
    stage.ingest()
    assert candidate(stage)["state"] == "trained"
    assert stage.json(keys.STATUS)["decisions"] == (
        [] if error else [{**own, "standing": f"kept out: {own['reason']}"}]
    )


def test_a_view_that_cannot_be_written_stops_nothing(stage: Stage) -> None:
    stage.put_samples(1)
    fake(stage).fail("create", keys.STATUS, times=1000)
    assert len(stage.ingest().trained) == 1
    assert keys.STATUS not in stage.listing()


def test_the_summary_is_short(stage: Stage) -> None:
    stage.put_samples(1)
    summary = stage.ingest().summary()
    assert [receipt["upload"] for receipt in summary["receipts"]] == [TEST, f"{SLOT}1.csv"]
    assert [list(score) for score in summary["trained"]] == [["model_id", "f1", "train_rows"]]
    assert summary["candidate"]["state"] == "trained"


def test_a_store_that_is_down_is_an_error(stage: Stage) -> None:
    fake(stage).fail("list", error=Unavailable("down"))
    with pytest.raises(Unavailable):
        stage.ingest()


def test_the_stores_agree(stage: Stage, cloud_stage: Stage) -> None:
    assert [type(one.store) for one in (stage, cloud_stage)] == [FakeStore, S3Store]
    for one in (stage, cloud_stage):
        one.put_samples(1, 2)
        one.ingest()
    assert stage.listing() == cloud_stage.listing()
