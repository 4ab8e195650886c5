"""The configuration of stages, ``.chalice/config.json``: settings, and the functions that carry the training layer."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cli.stages.bucket_name import adopt_bucket_name
from local.project.project import Project
from shared.errors import VintnerError
from shared.settings import Settings

CONFIG: Final = Path(".chalice") / "config.json"
API: Final = "api_handler"

Config = dict[str, Any]


def read_config(project: Path) -> Config:
    """The project's configuration; raise VintnerError when it cannot be read."""
    path = project / CONFIG
    try:
        config: Config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VintnerError(f"{path}: expected Chalice's configuration as JSON, found none: {error}") from None
    return config


def write_config(project: Path, config: Config) -> None:
    """Replace the project's configuration; nothing is written when it says the same."""
    path, text = project / CONFIG, json.dumps(config, indent=2) + "\n"
    if read_config(project) != config:
        draft = path.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def stage_of(config: Config, name: str) -> Config:
    """One stage; raise VintnerError when there is none of that name."""
    stages: dict[str, Config] = config.get("stages", {})
    if name not in stages:
        raise VintnerError(f"expected a stage of {CONFIG}, one of {', '.join(sorted(stages))}; found {name!r}")
    return stages[name]


def settings_of(project: Path, stage: str) -> Settings:
    """The settings that a stage's functions get, which become this process's own; raise BadSetting."""
    os.environ.update(Project(project, stage, outer={}).environment())
    adopt_bucket_name()
    return Settings.from_environment()


def training_functions(config: Config) -> list[str]:
    """The functions that carry the training layer: all but the one behind the HTTP routes, which stays thin."""
    return [name for name in config.get("lambda_functions", {}) if name != API]


def with_layers(config: Config, stage: str, layers: Sequence[str]) -> Config:
    """The configuration in which the training functions of a stage carry these layers and no others, or none at all."""
    changed: Config = json.loads(json.dumps(config))
    functions = stage_of(changed, stage).setdefault("lambda_functions", {})
    for name in training_functions(config):
        functions.setdefault(name, {}).pop("layers", None)
        functions[name] |= {"layers": list(layers)} if layers else {}
    return changed
