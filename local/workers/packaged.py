"""Functions as they are deployed: an unpacked zip, run in an isolated interpreter with its layers and nothing else."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.errors import LocalError
from local.project.project import API, Project
from local.workers.warm_function import WarmFunction

if TYPE_CHECKING:
    from chalice.app import Chalice

BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")
API_HANDLER: Final = "app.app"
LAYER_FOLDER: Final = "python"


def handlers(app: "Chalice") -> dict[str, str]:
    """Each function's handler as Lambda's configuration spells it: module and name, with a dot between."""
    triggered = {source.name: source.handler_string for source in app.event_sources}
    return triggered | ({API: API_HANDLER} if app.routes else {})


def packaged_function(project: Project, function: str, handler: str, log: Path) -> WarmFunction:
    """A function of a project whose directory is an unpacked deployment zip.

    A layer of the stage's configuration that is a directory is put on the function's path.
    """
    settings = project.function(function)
    missing = [layer for layer in settings.layers if not (Path(layer) / LAYER_FOLDER).is_dir()]
    if missing:
        raise LocalError(
            f"the layers of {function}: expected unpacked layers, found no {LAYER_FOLDER} in {missing[0]}: "
            "unzip the layer there"
        )
    folders = [str(project.directory), *(str(Path(layer) / LAYER_FOLDER) for layer in settings.layers)]
    command = [sys.executable, "-I", "-S", "-B", "-u", str(BOOTSTRAP), *folders, "--handler", handler]
    command += ["--name", project.deployed_name(function), "--memory", str(settings.memory_mb)]
    command += ["--timeout", str(settings.timeout_seconds)]
    environ = {**project.outer, **settings.environment, **project.lambda_variables(function)}
    return WarmFunction(command, project.directory, settings.timeout_seconds, log, environ)


class PackagedApp:
    """An app whose routes are known and whose requests its packaged function answers."""

    def __init__(self, app: "Chalice", function: WarmFunction) -> None:
        self.routes, self.api = app.routes, app.api
        self._function = function

    def __call__(self, event: Mapping[str, Any], _context: object) -> Any:  # noqa: ANN401  (what the function returns)
        """Have the function answer; what it raised is raised here."""
        body = event.get("body")
        # What is not marked as base64 comes as text from API Gateway.
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        return self._function.ask({**event, "body": text})["result"]

    def close(self) -> None:
        """End the function's process."""
        self._function.kill()
