"""Keys and their paths in the plain tree."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.servers.key_paths import files_under, path_of

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("data/slots/a.csv", "data/slots/a.csv"),
        ("ü b+c.csv", "ü b+c.csv"),
        ("folder/", "folder/%"),
        ("a//b", "a/%/b"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/root", "%/root"),
        ("./a", "%2E/a"),
        ("50%", "50%25"),
        ("a\nb\0", "a%0Ab%00"),
    ],
)
def test_a_key_is_its_path_where_it_can_be(key: str, path: str) -> None:
    assert path_of(Path("b"), key) == Path("b", path)


@given(KEYS, KEYS)
def test_two_keys_never_share_a_path(first: str, second: str) -> None:
    assert (path_of(Path("b"), first) == path_of(Path("b"), second)) is (first == second)


@given(st.text(st.characters(codec="utf-8"), min_size=300, max_size=400), KEYS)
def test_a_long_name_is_shortened_and_stays_its_own(name: str, other: str) -> None:
    paths = {path_of(Path("b"), f"{name}{end}") for end in ("", "x", other)}
    assert all(len(part.encode()) <= 255 for path in paths for part in path.parts)
    assert len(paths) == len({name, f"{name}x", f"{name}{other}"})


@pytest.mark.parametrize("key", ["a", "data/a.csv", "a//b", "dir/", "../x", "50%", "ü\n"])
def test_a_path_spells_its_key(tmp_path: Path, key: str) -> None:
    path = path_of(tmp_path, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12")
    assert [(found, spelled, status.st_size) for found, spelled, status in files_under(tmp_path)] == [
        (str(path), key, 2)
    ]
