"""The tests of the rooms that one touches: ``python -m tests.support.rooms [ROOM...]`` prints their paths.

A room is a folder of the program, such as ``shared/tables`` or only ``tables``. Without one it is whatever git sees
changed. The tests of a room are in the folder of its name under ``tests``; if there is none, those that import it.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = ("chalicelib", "cli", "engine", "functions", "local", "shared")
SLOW: Final = ("bench", "e2e", "faults", "load", "support", "tables", "web")


def changed() -> list[str]:
    """The paths that differ from the last commit."""
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--no-renames"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line[3:] for line in found.splitlines()]


def folders(room: str) -> list[str]:
    """The folders of the program that a person may call so; raise SystemExit when there is none."""
    every = [path for package in PROGRAM for path in [ROOT / package, *sorted((ROOT / package).rglob("*/"))]]
    names = [path.relative_to(ROOT).as_posix() for path in every if (path / "__init__.py").exists()]
    if found := [name for name in names if f"/{name}".endswith(f"/{room.strip('/')}")]:
        return found
    raise SystemExit(f"expected the name of a room, found {room!r}; there are {', '.join(names)}")


def covering(path: str) -> Iterator[str]:
    """The tests of a folder or a module of the program, or of a test that was changed itself."""
    parts = Path(path)
    if parts.parts[0] == "tests":
        yield from [path] if parts.name.startswith("test_") and (ROOT / path).exists() else []
        return
    if parts.parts[0] not in PROGRAM:
        return
    own = ROOT / "tests" / parts.parent / f"test_{parts.name}"
    room = parts.parent if parts.suffix else parts
    mirrored = own if own.exists() else ROOT / "tests" / room
    has_room = len(room.parts) > 1 or not parts.suffix
    if own.exists() or (has_room and any(mirrored.rglob("test_*.py"))):
        yield mirrored.relative_to(ROOT).as_posix()
    else:
        yield from importing(".".join(parts.with_suffix("").parts))


def importing(name: str) -> Iterator[str]:
    """The tests that import a package or module, but for those that start a whole cloud."""
    pattern = re.compile(rf"^from {re.escape(name)}[. ]|^import {re.escape(name)}\b", re.MULTILINE)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        inside = path.relative_to(ROOT / "tests")
        if inside.parts[0] not in SLOW and pattern.search(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix()


def chosen(rooms: Iterable[str]) -> list[str]:
    """The tests to run, each once."""
    paths = [folder for room in rooms for folder in folders(room)] or changed()
    found = sorted({test for path in paths for test in covering(path)})
    return [test for test in found if not any(test.startswith(f"{other}/") for other in found)]


if __name__ == "__main__":
    if not (tests := chosen(sys.argv[1:])):
        raise SystemExit("nothing that has tests was changed: name a room, e.g. make quick ROOM=tables")
    print(*tests)
