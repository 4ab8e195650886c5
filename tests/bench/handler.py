"""The handler: warm ``POST /predict`` through the Chalice app, against an empty Chalice route in the same process.

Both get the same event. The process has loaded what the API function loads and nothing else, and takes itself for a
deployed function: it writes its log line and its metrics. The empty route is that of an application of its own.
"""

import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.bench.events import event
from tests.bench.figures import Bound, Figure, Options, related

ROW = "handler"


def measure(options: Options, row: dict[str, float]) -> list[Figure]:
    """Measure in a process of its own, on the simulated cloud that this process is a client of."""
    from tests.bench.line import in_a_process  # noqa: PLC0415  (loads what the handler's process must not)

    rounds, calls = options.pick(200, 3), options.pick(500, 5)
    pairs = in_a_process("tests.bench.handler", row=row, rounds=options.rounds or rounds, calls=calls)
    name = f"POST /predict, {len(row)} features / an empty Chalice route"
    return [related(ROW, name, pairs, unit="µs", bound=Bound("most", 1.5))]


def _pairs(row: dict[str, float], rounds: int, calls: int) -> list[tuple[float, float]]:
    """Microseconds a call of both, in turn."""
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "vintner-bench-api_handler"
    from chalice import Chalice  # noqa: PLC0415

    import app  # noqa: PLC0415  (reads its settings while it is imported)

    plain = Chalice(app_name="empty", configure_logs=False)

    @plain.route("/empty", methods=["POST"])
    def empty() -> dict[str, str]:
        return {}

    predict, nothing = event("/predict", row), event("/empty", row)
    with Path(os.devnull).open("w", encoding="utf-8") as logs, redirect_stdout(logs):
        for application, one in ((app.app, predict), (plain, nothing)):
            answer = application(one, None)
            if answer["statusCode"] != 200:
                raise RuntimeError(f"expected an answer, found {answer}")
        return [(_microseconds(app.app, predict, calls), _microseconds(plain, nothing, calls)) for _ in range(rounds)]


def _microseconds(application: Any, request: dict[str, Any], calls: int) -> float:  # noqa: ANN401  (Chalice has no types)
    started = time.perf_counter()
    for _ in range(calls):
        application(request, None)
    return (time.perf_counter() - started) / calls * 1e6


if __name__ == "__main__":
    print(json.dumps(_pairs(**json.loads(sys.argv[1]))))
