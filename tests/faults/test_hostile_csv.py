"""Bad uploads: each gets a receipt that names its problem, or is taken as it is; none ends a function."""

import random
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from functions import ingest_and_retrain
from shared.registry.status_documents import ListedReceipt
from shared.settings import Settings
from tests.faults import counting
from tests.faults.forked import WORKERS, spread
from tests.faults.hostile import Case, corpus
from tests.support.fake_store import Call, FakeStore
from tests.support.stage import SLOT, TEST, Stage, sample

CASES: Final = list(corpus())
KEY: Final = f"{SLOT}case.csv"
FUZZED: Final = 1_000_000 if counting.LONG else 1_000
LARGEST_FUZZED: Final = 20_000
LONGEST_RECEIPT: Final = 200_000
MEGABYTES: Final = 100
LAMBDA_KIB: Final = 3008 * 1024  # what ingest_and_retrain has

MEASURED: Final = """
import resource, sys
from tests.faults.test_hostile_csv import ingest_one
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
receipt = ingest_one({body})
print(receipt["status"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, receipt["reasons"][0]["problem"])
"""


def new_stage() -> Stage:
    return Stage(FakeStore(), Settings(bucket="vintner", label="label"))


def ingest_one(body: bytes, key: str = KEY, *, tested: bool = False) -> ListedReceipt:
    """The receipt of one upload, read with or without a test set."""
    stage = new_stage()
    assert isinstance(stage.store, FakeStore)
    if tested:
        stage.put_samples()
        stage.ingest()
    stage.store.put(key, body)
    [receipt] = stage.ingest().receipts
    assert stage.store.read(key).body == body
    assert len(stage.store.read(receipt["receipt"]).body) < LONGEST_RECEIPT
    writes = stage.store.writes
    assert stage.ingest().receipts == []
    assert stage.store.writes == writes
    return receipt


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.name))
def test_a_bad_upload_gets_a_receipt(case: Case) -> None:
    receipt = ingest_one(case.body, case.key, tested=case.tested)
    if case.accepted:
        assert (receipt["status"], receipt["rows"]["read"] - receipt["rows"]["kept"]) == ("accepted", 1)
        assert case.problem is not None
        assert case.problem in receipt["reasons"][0]["problem"]
    elif case.problem is None:
        assert (receipt["status"], receipt["reasons"]) == ("accepted", [])
    else:
        assert receipt["status"] == "rejected"
        assert case.problem in receipt["reasons"][0]["problem"]


def test_how_many_cases_there_are() -> None:
    names = {case.name for case in CASES}
    assert len(names) == len(CASES) >= 200
    counting.show(f"hostile uploads: {len(CASES)} named cases, each with its receipt")


def test_bad_uploads_do_not_keep_good_ones_from_training() -> None:
    stage = new_stage()
    stage.put_samples(1)
    bad = [case for case in CASES if case.problem is not None and case.key == KEY and not case.accepted]
    for number, case in enumerate(bad):
        stage.store.create(f"{SLOT}bad {number}.csv", case.body)
    [score] = stage.ingest().trained
    assert [one["upload"] for one in score["lineage"]] == [f"{SLOT}1.csv"]


LARGE: Final = {
    "one line": f"b'1' * {MEGABYTES}_000_000",
    "one row": f"b'a,b,label\\n' + b'1,' * {MEGABYTES // 2}_000_000",
    "commas": f"b',' * {MEGABYTES}_000_000",
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_a_large_upload_fits_into_the_functions_memory(body: str) -> None:
    command = [sys.executable, "-c", MEASURED.format(body=body)]
    found = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert found.returncode == 0, found.stderr
    status, peak, problem = found.stdout.split(maxsplit=2)
    assert status == "rejected"
    assert int(peak) < LAMBDA_KIB
    counting.show(f"hostile uploads: {MEGABYTES} MB, {problem[:60].strip()}...: peak {int(peak) // 1024} MiB")


def test_an_upload_over_the_limit_is_rejected_unread() -> None:
    stage = new_stage()
    stage.change(max_upload_mb=0.001)
    stage.put(f"{SLOT}large.csv", sample(1, rows=200))
    [receipt] = stage.ingest().receipts
    assert receipt["status"] == "rejected"
    assert "expected at most 0.001 MB (VINTNER_MAX_UPLOAD_MB)" in receipt["reasons"][0]["problem"]
    assert isinstance(stage.store, FakeStore)
    assert Call("read", f"{SLOT}large.csv") not in stage.store.calls


def test_a_label_of_thousands_of_classes_is_refused_with_advice() -> None:
    stage = new_stage()
    stage.put(TEST, sample(1000))
    classes = ["yes", "no", *(f"c{number}" for number in range(4998))]
    stage.put(f"{SLOT}1.csv", "a,b,label\n" + "".join(f"{number},2,{one}\n" for number, one in enumerate(classes)))
    report = stage.ingest()
    assert report.candidate.state == "refused"
    [refusal] = [stage.json(key) for key in stage.listing("models/") if key.endswith("/refused.json")]
    assert "expected at most 100 classes, found 5000" in refusal["reason"]
    assert "VINTNER_POSITIVE" in refusal["reason"]
    assert stage.ingest().trained == []
    assert stage.promote().decisions == []


# Fuzzing: cases cut, glued and changed at random.


def mutated(chance: random.Random, bodies: list[bytes]) -> bytes:
    """A body with some bytes changed, removed, repeated or taken from another one."""
    body = bytearray(chance.choice(bodies))
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(body))
        end = min(len(body), start + chance.randint(0, 8))
        other = chance.choice(bodies)
        piece = chance.choice(
            [b"", bytes(body[start:end]) * 2, chance.randbytes(2), other[:8], b'"', b",", b"\n", b"\r"]
        )
        body[start:end] = piece
    return bytes(body)


def fuzz(seed: int, number: int) -> None:
    chance = counting.chance(f"fuzz {seed}")
    bodies = [case.body for case in CASES if len(case.body) < LARGEST_FUZZED]
    for _ in range(number):
        body = mutated(chance, bodies)
        store = FakeStore()
        store.put(f"{SLOT}case.csv", body)
        try:
            [receipt] = ingest_and_retrain.run(store, Settings(bucket="vintner", label="label")).receipts
        except Exception as error:
            raise AssertionError(f"not handled: {body!r}") from error
        assert receipt["status"] == "accepted" or receipt["reasons"], body


def test_mutated_uploads() -> None:
    spread(range(WORKERS), partial(fuzz, number=FUZZED // WORKERS))
    counting.show(f"hostile uploads: {FUZZED} fuzzed")
