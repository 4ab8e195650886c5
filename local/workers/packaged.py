"""Functions as they are deployed: an unpacked zip with its layers and nothing else, under AWS's own runtime client."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.errors import LocalError
from local.project.project import API, Project
from local.workers.runtime_function import RuntimeFunction
from local.workers.warm_function import WarmFunction

if TYPE_CHECKING:
    from chalice.app import Chalice

RUNNER: Final = Path(__file__).with_name("runtime_client.py")
CLIENT: Final = "awslambdaric"
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
    environ = {**project.outer, **settings.environment, **project.lambda_variables(function)}
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{project.deployed_name(function)}"
    command = runtime_command(folders, handler, isolated=True)
    return RuntimeFunction(command, project.directory, settings.timeout_seconds, log, environ, arn=arn)


def runtime_command(folders: Sequence[str], handler: str, *, isolated: bool) -> list[str]:
    """The command that runs a handler from these folders; raise LocalError without the runtime client.

    What is not `isolated` finds the packages of this machine after its own.
    """
    client = importlib.util.find_spec(CLIENT)
    if client is None or client.origin is None:
        raise LocalError(f"expected the package {CLIENT}, AWS's runtime client, found none: run 'make install'")
    flags = ["-I", "-S"] if isolated else ["-P"]
    command = [sys.executable, *flags, "-B", "-u", str(RUNNER), *folders, "--handler", handler]
    return [*command, f"--client={Path(client.origin).parents[1]}"]


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
