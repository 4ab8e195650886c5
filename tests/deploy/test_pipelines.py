"""The pipelines and the updater fit their schemas, and do what the project's own targets do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ".github/workflows/ci.yml"
BITBUCKET = "bitbucket-pipelines.yml"
SCHEMAS = {
    GITHUB: "vendor.github-workflows",
    BITBUCKET: "vendor.bitbucket-pipelines",
    ".github/dependabot.yml": "vendor.dependabot",
}


def check(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=list(SCHEMAS))
def test_a_file_fits_its_schema(file: str, schema: str) -> None:
    done = check(schema, ROOT / file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=list(SCHEMAS))
def test_the_check_can_fail(file: str, schema: str, tmp_path: Path) -> None:
    document = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    key = next(iter(document.keys() & {"jobs", "pipelines", "updates"}))
    broken = tmp_path / "broken.yml"
    broken.write_text(yaml.safe_dump({**document, key: "nothing"}), encoding="utf-8")
    assert check(schema, broken).returncode == 1


@pytest.mark.parametrize("file", [GITHUB, BITBUCKET])
def test_a_pipeline_calls_targets_and_commands_that_exist(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([\w-]+)", text))
    assert targets == {"install", "check", "artefacts", "test", "test-python", "coverage"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    assert re.findall(r"vintner (\w+) --stage (\w+)", text) == [("deploy", "dev")]


def test_github_deploys_main_alone_and_without_a_stored_key() -> None:
    jobs = yaml.safe_load((ROOT / GITHUB).read_text(encoding="utf-8"))["jobs"]
    assert jobs["deploy"]["needs"] == ["test", "pythons"]
    assert "refs/heads/main" in jobs["deploy"]["if"]
    assert jobs["deploy"]["permissions"]["id-token"] == "write"
    assert "secrets." not in (ROOT / GITHUB).read_text(encoding="utf-8")


def test_bitbucket_deploys_main_alone_after_the_tests() -> None:
    pipelines = yaml.safe_load((ROOT / BITBUCKET).read_text(encoding="utf-8"))["pipelines"]
    assert set(pipelines) == {"default", "branches"}
    tests = ["Check and test", *(f"The rooms that Python 3.{minor} can change" for minor in (11, 12))]
    assert [one["step"]["name"] for one in pipelines["default"]] == tests
    assert [one["step"]["name"] for one in pipelines["branches"]["main"]] == [*tests, "Deploy"]
    assert pipelines["branches"]["main"][-1]["step"]["oidc"] is True


def test_the_pipelines_test_every_python_that_may_be_used() -> None:
    jobs = yaml.safe_load((ROOT / GITHUB).read_text(encoding="utf-8"))["jobs"]
    whole = next(one["with"]["python-version"] for one in jobs["test"]["steps"] if "with" in one)
    assert sorted([whole, *jobs["pythons"]["strategy"]["matrix"]["python"]]) == ["3.11", "3.12", "3.13"]
    bitbucket = (ROOT / BITBUCKET).read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"image: python:(\S+)-bookworm", bitbucket))) == ["3.11", "3.12", "3.13"]
