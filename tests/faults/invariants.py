"""What must hold at every moment, whatever fails and whoever races.

The pointer parses, its target exists and its checksum matches; the generation rises by one; an object that is written
once never changes; no function changes an upload.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from shared.bucket import keys
from shared.documents import decode, sha256
from shared.registry.pointer import Pointer

CHANGING: Final = (keys.PRODUCTION, keys.STATUS)
VOLATILE: Final = {"at", "promoted_at", "write_id", "timings", "run"}


class Violation(AssertionError):
    """Something that must always hold does not."""


class Watch:
    """Looks at a bucket after each call, and remembers what it saw."""

    def __init__(self, objects: Mapping[str, bytes] = MappingProxyType({})) -> None:
        self._seen = dict(objects)
        there = objects.get(keys.PRODUCTION)
        self.pointers = [Pointer.parse(there, "present")] if there else []

    def user_changes(self, objects: Mapping[str, bytes]) -> None:
        """Take over the uploads as the user left them."""
        self._seen = {key: body for key, body in self._seen.items() if not key.startswith(keys.DATA)}
        self._seen |= {key: body for key, body in objects.items() if key.startswith(keys.DATA)}

    def look(self, objects: Mapping[str, bytes]) -> None:
        """Check what must hold now."""
        for key, body in self._seen.items():
            if key not in CHANGING and objects.get(key) != body:
                raise Violation(f"{key} was {'changed' if key in objects else 'removed'}")
        added = {key for key in objects if key.startswith(keys.DATA)} - self._seen.keys()
        if added:
            raise Violation(f"a function wrote uploads: {added}")
        pointer = objects.get(keys.PRODUCTION)
        if pointer != self._seen.get(keys.PRODUCTION):
            if pointer is None:
                raise Violation("the pointer was removed")
            self._follow(Pointer.parse(pointer, "present"), objects)
        self._seen = dict(objects)

    def _follow(self, pointer: Pointer, objects: Mapping[str, bytes]) -> None:
        check_target(pointer, objects)
        last = self.pointers[-1] if self.pointers else None
        if pointer.generation != (last.generation if last else 0) + 1:
            raise Violation(f"the generation went from {last and last.generation} to {pointer.generation}")
        if last and [*last.history, pointer.history[-1]][-32:] != list(pointer.history):
            raise Violation("the history was rewritten")
        if last and pointer.write_id in {step.write_id for step in last.history}:
            raise Violation("a write id was used twice")
        falls = last and pointer.test_fingerprint == last.test_fingerprint and pointer.score < last.score
        if falls and pointer.decision["decision"] != "rolled_back":
            raise Violation(f"the score fell from {last and last.score} to {pointer.score} on an unchanged test set")
        self.pointers.append(pointer)


def check_target(pointer: Pointer, objects: Mapping[str, bytes]) -> None:
    """The model is whole: a scorer with the pointer's checksum, and a score that records the same."""
    for name in ("scorer.json", "score.json"):
        if keys.model_key(pointer.model_id, name) not in objects:
            raise Violation(f"the pointer names {pointer.model_id}, which has no {name}")
    if sha256(objects[keys.model_key(pointer.model_id, "scorer.json")]) != pointer.scorer_sha256:
        raise Violation("the scorer is not the one that the pointer names")
    score = decode(objects[keys.model_key(pointer.model_id, "score.json")], "score.json")
    if score["sha256"]["scorer.json"] != pointer.scorer_sha256:
        raise Violation("the score is of another scorer than the one that the pointer names")


def check_decided(objects: Mapping[str, bytes]) -> None:
    """Every scored candidate has its decision, every move of the pointer its record; and `check_fresh`."""
    found = [decode(body, key) for key, body in objects.items() if key.startswith(keys.PROMOTIONS)]
    check_fresh(objects)
    decided = {decision["model_id"] for decision in found}
    scored = {key.split("/")[1] for key in objects if key.startswith("models/") and key.endswith("/score.json")}
    if scored - decided:
        raise Violation(f"scored and never decided: {scored - decided}")


def check_fresh(objects: Mapping[str, bytes]) -> None:
    """Every fresh score is of a scored model, under its slot's name, and on a slot that it was not trained on."""
    for key in objects:
        if "/fresh/" not in key:
            continue
        fresh = decode(objects[key], key)
        score_key = keys.model_key(fresh["model_id"], "score.json")
        if key != keys.fresh_key(fresh["model_id"], fresh["slot"]) or score_key not in objects:
            raise Violation(f"{key} is of {fresh['model_id']} on {fresh['slot']}")
        if fresh["slot"] in {entry["slot"] for entry in decode(objects[score_key], score_key)["lineage"]}:
            raise Violation(f"{key}: the model was trained on this slot")


def check_one_receipt_each(objects: Mapping[str, bytes]) -> None:
    """No upload has two receipts for its key, ETag and reading settings."""
    digests = [key.split("/")[1].split(".")[0] for key in objects if key.startswith(keys.RECEIPTS)]
    twice = {one for one in digests if digests.count(one) > 1}
    if twice:
        raise Violation(f"uploads with two receipts: {twice}")


def settled(objects: Mapping[str, bytes]) -> dict[str, Any]:
    """What a bucket holds, but for times, write ids and the marks of attempts: two equal runs give equal values."""
    return {
        key: _without_times(json.loads(body)) if key.endswith(".json") else body
        for key, body in objects.items()
        if not key.startswith("attempts/") and "/attempts/" not in key
    }


def _without_times(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        return {name: _without_times(one) for name, one in value.items() if name not in VOLATILE}
    return [_without_times(one) for one in value] if isinstance(value, list) else value


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The keys at which two settled buckets differ."""
    return sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
