"""Load on a prediction endpoint: rows of a CSV file, one request each.

    locust --headless -f tests/load/locustfile.py --host http://127.0.0.1:8000 -u 8 -t 15s

``LOAD_CSV`` names the rows and ``LOAD_DROP`` the columns that are no features, comma-separated; both default to the
sample's. ``LOAD_API_KEY`` is sent where it is set. Any answer but a prediction fails the run: exit code 1.
"""

import csv
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

from locust import FastHttpUser, constant, events, task
from locust.env import Environment

MISSING = {"", "NA", "NaN", "nan", "null", "?"}


def rows_of(path: Path, dropped: frozenset[str]) -> list[dict[str, float | None]]:
    """The rows of a CSV file as request bodies, without the dropped columns."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            {name: None if text in MISSING else float(text) for name, text in row.items() if name not in dropped}
            for row in csv.DictReader(lines)
        ]


def _rows() -> Iterator[dict[str, float | None]]:
    path = Path(os.environ.get("LOAD_CSV", ".vintner/sample/test.csv"))
    dropped = os.environ.get("LOAD_DROP", "diagnosis").split(",")
    return itertools.cycle(rows_of(path, frozenset(name.strip() for name in dropped)))


def _is_prediction(status: int, text: str) -> bool:
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    return status == 200 and isinstance(answer, dict) and "prediction" in answer


class Client(FastHttpUser):
    """Asks for one prediction after the other, as fast as it is answered."""

    wait_time = constant(0)
    rows = _rows()

    def on_start(self) -> None:
        """Prepare the headers; an API key is sent when there is one."""
        key = os.environ.get("LOAD_API_KEY")
        self.headers = {"x-api-key": key} if key else {}

    @task
    def predict(self) -> None:
        """Ask for one row; an answer without a prediction counts as a failure."""
        with self.client.post("/predict", json=next(self.rows), headers=self.headers, catch_response=True) as response:
            if not _is_prediction(response.status_code, response.text):
                response.failure(f"{response.status_code}: {response.text!r:.200}")


@events.quitting.add_listener
def fail_on_errors(environment: Environment, **_: object) -> None:
    """End with exit code 1 on any failure, and when nothing was asked at all."""
    total = environment.stats.total
    exceptions = environment.runner.exceptions if environment.runner else {}
    if total.num_failures or exceptions or not total.num_requests:
        environment.process_exit_code = 1
