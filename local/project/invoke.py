"""Call one function of a Chalice app in this process, as Lambda would."""

import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalice.local import LambdaContext, RouteMatcher

from local.errors import LocalError, last_line
from local.project.project import API, FunctionSettings, Project
from local.project.triggers import Match, functions_for, nearest_functions, triggers_of

if TYPE_CHECKING:
    from chalice.app import Chalice


@dataclass(frozen=True)
class Invocation:
    """What became of one call: a result, or the error on one line with its traceback."""

    function: str
    seconds: float
    result: Any = None
    error: str | None = None
    traceback: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.error is None


@dataclass(frozen=True)
class Replay:
    """What one event did: the functions that it is for, why these, and what each of them did."""

    match: Match
    invocations: tuple[Invocation, ...]


def context_for(settings: FunctionSettings) -> LambdaContext:
    """A Lambda context whose time runs from now."""
    context = LambdaContext(settings.name, settings.memory_mb, settings.timeout_seconds * 1000)
    context.log_group_name = f"/aws/lambda/{settings.name}"
    context.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{settings.name}"
    return context


def handler(app: "Chalice", function: str) -> Callable[[Any, Any], Any]:
    """The callable that Lambda would call; raise `LocalError` for an unknown function."""
    if function == API:
        whole_app: Callable[[Any, Any], Any] = app
        return whole_app
    if function not in app.handler_map:
        known = ", ".join(sorted(app.handler_map)) or "none"
        raise LocalError(f"the app has no function {function!r}; it has: {known}")
    wrapped: Callable[[Any, Any], Any] = app.handler_map[function]
    return wrapped


def invoke(
    app: "Chalice", settings: FunctionSettings, event: object, *, context: LambdaContext | None = None
) -> Invocation:
    """Call a function with `event`; what it raises is an outcome, not an exception."""
    call = handler(app, settings.name)
    started = time.perf_counter()
    try:
        result = call(event, context or context_for(settings))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the edge of a function: Lambda reports all of these
        seconds = time.perf_counter() - started
        return Invocation(settings.name, seconds, error=last_line(error), traceback=traceback.format_exc())
    return Invocation(settings.name, time.perf_counter() - started, result)


def replay(project: Project, event: Mapping[str, Any], *, foreign: bool = False) -> Replay:
    """Give `event` to the functions that it is for, one after the other, in this process.

    With `foreign`, an S3 event whose bucket and key match no trigger goes to every function that
    listens to its event name.
    """
    app = project.load()
    find = nearest_functions if foreign else functions_for
    match = find(triggers_of(app), event)
    given = _routed(app, event) if foreign and API in match.functions else event
    return Replay(match, tuple(_call(app, project.function(name), given) for name in match.functions))


def _routed(app: "Chalice", event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an HTTP request with the app's own route for its path, where it names a route that the app does not have.

    Sample requests from elsewhere come for ``/{proxy+}``, which an app has that routes its requests by itself.
    """
    context, path = event.get("requestContext", {}), str(event.get("path", ""))
    if context.get("resourcePath") in app.routes:
        return event
    try:
        found = RouteMatcher(list(app.routes)).match_route(path)
    except ValueError:
        return event
    changed = {**context, "resourcePath": found.route}
    return {**event, "resource": found.route, "pathParameters": found.captured or None, "requestContext": changed}


def _call(app: "Chalice", settings: FunctionSettings, event: Mapping[str, Any]) -> Invocation:
    os.environ.update(settings.environment)
    return invoke(app, settings, event)
