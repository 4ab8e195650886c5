"""The image of the job: its lines by the rules of hadolint that concern them, and its steps in a bare directory."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "engine" / "Dockerfile"


def instructions(text: str) -> list[tuple[str, str]]:
    """Each instruction with what follows it, on one line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in joined.splitlines()]


def complaints(text: str) -> set[str]:
    """The rules of hadolint that the text breaks."""
    steps = instructions(text)
    of = {name: [rest for found, rest in steps if found == name] for name in {name for name, _ in steps}}
    runs = of.get("RUN", [])
    broken = {
        "DL3000": any(not place.startswith("/") for place in of.get("WORKDIR", [])),
        "DL3002": of.get("USER", ["vintner"])[-1].partition(":")[0] in {"0", "root"},
        "DL3006": any(":" not in image for image in of["FROM"]),
        "DL3007": any(image.endswith(":latest") for image in of["FROM"]),
        "DL3013": any("pip install" in run and "--require-hashes" not in run for run in runs),
        "DL3020": "ADD" in of,
        "DL3025": any(not rest.startswith("[") for rest in [*of.get("ENTRYPOINT", []), *of.get("CMD", [])]),
        "DL3042": any("pip install" in run and "--no-cache-dir" not in run for run in runs),
        "DL3059": any(steps[i][0] == steps[i + 1][0] == "RUN" for i in range(len(steps) - 1)),
        "DL4006": any("|" in run for run in runs),
        "SC": any("sudo" in shlex.split(run) or run.startswith("cd ") for run in runs),
    }
    return {rule for rule, is_broken in broken.items() if is_broken}


WRONG = {
    "DL3000": ("WORKDIR /opt/vintner", "WORKDIR vintner"),
    "DL3002": ("ENTRYPOINT", "USER root\nENTRYPOINT"),
    "DL3006": ("FROM python:3.13-slim-bookworm", "FROM python"),
    "DL3007": ("FROM python:3.13-slim-bookworm", "FROM python:latest"),
    "DL3013": (" --require-hashes", ""),
    "DL3020": ("COPY shared shared", "ADD shared shared"),
    "DL3025": ('["python", "-m", "engine"]', "python -m engine"),
    "DL3042": (" --no-cache-dir", ""),
    "DL3059": ("ENV PYTHONUNBUFFERED=1", "RUN true"),
    "DL4006": ("compileall -q shared engine", "compileall shared engine | tail"),
    "SC": ("RUN python -m compileall", "RUN sudo python -m compileall"),
}


def test_the_lines_keep_the_rules() -> None:
    assert complaints(PATH.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("rule", WRONG)
def test_each_rule_is_seen_to_be_broken(rule: str) -> None:
    before, after = WRONG[rule]
    text = PATH.read_text(encoding="utf-8")
    assert before in text
    assert complaints(text.replace(before, after)) == {rule}


def test_the_image_has_the_python_of_the_stages() -> None:
    (image,) = [rest for name, rest in instructions(PATH.read_text(encoding="utf-8")) if name == "FROM"]
    assert image.startswith("python:3.13-")  # the newest that pyproject.toml allows


def test_the_steps_run_in_a_bare_directory(tmp_path: Path) -> None:
    """pip finds what the lock names installed here, with no index to ask; the job starts from what was copied."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (tools / "python").chmod(0o755)
    bare = tmp_path / "image"
    bare.mkdir()
    environ = {"PATH": f"{tools}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "HOME": str(tmp_path)}
    for name, rest in instructions(PATH.read_text(encoding="utf-8")):
        if name == "COPY":
            source, target = rest.split()
            copy(ROOT / source, bare / target)
        elif name == "RUN":
            subprocess.run(["/bin/sh", "-ec", rest], cwd=bare, env=environ, check=True, capture_output=True)
        elif name == "ENTRYPOINT":
            command = json.loads(rest)
    found = subprocess.run([*command, "--help"], cwd=bare, env=environ, check=True, capture_output=True, text=True)
    assert "Train one candidate on a cluster." in found.stdout
    code = "import engine.job, shared; print(engine.__file__, shared.__file__)"
    where = subprocess.check_output(["python", "-c", code], cwd=bare, env=environ, text=True).split()
    assert [Path(path).parent.parent for path in where] == [bare, bare]


def copy(source: Path, target: Path) -> None:
    """What COPY does."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target / source.name if target.is_dir() else target)
    assert os.access(target, os.R_OK)
