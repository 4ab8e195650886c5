"""The recorded outputs against those of now: what is wrong, and what to do about it."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from tests.golden.outputs import COMMAND, FILE, Part, reader, trainer

PLACES = {
    "reader": ("READER_VERSION", "shared/bucket/inventory.py", "the same upload is read differently"),
    "trainer": ("TRAINER_VERSION", "shared/training/versions.py", "the same rows give another model"),
}

Parts = Mapping[str, Part]


def recorded() -> Parts:
    """What the file says."""
    return {name: Part(**fields) for name, fields in json.loads(FILE.read_text(encoding="utf-8")).items()}


def now() -> Parts:
    """What the code gives."""
    return {"reader": reader(), "trainer": trainer()}


def problem(name: str, before: Part, after: Part) -> str | None:
    """Why the recorded part cannot stand, and what to type; None when it can."""
    version, place, meaning = PLACES[name]
    if unversioned := unversioned_changes(before, after):
        return (
            f"{meaning}: {', '.join(unversioned)}. Buckets that exist would keep what they have. If this is meant, "
            f"raise {version} in {place} to {before.version + 1}, then run {COMMAND}; if not, undo the change"
        )
    if before != after:
        return f"{version}, a library, a name or the list of outputs changed: run {COMMAND} and commit {FILE.name}"
    return None


def unversioned_changes(before: Part, after: Part) -> list[str]:
    """The outputs that changed or are gone although the names are the same: a bucket could not tell them apart."""
    if (before.version, before.names) != (after.version, after.names):
        return []
    return [name for name, value in before.outputs.items() if after.outputs.get(name) != value]


def text_of(parts: Parts) -> str:
    """The file's text."""
    return json.dumps({name: asdict(part) for name, part in parts.items()}, indent=1) + "\n"
