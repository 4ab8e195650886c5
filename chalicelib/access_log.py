"""One line for each request: log and metrics at once, in CloudWatch's embedded metric format.

The metrics library that the event functions use takes about 30 µs for a line, as long as the rest of a prediction. This
line is built from parts that are made once.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from chalice import Response
from chalice.app import Request

from chalicelib.logs import DEPLOYED, NAMESPACE, called_for
from chalicelib.problems import of_one_form
from chalicelib.runtime import production, settings

SERVICE: Final = "api"
PREDICTIONS: Final = frozenset({"/predict", "/invocations"})
LATENCY: Final = "PredictionLatency"
ERRORS: Final = "Errors"


def access(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: answer, with every error in one form, and write the line."""
    if not DEPLOYED:
        return of_one_form(request, get_response(request))
    request_id = request.context.get("requestId") or getattr(request.lambda_context, "aws_request_id", "")
    called_for(request_id=request_id)
    started = time.perf_counter_ns()
    response = of_one_form(request, get_response(request))
    microseconds = (time.perf_counter_ns() - started) // 1000
    sys.stdout.write(line(request.method, request.path, request_id, response.status_code, microseconds / 1000))
    return response


def line(method: str, path: str, request_id: str, status: int, milliseconds: float) -> str:
    """The line of one answered request; `path` is the route's."""
    head, latency = _parts(method, path)
    serving = production().held
    model_id = quoted(serving.model_id) if serving else "null"
    return (
        f'{head}{time.time_ns() // 1_000_000}}},"status":{status},'
        f'"request_id":{quoted(request_id)},"model_id":{model_id},'
        f'"{latency}":{milliseconds},"{ERRORS}":{int(status >= 500)}}}\n'
    )


@cache
def _parts(method: str, path: str) -> tuple[str, str]:
    """What is the same for all requests of a route: all that comes before the time, and the name of the duration."""
    latency = LATENCY if path in PREDICTIONS else "duration_ms"
    metrics = [{"Name": ERRORS, "Unit": "Count"}]
    if latency == LATENCY:
        metrics.append({"Name": LATENCY, "Unit": "Milliseconds"})
    dimensions = {"service": SERVICE, "Bucket": settings().bucket}
    described = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    fields = json.dumps({"level": "INFO", "message": f"{method} {path}", **dimensions, "method": method, "path": path})
    return f'{fields[:-1]}, "_aws":{{"CloudWatchMetrics":{json.dumps([described])},"Timestamp":', latency
