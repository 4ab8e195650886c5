"""Zip files whose bytes depend on nothing but the names and the content of what is in them."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_READABLE_FILE: Final = 0o100644 << 16
_UNIX: Final = 3


@dataclass(frozen=True)
class Artefact:
    """A zip file that was built; sizes in bytes."""

    path: Path
    sha256: str
    packed: int
    unpacked: int
    files: int


def write_archive(folder: Path, path: Path, *, prefix: str = "", keep: Callable[[str], bool] | None = None) -> Artefact:
    """Pack the files of a folder, sorted, without times, owners and modes; `keep` is asked for each relative name.

    What stood at `path` stays there until the new archive is whole.
    """
    names = sorted(found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    try:
        with zipfile.ZipFile(draft, "w") as packed:
            for name in names:
                if keep is None or keep(name):
                    packed.writestr(_entry(prefix + name), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return measure(path)


def measure(path: Path) -> Artefact:
    """What an archive on disk comes to."""
    with zipfile.ZipFile(path) as packed:
        entries = packed.infolist()
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return Artefact(path, sha256, path.stat().st_size, sum(entry.file_size for entry in entries), len(entries))


def unpack(path: Path, folder: Path) -> Path:
    """Unpack an archive into a folder, and return the folder."""
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    return folder


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = _READABLE_FILE
    entry.create_system = _UNIX
    return entry
