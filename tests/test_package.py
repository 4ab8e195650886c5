"""What Chalice packages: the zip's code, unpacked into an empty folder, runs without the working tree."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager
from chalice.utils import UI, OSUtils

from tests.support.line import copy_project

ROOT = Path(__file__).resolve().parents[1]
ROUTES = {"/", "/assets/{version}/{name}", "/docs", "/health", "/invocations", "/model", "/openapi.json", "/ping"}
ROUTES |= {"/predict", "/profile", "/status"}
FUNCTIONS = ["ingest_and_retrain", "ingest_and_retrain_sweep", "promote", "promote_sweep"]
FUNCTIONS += ["predict_batch", "predict_batch_sweep"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deployment package as Chalice makes it, less what pip would download for it."""
    project = copy_project(tmp_path_factory.mktemp("project") / "project")
    (project / "requirements.txt").write_text("")
    files = OSUtils()
    packager = LambdaDeploymentPackager(files, DependencyBuilder(files), UI())
    directory = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(packager.create_deployment_package(str(project), "python3.11")) as packed:
        packed.extractall(directory)
    return directory


def test_the_package_holds_the_code_and_nothing_else(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir()} == {"app.py", "chalice", "chalicelib", "functions", "shared"}
    assert (unpacked / "shared" / "scorer" / "scorer.py").read_bytes() == (
        ROOT / "shared" / "scorer" / "scorer.py"
    ).read_bytes()


def test_every_handler_imports_from_the_package(unpacked: Path) -> None:
    code = (
        "import app, json, shared, functions.ingest_and_retrain, functions.predict_batch, functions.promote\n"
        "print(json.dumps([shared.__file__, sorted(app.app.handler_map), sorted(app.app.routes)]))"
    )
    environment = {"VINTNER_BUCKET": "bucket", "VINTNER_LABEL": "label", "PYTHONPATH": str(unpacked)}
    result = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=unpacked, env=environment, capture_output=True, text=True, check=True
    )
    place, handlers, routes = json.loads(result.stdout)
    assert Path(place).parent.parent == unpacked
    assert set(FUNCTIONS) <= set(handlers)
    assert set(routes) == ROUTES
