"""What `make quick` runs."""

import pytest

from tests.conftest import LONGEST_FIRST
from tests.support.rooms import ROOT, chosen, covering, folders


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shared/tables", ["tests/shared/tables"]),
        ("shared/tables/schema.py", ["tests/shared/tables/test_schema.py"]),
        ("shared/tables/table.py", ["tests/shared/tables"]),
        ("shared/settings.py", ["tests/shared/test_settings.py"]),
        ("functions/promote.py", ["tests/functions/test_promote.py"]),
        ("tests/shared/tables/test_schema.py", ["tests/shared/tables/test_schema.py"]),
        ("tests/support/line.py", []),
        ("docs/operations.md", []),
        ("README.md", []),
    ],
)
def test_a_change_has_its_tests(path: str, expected: list[str]) -> None:
    assert list(covering(path)) == expected


def test_a_room_without_tests_of_its_own_has_those_that_import_it() -> None:
    found = list(covering("cli/building"))
    assert "tests/deploy/test_building.py" in found
    assert not [path for path in found if path.startswith("tests/e2e/")]


def test_every_room_has_tests() -> None:
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "shared").rglob("__init__.py")}
    assert [room for room in sorted(rooms) if not list(covering(room))] == []


def test_a_room_is_found_by_its_last_name() -> None:
    assert folders("tables") == ["shared/tables"]
    assert chosen(["tables", "shared/tables"]) == ["tests/shared/tables"]
    with pytest.raises(SystemExit, match="expected the name of a room, found 'cellar'"):
        folders("cellar")


@pytest.mark.parametrize("name", LONGEST_FIRST)
def test_a_file_that_takes_long_is_there(name: str) -> None:
    assert (ROOT / name).exists(), f"{name} is gone: take it out of LONGEST_FIRST in tests/conftest.py"
