"""The scaffold: a project directory that runs and deploys by itself."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.stages.target import LOCAL_STAGE
from shared.errors import VintnerError

SOURCE: Final = Path(__file__).resolve().parents[2]
LONGEST_NAME: Final = 28  # a bucket may have 63 characters, with the stage, the account and the region
_FILES: Final = ("app.py", "requirements*.txt", ".gitignore", ".chalice/*.json")
_FOLDERS: Final = ("chalicelib", "functions", "shared", "vendor")


def check_free(directory: Path) -> None:
    """Raise VintnerError unless a project can be written to `directory`: nothing, or an empty folder, is there."""
    if not (SOURCE / ".chalice" / "config.json").is_file():
        raise VintnerError(
            f"expected the project's sources with .chalice/config.json in {SOURCE}, found none: "
            "install from a clone, with 'pip install --editable .'"
        )
    if directory.is_dir():
        names = sorted(path.name for path in directory.iterdir())
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise VintnerError(
                f"expected a new or empty directory, found {', '.join(names[:3])}{more} in {directory}: "
                "name another directory"
            )
    elif directory.exists() or directory.is_symlink():
        raise VintnerError(f"expected a new or empty directory, found a file at {directory}: name another directory")


def write_project(directory: Path, variables: Mapping[str, str], write_data: Callable[[Path], None]) -> None:
    """Write code, configuration and what `write_data` writes to the `data` folder it is given: all or nothing."""
    with _draft(directory) as draft:
        for name in _FOLDERS:
            shutil.copytree(SOURCE / name, draft / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        (draft / ".chalice").mkdir()
        for pattern in _FILES:
            for path in SOURCE.glob(pattern):
                shutil.copyfile(path, draft / path.relative_to(SOURCE))
        _configure(draft / ".chalice", directory.name, variables)
        write_data(draft / "data")


@contextmanager
def _draft(directory: Path) -> Iterator[Path]:
    """A folder beside `directory` that takes its place when everything succeeds, and is removed otherwise."""
    draft = directory.parent / f".{directory.name}.{os.getpid()}.new"
    draft.mkdir(parents=True)
    try:
        yield draft
        draft.rename(directory)
    except BaseException:
        shutil.rmtree(draft)
        raise


def _configure(folder: Path, title: str, variables: Mapping[str, str]) -> None:
    """Set these variables in every stage, and give the project names of its own in an AWS account."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    name = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")[:LONGEST_NAME].rstrip("-") or config["app_name"]
    for stage, stage_config in config["stages"].items():
        own = stage_config["environment_variables"]
        own.update(variables)
        if stage != LOCAL_STAGE:
            own["VINTNER_BUCKET"] = f"{name}-{stage}-{{account}}-{{region}}-an"  # no other account can take it
    _write(path, json.dumps({**config, "app_name": name}, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
