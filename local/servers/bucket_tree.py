"""Objects as a plain tree of files: what the simulated S3 keeps between two runs. Knows no moto.

    bucket/
      uploads/in/a.csv              the object s3://uploads/in/a.csv, byte for byte
      .s3/uploads/bucket.json       the bucket's own settings
      .s3/uploads/records/<hash>.json    one record for each key: its versions with ETag, metadata and times
      .s3/uploads/bodies/<id>       a body on its way to its place, of an older version, or of a key that fits no path

One rename commits a write, whatever it changes of a key:

    body -> bodies/<id>    record -> records/<hash>.new    rename to records/<hash>    bodies/<id> -> uploads/in/a.csv
    |--------------- has not happened -------------------| |--------------------- has happened ---------------------|

A killed process loses nothing that the kernel was given, so nothing is synced; a power cut may cost the last seconds.
"""

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, NotRequired, TypedDict

from local.servers.disk_format import ABOUT, open_directory, write_whole
from local.servers.key_paths import files_under, path_of

CHUNK_BYTES: Final = 1 << 20


class StoredBody:
    """A body in a file, read as moto reads an object's temporary file; no descriptor is held between two reads."""

    def __init__(self, name: str, away: Callable[[], Path], place: Callable[[], Path]) -> None:
        self.name = name
        self._away, self._place = away, place
        self._offset = 0

    def seek(self, offset: int) -> None:
        """Go to `offset` bytes from the start."""
        self._offset = offset

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that are left."""
        try:
            file = self._away().open("rb")
        except FileNotFoundError:
            file = self._place().open("rb")
        with file:
            file.seek(self._offset)
            content = file.read(size)
        self._offset += len(content)
        return content

    def close(self) -> None:
        """Nothing is open."""


class Version(TypedDict):
    """One version of an object; a delete marker has no body. Sizes in bytes, times in ISO 8601 as UTC."""

    version_id: str
    modified: str
    body: NotRequired[str]
    size: NotRequired[int]
    md5: NotRequired[str]
    fields: NotRequired[dict[str, Any]]


class Record(TypedDict):
    """All versions of a key, oldest first; none when it is gone. `plain`: the newest body is in the plain tree."""

    key: str
    write: str
    plain: bool
    versions: list[Version]


@dataclass(frozen=True)
class BucketTree:
    """The files of all buckets under `directory`."""

    directory: Path

    def open(self) -> None:
        """Make the directory if it is not there; raise `LocalError` when it is of a newer format."""
        open_directory(self.directory)

    def buckets(self) -> list[str]:
        """The names of all buckets, those that a person made by hand included."""
        return sorted(entry.name for entry in os.scandir(self.directory) if entry.is_dir() and entry.name[0] != ".")

    def bucket_settings(self, bucket: str) -> dict[str, Any]:
        """What `write_bucket` wrote; empty for a directory that was made by hand."""
        with contextlib.suppress(FileNotFoundError):
            settings: dict[str, Any] = json.loads(self._about(bucket, "bucket.json").read_bytes())
            return settings
        return {}

    def write_bucket(self, bucket: str, settings: Mapping[str, Any]) -> None:
        """Make a bucket, or change its settings."""
        for name in ("records", "bodies"):
            self._about(bucket, name).mkdir(parents=True, exist_ok=True)
        write_whole(self._about(bucket, "bucket.json"), settings)
        (self.directory / bucket).mkdir(exist_ok=True)

    def remove_bucket(self, bucket: str) -> None:
        """Remove a bucket that has no objects."""
        shutil.rmtree(self.directory / bucket, ignore_errors=True)
        shutil.rmtree(self._about(bucket), ignore_errors=True)

    def write_body(self, bucket: str, content: IO[bytes], modified_ns: int) -> tuple[str, str]:
        """Write a body that no record names yet; its id, and its MD5 in hexadecimal."""
        name = uuid.uuid4().hex
        path, digest = self._body(bucket, name), hashlib.md5(usedforsecurity=False)
        content.seek(0)
        with path.open("xb") as file:
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        os.utime(path, ns=(modified_ns, modified_ns))
        return name, digest.hexdigest()

    def read_record(self, bucket: str, key: str) -> Record | None:
        """The committed record of a key."""
        with contextlib.suppress(FileNotFoundError):
            record: Record = json.loads(self._record(bucket, key).read_bytes())
            return record
        return None

    def records(self, bucket: str) -> Iterator[Record]:
        """Every committed record of a bucket."""
        with contextlib.suppress(FileNotFoundError):  # a bucket that a person made by hand
            for entry in os.scandir(self._about(bucket, "records")):
                if not entry.name.endswith(".new"):
                    yield json.loads(Path(entry).read_bytes())

    def prepare(self, bucket: str, record: Record) -> None:
        """Write a record up to its last step, `commit`."""
        self._record(bucket, record["key"]).with_suffix(".new").write_text(json.dumps(record), encoding="utf-8")

    def commit(self, bucket: str, key: str) -> None:
        """Make the prepared record the key's own: from here on the write has happened."""
        path = self._record(bucket, key)
        path.with_suffix(".new").replace(path)

    def owns_place(self, bucket: str, record: Record | None) -> bool:
        """Whether the file in the key's place is the record's newest body."""
        newest = record["versions"][-1].get("body") if record and record["versions"] else None
        return bool(record and record["plain"] and newest and not self._body(bucket, newest).exists())

    def is_free(self, bucket: str, key: str) -> bool:
        """Whether a key can have its place: no file is there, and no file is where it needs a directory."""
        try:
            self.place(bucket, key).lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def settle(self, bucket: str, record: Record) -> None:
        """Bring bodies to their places after a commit; can be interrupted anywhere, and repeated."""
        # A body that cannot be moved is found where it is.
        with contextlib.suppress(OSError):
            if record["plain"]:
                self._settle_place(bucket, record)
            if not record["versions"]:
                self._record(bucket, record["key"]).unlink(missing_ok=True)

    def _settle_place(self, bucket: str, record: Record) -> None:
        place = self.place(bucket, record["key"])
        names = [version.get("body") for version in record["versions"]]
        newest = names.pop() if names else None
        arrives = newest is not None and self._body(bucket, newest).exists()
        if newest is not None and not arrives:
            return
        displaced = [name for name in names if name and not self._body(bucket, name).exists()]
        if displaced and place.exists():
            place.rename(self._body(bucket, displaced[-1]))
        if newest is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._body(bucket, newest).rename(place)
            return
        place.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            while place.parent != self.directory / bucket:
                place = place.parent
                place.rmdir()

    def stored_body(self, bucket: str, record: Record, version: Version) -> StoredBody:
        """A version's body, whether or not its record has been settled."""
        name = version["body"]
        # Paths are made when they are needed: for ten thousand objects they take a third of the start.
        return StoredBody(name, partial(self._body, bucket, name), partial(self.place, bucket, record["key"]))

    def bodies(self, bucket: str) -> set[str]:
        """The ids of all bodies that are not in their place."""
        return {entry.name for entry in os.scandir(self._about(bucket, "bodies"))}

    def drop_bodies(self, bucket: str, names: set[str]) -> None:
        """Remove bodies that no record names."""
        for name in names:
            self._body(bucket, name).unlink(missing_ok=True)

    def place(self, bucket: str, key: str) -> Path:
        """The path of a key in the plain tree."""
        return path_of(self.directory / bucket, key)

    def placed(self, bucket: str) -> Iterator[tuple[str, str, os.stat_result]]:
        """The files in the plain tree: path, the key that it spells, and what the kernel knows of it."""
        return files_under(self.directory / bucket)

    def _about(self, bucket: str, *names: str) -> Path:
        return self.directory.joinpath(ABOUT, bucket, *names)

    def _body(self, bucket: str, name: str) -> Path:
        return self._about(bucket, "bodies", name)

    def _record(self, bucket: str, key: str) -> Path:
        name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        return self._about(bucket, "records", f"{name}.json")


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
