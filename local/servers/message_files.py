"""The messages that wait in the simulated queues, one file each, so that they outlive the process.

A message that a request sends is a draft until what the request writes is committed; whether that happened before the
process was killed is seen from the records, which name the write that they come from.
"""

import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.servers.disk_format import ABOUT


@dataclass(frozen=True)
class MessageFiles:
    """The messages of all queues, by their ids."""

    directory: Path

    @classmethod
    def under(cls, directory: Path) -> "MessageFiles":
        """The messages of the buckets in `directory`."""
        messages = directory / ABOUT / "messages"
        messages.mkdir(parents=True, exist_ok=True)
        return cls(messages)

    def draft(self, name: str, message: Mapping[str, Any]) -> None:
        """Write a message that does not count yet."""
        self._path(name, "draft").write_text(json.dumps(message), encoding="utf-8")

    def commit(self, name: str) -> None:
        """Let a draft count."""
        self._path(name, "draft").replace(self._path(name, "json"))

    def drop(self, name: str) -> None:
        """Remove a message, draft or not."""
        self._path(name, "json").unlink(missing_ok=True)
        self._path(name, "draft").unlink(missing_ok=True)

    def resolve(self, writes: Callable[[], Container[str]]) -> None:
        """Commit the drafts whose write happened, and drop the others; `writes` finds those that happened."""
        drafts = list(self.directory.glob("*.draft"))
        happened = writes() if drafts else ()
        for path in drafts:
            try:
                write = json.loads(path.read_bytes())["write"]
            except ValueError:  # killed while it was written
                write = None
            if write in happened:
                self.commit(path.stem)
            else:
                path.unlink()

    def read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every message that waits, in no order."""
        for path in self.directory.glob("*.json"):
            yield path.stem, json.loads(path.read_bytes())

    def _path(self, name: str, ending: str) -> Path:
        return self.directory / f"{name}.{ending}"
