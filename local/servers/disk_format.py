"""The directory of everything that the simulated S3 and SQS keep: its format, its end, and whole writes in it."""

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.errors import LocalError

FORMAT: Final = 1
ABOUT: Final = ".s3"  # no bucket can be called so


def check_format(directory: Path) -> None:
    """Raise `LocalError` when a directory was written in a newer format than this one."""
    path = _marker(directory)
    try:
        found = int(json.loads(path.read_bytes())["format"])
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError) as error:
        raise LocalError(
            f'{path}: expected a document such as {{"format": {FORMAT}}}, found none ({error}). '
            f"Restore it, move {directory} away, or start with --fresh to forget it"
        ) from error
    if found > FORMAT:
        raise LocalError(
            f"{path}: expected format {FORMAT} or older, found {found}: a newer version wrote this bucket. "
            f"Use that version, move {directory} away, or start with --fresh to forget it"
        )


def open_directory(directory: Path) -> None:
    """Make the directory if it is not there; raise `LocalError` when it is of a newer format."""
    check_format(directory)
    _marker(directory).parent.mkdir(parents=True, exist_ok=True)
    if not _marker(directory).exists():
        write_whole(_marker(directory), {"format": FORMAT})


def forget(directory: Path) -> bool:
    """Remove all that is kept; whether there was anything. The directory goes in one step."""
    for left_over in directory.parent.glob(f"{directory.name}.forgotten-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    away = directory.with_name(f"{directory.name}.forgotten-{uuid.uuid4().hex}")
    try:
        directory.rename(away)
    except FileNotFoundError:
        return False
    shutil.rmtree(away, ignore_errors=True)
    return True


def objects_in(directory: Path) -> int:
    """How many keys the directory keeps; quick enough to be asked at each start."""
    found = 0
    for bucket in directory.joinpath(ABOUT).glob("*/records"):
        found += sum(not entry.name.endswith(".new") for entry in os.scandir(bucket))
    return found


def write_whole(path: Path, document: Mapping[str, object]) -> None:
    """Write a JSON document as a whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(document), encoding="utf-8")
    draft.replace(path)


def _marker(directory: Path) -> Path:
    return directory / ABOUT / "format.json"
