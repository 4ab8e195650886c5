"""Where a key's body is in the plain tree: one directory for each part of the key, one file for the last part."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

LONGEST_NAME: Final = 200  # bytes; most file systems take 255

_UNSAFE: Final = re.compile(r"[%\x00-\x1f\x7f]")
_SPECIAL: Final = {"": "%", ".": "%2E", "..": "%2E%2E"}


def path_of(directory: Path, key: str) -> Path:
    """The path of a key under its bucket's directory."""
    return directory.joinpath(*map(_name_of, key.split("/")))


def files_under(directory: Path, prefix: str = "") -> Iterator[tuple[str, str, os.stat_result]]:
    """Every file under a bucket's directory: its path, the key that the path spells, and its status."""
    for entry in os.scandir(directory):
        key = prefix + ("" if entry.name == "%" else unquote(entry.name))
        if entry.is_dir():
            yield from files_under(Path(entry), f"{key}/")
        else:
            yield entry.path, key, entry.stat()


def _name_of(part: str) -> str:
    """The file name of a part of a key: the part itself, except for what no file can be called."""
    name = _SPECIAL.get(part) or _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", part)
    encoded = name.encode()
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = hashlib.blake2b(encoded, digest_size=16).hexdigest()
    return f"{encoded[: LONGEST_NAME - 40].decode(errors='ignore')}%~{digest}"
