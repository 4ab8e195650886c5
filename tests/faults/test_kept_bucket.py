"""The process of the simulated S3 is killed at every call to the file system; nothing acknowledged is lost.

    step answered -> written down -> next step ... killed -> (recovery killed ->) recovery -> compared

What a client then sees is what it saw after the last answer, or what the interrupted request was to bring about: all
of it with its event, or nothing.
"""

import pickle
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.faults import counting
from tests.faults.forked import finish, killed, spread, start
from tests.faults.kept import HISTORY, Calls, Kept, View, application

Point = tuple[int, bool]
NOTHING: Final[View] = {"buckets": [], "queue": []}
FIRST_OF_RECOVERY: Final = 2  # before it the directories are made that are there already
TWO_KEYS: Final = 13  # the step that removes two objects: each by itself, as S3 does


def play(directory: Path, log: Path, calls: Calls) -> None:
    """Play the history, and write down what a client sees after each answer."""
    sys.addaudithook(calls)
    kept = Kept(directory)
    for step in HISTORY:
        step(kept)
        with log.open("ab") as file:
            pickle.dump(kept.view(), file)
    if calls.at < 0:
        log.with_suffix(".calls").write_text("\n".join(calls.seen))


def recover(directory: Path, log: Path, calls: Calls) -> None:
    """Start again on what is there, and write down what a client sees."""
    sys.addaudithook(calls)
    log.write_bytes(pickle.dumps(Kept(directory).view()))


def views(log: Path) -> list[View]:
    """All that was written down; what was being written when the process was killed does not count."""
    seen = []
    if log.exists():
        with log.open("rb") as file:
            while file.peek(1):
                try:
                    seen.append(pickle.load(file))  # noqa: S301  (our own child's)
                except (EOFError, pickle.UnpicklingError):
                    break
    return seen


def loose(value: object) -> object:
    """A view without what differs between two runs of the same history: times and the ids of versions."""
    shown = sorted(value.items()) if isinstance(value, dict) else value
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", repr(shown))
    return re.sub(r"'(at )?[0-9]{4}-[0-9 :.-]{10,}'", "AT", text)


def is_between(view: View, before: View, after: View) -> bool:
    """Whether each key is as before or as after."""
    names = set(view) | set(before) | set(after)
    return all(loose(view.get(name)) in (loose(before.get(name)), loose(after.get(name))) for name in names - {"queue"})


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[View], list[str]]:
    """What a client sees after each step when nothing happens, and all calls."""
    folder = tmp_path_factory.mktemp("kept")
    application()
    finish(start(lambda: play(folder / "bucket", folder / "log", Calls(folder / "bucket"))))
    return views(folder / "log"), (folder / "log.calls").read_text().split()


def survive(folder: Path, point: Point, expected: list[View]) -> bool:
    """Kill at one call, start again, and compare; whether the recovery was killed as well."""
    directory, log, found = folder / "bucket", folder / "log", folder / "found"
    at, torn = point
    assert killed(lambda: play(directory, log, Calls(directory, at, torn))), f"never came to call {at}"
    again = killed(lambda: recover(directory, found, Calls(directory, FIRST_OF_RECOVERY + at % 4)))
    finish(start(lambda: recover(directory, found, Calls(directory))))
    (view,), seen = views(found), views(log)
    before, after = seen[-1] if seen else NOTHING, expected[len(seen)]
    if len(seen) == TWO_KEYS:
        assert is_between(view, before, after), point
    else:
        assert view == before or loose(view) == loose(after), (point, view, before, after)
    shutil.rmtree(folder)
    return again


def test_killed_at_every_call_of_the_file_system(tmp_path: Path, reference: tuple[list[View], list[str]]) -> None:
    expected, calls = reference
    points = [(at, False) for at in range(len(calls))] + [
        (at, True) for at, call in enumerate(calls) if call == "write"
    ]

    def kill(numbered: tuple[int, Point]) -> None:
        folder = tmp_path / str(numbered[0])
        folder.mkdir()
        if survive(folder, numbered[1], expected):
            (tmp_path / f"{numbered[0]}.again").touch()

    done = spread(list(enumerate(points)), kill)
    again = len(list(tmp_path.glob("*.again")))
    counting.show(
        f"kill -9 at every call of the kept bucket: {done} of {len(points)} kills survived, "
        f"{again} of them with the recovery killed too"
    )
    assert again > 0


def test_a_history_is_the_same_after_a_start(tmp_path: Path) -> None:
    log, found, directory = tmp_path / "log", tmp_path / "found", tmp_path / "bucket"
    finish(start(lambda: play(directory, log, Calls(directory))))
    for _ in range(2):
        finish(start(lambda: recover(directory, found, Calls(directory))))
        assert views(found)[0] == views(log)[-1]
