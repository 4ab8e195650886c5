"""One set of versions: what is asked for is locked with hashes, and the same on a laptop as on Lambda."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETS = ["requirements", "requirements-train", "requirements-dev"]
REQUIREMENT = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
LOCKED = re.compile(
    r"^([\w.-]+)(?:\[[^]]*\])?==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def wanted(name: str) -> dict[str, str]:
    return dict(REQUIREMENT.findall((ROOT / f"{name}.in").read_text(encoding="utf-8")))


def locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Each package of a lock with its version and the hashes of its files."""
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    return {package: (version, frozenset(hashes.split())) for package, version, hashes in LOCKED.findall(text)}


@pytest.mark.parametrize("name", SETS)
def test_every_package_is_locked_with_hashes(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    assert set(locked(name)) == {package for package, _ in REQUIREMENT.findall(text)} != set()
    assert [line for line in text.splitlines() if not re.match(r"[\w.-]+(\[[^]]*\])?==|    (--hash=|#)|#", line)] == []


@pytest.mark.parametrize("name", SETS)
def test_a_lock_has_what_is_asked_for(name: str) -> None:
    found = {package: version for package, (version, _) in locked(name).items()}
    assert {package: found.get(package) for package in wanted(name)} == wanted(name)


@pytest.mark.parametrize("name", SETS[:2])
def test_a_laptop_has_the_versions_and_files_of_lambda(name: str) -> None:
    laptop = locked("requirements-dev")
    assert {package: laptop.get(package) for package in locked(name)} == locked(name)


def test_what_ships_in_the_zip_and_in_the_layer_agrees() -> None:
    code, layer = locked("requirements"), locked("requirements-train")
    assert {name: layer[name] for name in code.keys() & layer.keys()} == {
        name: code[name] for name in code.keys() & layer.keys()
    }
