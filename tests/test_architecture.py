"""Who may import whom is said in pyproject.toml and checked by `make check`; here is what a linter cannot see."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("chalicelib", "cli", "engine", "functions", "local", "shared")
MODULES = [ROOT / "app.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]
MOST_LINES = 250
HEAVY = ("numpy", "pandas", "scipy", "sklearn", "joblib", "boto3", "botocore")
LINT = str(Path(sys.executable).parent / "lint-imports")

# A contract, a module, and an import in it that the contract must refuse.
WRONG = [
    ("downwards", "shared/errors.py", "import functions.status"),
    ("downwards", "functions/status.py", "import cli.main"),
    ("downwards", "chalicelib/logs.py", "import local.errors"),
    ("downwards", "cli/main.py", "import tests.conftest"),
    ("downwards", "functions/status.py", "import engine.job"),
    ("downwards", "engine/job.py", "import functions.status"),
    ("shared-order", "shared/bucket/keys.py", "import shared.tables.table"),
    ("shared-order", "shared/training/train.py", "import shared.promotion.rules"),
    ("thin", "shared/formats/values.py", "import numpy"),
    ("thin", "functions/predict.py", "import shared.tables.table"),  # which imports numpy
    ("thin", "shared/bucket/obstore_reader.py", "import boto3"),
    ("boto3-driver", "functions/status.py", "import shared.bucket.s3"),
    ("frameworks", "shared/errors.py", "import moto"),
    ("frameworks", "shared/training/train.py", "import xgboost"),
    ("frameworks", "functions/desk.py", "def late() -> None:\n    import click"),
    ("direct", "chalicelib/api.py", "import sklearn"),
    ("any-app", "local/errors.py", "import shared.errors"),
    ("any-app", "local/errors.py", "import app"),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, to be spoiled."""
    directory = tmp_path_factory.mktemp("contracts")
    for package in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / package, directory / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, directory)
    return directory


def lint(directory: Path, contract: str) -> str:
    command = [LINT, "--no-logo", "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(("contract", "module", "line"), WRONG, ids=[f"{wrong[0]} {wrong[1]}" for wrong in WRONG])
def test_a_wrong_import_breaks_its_contract(copied: Path, contract: str, module: str, line: str) -> None:
    path = copied / module
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")
    found = lint(copied, contract)
    path.write_text(text, encoding="utf-8")
    assert "0 kept, 1 broken" in found, found


def test_every_contract_is_seen_to_break() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert {contract["id"] for contract in linter["contracts"]} == {contract for contract, _, _ in WRONG}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_fits_a_reader(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines: give a part of it a module of its own"


def test_only_one_module_unpickles_nothing() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "joblib.load" not in text
        assert "allow_pickle=True" not in text
        assert "import pickle" not in text


def test_the_prediction_path_is_thin() -> None:
    code = f"import sys, app; print([name for name in {HEAVY!r} if name in sys.modules])"
    environment = {"VINTNER_BUCKET": "bucket", "VINTNER_LABEL": "label", "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
