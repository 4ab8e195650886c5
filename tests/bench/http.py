"""HTTP: requests a second and latencies of the gateway, of its own empty route, and of other ways to serve the model.

Every server has one worker, and gets the same row of 30 features from the same load generator.
"""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.bucket import keys
from shared.documents import decode
from tests.bench.figures import Bound, Figure, Options, absolute, related
from tests.bench.line import Line
from tests.bench.load import Answered, drive, request
from tests.bench.servers import Server, others

ROW = "HTTP"
OURS = "gateway"
BOUNDS = {"empty route": Bound("least", 0.75), "FastAPI + joblib": Bound("least", 60)}


@dataclass(frozen=True)
class Latencies:
    """The latencies of one server in seconds."""

    name: str
    seconds: list[float]

    def percentile(self, percent: int) -> float:
        """So many percent of the requests took no longer."""
        return statistics.quantiles(self.seconds, n=100)[percent - 1]


def measure(options: Options, up: Line, row: dict[str, float]) -> tuple[list[Figure], list[Latencies]]:
    """Measure all servers in turn."""
    pointer = decode(up.store.read(keys.PRODUCTION).body, keys.PRODUCTION)
    model = up.folder / "model.joblib"
    model.write_bytes(up.store.read(keys.model_key(pointer["model_id"], "model.joblib")).body)
    ours = Server(OURS, urlsplit(up.running.url).port or 0, "/predict", row)
    with others(up.folder, model, row) as peers:
        runs = _runs(options, [ours, *peers])
    figures = [_figure(runs, name) for name in runs if name != OURS]
    latencies = [Latencies(name, [one for run in each for one in run.latencies]) for name, each in runs.items()]
    for one in latencies:
        figures += [
            absolute(ROW, f"{one.name}: p{percent}", one.percentile(percent) * 1e3, "ms") for percent in (50, 99)
        ]
    return figures, latencies


def _runs(options: Options, servers: list[Server]) -> Mapping[str, list[Answered]]:
    seconds, rounds = options.pick(30, 3) / 10, options.rounds or options.pick(7, 1)
    runs: dict[str, list[Answered]] = {server.name: [] for server in servers}
    for server in servers:
        drive(server.port, request(server.path, server.body), seconds / 3)  # warm
    for _ in range(rounds):
        for server in servers:
            runs[server.name].append(drive(server.port, request(server.path, server.body), seconds))
    return runs


def _figure(runs: Mapping[str, list[Answered]], name: str) -> Figure:
    pairs = [(ours.per_second, other.per_second) for ours, other in zip(runs[OURS], runs[name], strict=True)]
    return related(ROW, f"gateway / {name}", pairs, unit="requests/s", bound=BOUNDS.get(name))
