"""One set of versions: what is asked for is locked with hashes, and the same on a laptop as on Lambda."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETS = ["requirements", "requirements-train", "requirements-run", "requirements-engine", "requirements-dev"]
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


@pytest.mark.parametrize("name", SETS[:4])
def test_a_laptop_has_the_versions_and_files_of_lambda(name: str) -> None:
    laptop = locked("requirements-dev")
    assert {package: laptop.get(package) for package in locked(name)} == locked(name)


def test_what_ships_in_the_zip_and_in_the_layer_agrees() -> None:
    code, layer = locked("requirements"), locked("requirements-train")
    assert {name: layer[name] for name in code.keys() & layer.keys()} == {
        name: code[name] for name in code.keys() & layer.keys()
    }


IMPORT_ALL = """
import importlib, pathlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"{name} is of requirements-dev.txt", name=name)

sys.meta_path.insert(0, Absent())
rooms = map(pathlib.Path, ("chalicelib", "cli", "functions", "local", "shared"))
paths = [path for room in rooms for path in room.rglob("*.py")]
names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]
for name in names:
    if not name.startswith("cli.development") and not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


def test_the_program_imports_nothing_that_only_developers_install() -> None:
    """Only `cli.development` does, the commands of the Makefile for those who change the program."""
    extra = locked("requirements-dev").keys() - locked("requirements-run").keys()
    absent = [module for module, packages in packages_distributions().items() if extra.issuperset(map(plain, packages))]
    assert {"hypothesis", "locust", "playwright", "pytest"} <= set(absent)
    command = [sys.executable, "-c", IMPORT_ALL, *absent]
    environ = {**os.environ, "VINTNER_BUCKET": "bucket", "VINTNER_LABEL": "label"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def fake_python(folder: Path, name: str, version: str) -> None:
    """Something that answers as a Python of that version, and runs nothing."""
    major, minor = version.split(".")
    path = folder / name
    fits = f'[ "{major}" = 3 ] && [ "{minor}" -ge 11 ] && [ "{minor}" -le 13 ]'
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}.0" && exit\n{fits}\n')
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"python3": "3.12"}, "python3"),
        ({"python3": "3.9", "python3.12": "3.12"}, "python3.12"),
        ({"python3": "3.14", "python3.13": "3.13", "python3.11": "3.11"}, "python3.13"),
    ],
    ids=["the usual one", "an old one beside it", "a new one beside it"],
)
def test_make_takes_a_python_that_was_tried(there: dict[str, str], chosen: str, tmp_path: Path) -> None:
    for name, version in there.items():
        fake_python(tmp_path, name, version)
    done = make(tmp_path, "--dry-run", "--always-make", "install")
    assert f"\n{chosen} -m venv .venv\n" in done.stdout


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.14"])
def test_make_says_which_pythons_were_tried(version: str, tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", version)
    done = make(tmp_path, "--directory", str(tmp_path), "--file", str(ROOT / "Makefile"), "install")
    assert done.returncode == 2
    assert f"needs Python 3.11, 3.12 or 3.13, the newest that it was tried on; found Python {version}.0." in done.stderr
    assert not (tmp_path / ".venv").exists()


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make with nothing on the path but the folder and the system's own tools."""
    for name in (*(f"{name}.txt" for name in SETS), "pyproject.toml"):
        (folder / name).touch()
    tools = folder / "tools"
    tools.mkdir()
    for name in ("sh", "find", "echo", "touch"):
        (tools / name).symlink_to(shutil.which(name) or name)
    command, environ = [shutil.which("make") or "make", *arguments], {"PATH": f"{folder}:{tools}"}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_the_package_says_which_pythons_were_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.14"
