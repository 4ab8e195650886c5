"""Deliberate mistakes in the modules that the bucket's safety rests on, as changes of their text."""

from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """A mistake: in which module, what stands there, what stands there instead, and the check that must notice it."""

    name: str
    module: str
    old: str
    new: str
    check: str


def load(module: str, old: str = "", new: str = "") -> ModuleType:
    """A module of its own, made from the source of another one with a part of it replaced."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    assert not old or text.count(old) == 1, f"{module}: {text.count(old)} times {old!r}"
    made = ModuleType(module)
    made.__file__ = spec.origin
    exec(compile(text.replace(old, new, 1) if old else text, spec.origin, "exec"), made.__dict__)  # noqa: S102
    return made


POINTER: Final = "shared.registry.pointer"
S3: Final = "shared.bucket.s3"
STORE: Final = "shared.bucket.store"
INGEST: Final = "shared.ingestion.ingest"
ATTEMPTS: Final = "shared.training.attempts"
INVENTORY: Final = "shared.bucket.inventory"
UPLOADS: Final = "shared.ingestion.uploads"
PRODUCTION: Final = "shared.serving.production_cache"
MODELS: Final = "shared.registry.models"
DECISIONS: Final = "shared.registry.decisions"
PROMOTE: Final = "functions.promote"
DESK: Final = "functions.desk"
SCORER_SIZE: Final = "shared.training.scorer_size"
TRAINING: Final = "shared.training.train"
RULES: Final = "shared.promotion.rules"
COMPARISON: Final = "shared.evaluation.comparison"
FRESH: Final = "shared.evaluation.fresh"
COUNTS: Final = "shared.tables.row_counts"
ADABOOST: Final = "shared.scorer.classifiers.adaboost"
FOREST: Final = "shared.scorer.classifiers.forest"
THRESHOLDS: Final = "shared.training.threshold_choice"
CONTRIBUTIONS: Final = "shared.scorer.contributions"

MUTANTS: Final = (
    Mutant(
        "drop If-Match",
        S3,
        ", IfMatch=f'\"{etag}\"')\n            return _bare",
        ")\n            return _bare",
        "stale swap",
    ),
    Mutant("drop If-None-Match", S3, ', IfNoneMatch="*")', ")", "taken create"),
    Mutant(
        "ignore 412",
        S3,
        "if status in {409, 412} or",
        "if status == 412:\n            return\n        if status in {409} or",
        "stale swap",
    ),
    Mutant("take 409 for a refusal", S3, "if status in {409, 412} or", "if status in {412} or", "409 is a conflict"),
    Mutant(
        "take 404 on a swap for a refusal", S3, 'or (status == 404 and code != "NoSuchBucket")', "", "404 on a swap"
    ),
    Mutant(
        "take a 5xx for a failure",
        S3,
        'raise Unknown(f"{place}: the store answered',
        'raise Unavailable(f"{place}: the store answered',
        "5xx is unknown",
    ),
    Mutant(
        "take a lost answer for a failure",
        S3,
        'raise Unknown(f"{place}: the answer was lost',
        'raise Unavailable(f"{place}: the answer was lost',
        "a lost answer is unknown",
    ),
    Mutant(
        "repeat writes in the client",
        S3,
        'retries={"total_max_attempts": 1}',
        'retries={"total_max_attempts": 4, "mode": "standard"}',
        "writes are sent once",
    ),
    Mutant("read whatever is there", S3, '{"IfMatch": f\'"{etag}"\'}', "{}", "a changed upload"),
    Mutant(
        "look only at the current write id",
        POINTER,
        "return write_id == self.write_id or any(step.write_id == write_id for step in self.history)",
        "return write_id == self.write_id",
        "lost and followed",
    ),
    Mutant(
        "forget the history",
        POINTER,
        "history=_last([*(before.history if before else ()), step])",
        "history=(step,)",
        "lost and followed",
    ),
    Mutant("do not read back", POINTER, "if current and current.wrote(pointer.write_id):", "if False:", "lost answer"),
    Mutant(
        "take every conflict for success",
        POINTER,
        'raise Conflict(f"{keys.PRODUCTION}: generation',
        'return\n                raise Conflict(f"{keys.PRODUCTION}: generation',
        "two swaps",
    ),
    Mutant(
        "swap against what is there now",
        POINTER,
        "store.swap(keys.PRODUCTION, body, pointer.etag)",
        "store.swap(keys.PRODUCTION, body, read_pointer(store).etag)",
        "two swaps",
    ),
    Mutant(
        "write again after another came",
        POINTER,
        "if (current.etag if current else None) != pointer.etag:",
        "if False:",
        "two swaps raise a conflict",
    ),
    Mutant("try once only", POINTER, "COMMIT_ATTEMPTS: Final = 4", "COMMIT_ATTEMPTS: Final = 1", "not landed"),
    Mutant(
        "a new write id for each attempt",
        POINTER,
        "    for _ in range(COMMIT_ATTEMPTS):\n",
        "    for _ in range(COMMIT_ATTEMPTS):\n"
        "        pointer = replace(pointer, write_id=new_write_id())\n"
        "        body = encode(pointer.as_document())\n",
        "lost answer",
    ),
    Mutant(
        "do not raise the generation",
        POINTER,
        "generation = generation_of(before) + 1",
        "generation = max(1, generation_of(before))",
        "generation",
    ),
    Mutant("drop the hold", POINTER, "hold=before.hold if before else False", "hold=False", "hold is carried"),
    Mutant(
        "drop the withdrawn", POINTER, "withdrawn=before.withdrawn if before else ()", "withdrawn=()", "hold is carried"
    ),
    Mutant(
        "settle for one's own bytes",
        STORE,
        "            return store.read(key).body\n",
        "            return body\n",
        "first writer",
    ),
    Mutant(
        "settle without a second try", STORE, "SETTLE_ATTEMPTS: Final = 4", "SETTLE_ATTEMPTS: Final = 1", "settle again"
    ),
    Mutant(
        "the receipt before the rows",
        INGEST,
        "    settle(store, keys.slot_key(slot), pack_slot(reading.table))\n    duplicate",
        "    _write_receipt(store, upload, slot, {})\n"
        "    settle(store, keys.slot_key(slot), pack_slot(reading.table))\n"
        "    duplicate",
        "rows before receipt",
    ),
    Mutant(
        "no mark before an upload is opened",
        INGEST,
        "        _announce(store, upload, pause)\n",
        "",
        "attempts are counted",
    ),
    Mutant(
        "train without a mark",
        ATTEMPTS,
        "    number = _begin(store, folder, max(begun, default=0) + 1, seconds_left())\n",
        "    number = 1\n",
        "kills are counted",
    ),
    Mutant(
        "an error is a kill", ATTEMPTS, "    except Exception:\n", "    except ZeroDivisionError:\n", "errors are none"
    ),
    Mutant(
        "give up what still runs",
        ATTEMPTS,
        " and all(_is_over(store, folder, number) for number in alone)",
        "",
        "what still runs is none",
    ),
    Mutant(
        "let a scorer of any size pass",
        SCORER_SIZE,
        "if megabytes <= settings.max_scorer_mb:",
        "if megabytes:",
        "a scorer over the bound",
    ),
    Mutant(
        "read an upload over the limit",
        INGEST,
        "if upload.size > settings.max_upload_mb * MEGABYTE:",
        "if False:",
        "over the limit",
    ),
    Mutant(
        "let a drifted slot in",
        INGEST,
        'if findings.drift and settings.on_drift == "reject":',
        "if False:",
        "drift is refused",
    ),
    Mutant(
        "name slots without the test set",
        INVENTORY,
        'digest([with_override, _accepted(named, "test", receipts), settings.checking()])',
        "digest([with_override, settings.checking()])",
        "slots follow the test set",
    ),
    Mutant(
        "read slots before the test set",
        INVENTORY,
        "if first := [upload for upload in waiting if upload.kind == kind]:",
        "if False:",
        "the test set first",
    ),
    Mutant(
        "read whatever version is there",
        UPLOADS,
        "store.read(upload.key, etag=upload.etag).body",
        "store.read(upload.key).body",
        "replaced meanwhile",
    ),
    Mutant("do not check the checksum", MODELS, "if sha256(body) != expected_sha256:", "if False:", "tampered scorer"),
    Mutant(
        "stop serving at a fault",
        PRODUCTION,
        '            if self._production is None:\n                raise NotServing(f"the production',
        '            if True:\n                raise NotServing(f"the production',
        "a fault leaves the old one",
    ),
    Mutant(
        "stop serving at a 404",
        PRODUCTION,
        "if now - self._missing_since < GONE_AFTER_SECONDS:",
        "if False:",
        "a missing pointer leaves the old one",
    ),
    Mutant(
        "drop a second promotion",
        DECISIONS,
        'if decision["decision"] == "promoted" and',
        "if False and",
        "second promotion",
    ),
    Mutant("give up after one race", PROMOTE, "ROUNDS: Final = 50", "ROUNDS: Final = 1", "judged again"),
    Mutant(
        "do not record what the pointer carries",
        PROMOTE,
        "        report.record(store, pointer.decision)\n    in_production",
        "        pass\n    in_production",
        "decision of a crash",
    ),
    Mutant("take a withdrawn model back", PROMOTE, "if name not in withdrawn]", "]", "withdrawn stays out"),
    Mutant(
        "judge on part of the test set for good",
        PROMOTE,
        " or on_part_of_the_test_set(pointer.decision))",
        ")",
        "wholly better",
    ),
    Mutant(
        "no hold after a rollback",
        DESK,
        "withdrawn=tuple(withdrawn), hold=True)",
        "withdrawn=tuple(withdrawn))",
        "rollback holds",
    ),
    Mutant(
        "no withdrawal at a rollback", DESK, "withdrawn=tuple(withdrawn), hold=True)", "hold=True)", "rollback holds"
    ),
    Mutant(
        "the score before the model",
        TRAINING,
        '    with timings.step("write"):\n',
        '    settle(store, keys.model_key(candidate.model_id, "score.json"), b"{}")\n    with timings.step("write"):\n',
        "score last",
    ),
    Mutant(
        "score one's own bytes",
        TRAINING,
        '"scorer.json": sha256(stored)',
        '"scorer.json": sha256(exported)',
        "stored bytes",
    ),
    Mutant("equal is better", RULES, "return gain > 0 and gain >=", "return gain >=", "equal is not better"),
    Mutant(
        "NaN is the best",
        RULES,
        "(c for c in contenders if not math.isnan(c.score))",
        "contenders",
        "NaN is never best",
    ),
    Mutant(
        "count the rows that were seen",
        COMPARISON,
        "fresh = ~dataset.test_in_slots",
        "fresh = dataset.test_in_slots | True",
        "seen rows",
    ),
    Mutant("score rows that it was trained on", COUNTS, "~seen[group] & ~is_seen", "~is_seen", "new rows"),
    Mutant(
        "score slots that it was trained on",
        FRESH,
        " if source.slot not in trained_on}",
        "}",
        "fresh slots",
    ),
    Mutant("few rows are enough", FRESH, "if rows < ENOUGH_ROWS:", "if rows < 1:", "fresh slots"),
    Mutant("score it again", FRESH, " if source.slot not in known]", "]", "fresh once"),
    Mutant(
        "add up what overlaps",
        COUNTS,
        'if duplicates == "sum":\n        return RowCounts',
        'if duplicates != "distinct":\n        return RowCounts',
        "union",
    ),
    Mutant(
        "count each row once",
        COUNTS,
        'if duplicates == "union":\n        group = _with_number_among_equals(group, np',
        "if False:\n        group = _with_number_among_equals(group, np",
        "union",
    ),
    Mutant(
        "train on test rows",
        COUNTS,
        "in_test[own] & ~repeated",
        "repeated & False",
        "union",
    ),
    Mutant("number rows across uploads", COUNTS, " | (upload[order[1:]] != upload[order[:-1]])", "", "union"),
    Mutant("decide above the threshold alone", ADABOOST, "decision >= cut", "decision > cut", "on the log odds"),
    Mutant("decide without the threshold", ADABOOST, "decision >= cut", "decision > 0", "on the log odds"),
    Mutant("call the threshold a miss", FOREST, "[1] >= threshold", "[1] > threshold", "on the probability"),
    Mutant("ask the first class", FOREST, "[1] >= threshold", "[0] >= threshold", "on the probability"),
    Mutant("take a threshold for luck", THRESHOLDS, "gain > error", "gain >= 0.0", "no luck"),
    Mutant("choose on the rows that judge", THRESHOLDS, "others = ~held_out", "others = held_out", "no luck"),
    Mutant(
        "part copies of a row", THRESHOLDS, "groups = same_rows(values)", "groups = np.arange(len(values))", "copies"
    ),
    Mutant("walk to the other side", CONTRIBUTIONS, "<= tree.threshold[node]", "> tree.threshold[node]", "the sum"),
    Mutant(
        "count a node's rows alike", CONTRIBUTIONS, "rows[left] / rows[node]", "rows[left] / rows[left] / 2", "means"
    ),
)
