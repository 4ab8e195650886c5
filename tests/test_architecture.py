"""Who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"app", "chalicelib", "cli", "functions", "local", "shared", "tests"}
MAY_IMPORT = {
    "shared": set[str](),
    "functions": {"shared"},
    "chalicelib": {"functions", "shared"},
    "local": set[str](),
    "cli": OURS - {"tests"},
}
NEVER = {
    "shared": {"chalice", "moto", "argparse", "click", "locust"},
    "functions": {"chalice", "moto", "argparse", "click", "boto3", "locust"},
    "chalicelib": {"moto", "click", "boto3", "sklearn", "pandas"},
}
HEAVY = ("numpy", "pandas", "scipy", "sklearn", "joblib", "boto3", "botocore")
MODULES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    found = set(imports(path))
    assert found & OURS <= MAY_IMPORT[package] | {package}
    assert not found & NEVER.get(package, set())


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
