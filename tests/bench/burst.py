"""A burst: many slots uploaded at once, against one bare training on all their rows."""

import time
from concurrent.futures import ThreadPoolExecutor

from shared.bucket import keys
from tests.bench.figures import Bound, Figure, Options, absolute, related
from tests.bench.line import line
from tests.bench.retrain import CLIENTS, TEST_KEY, bare, slot_key
from tests.bench.samples import held_out, labelled

ROW = "burst"
SLOT_ROWS = 500


def measure(options: Options) -> list[Figure]:
    """Measure on a simulated cloud of its own, from the first upload until all rows are trained on and judged."""
    slots = options.pick(200, 3)
    sample = labelled(slots * SLOT_ROWS)
    bodies = {slot_key(number): part.csv() for number, part in enumerate(sample.split(slots))}
    with line() as up:
        up.upload(TEST_KEY, held_out().csv())
        up.follow(TEST_KEY)
        started = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda key: up.store.create(key, bodies[key]), bodies))
        up.follow(*bodies)
        seconds = time.perf_counter() - started
        trainings = len(keys.scored_models(up.store.list(keys.MODELS)))
    name = f"{slots} x {SLOT_ROWS} rows at once"
    return [
        related(ROW, f"{name} / fit + score of all", [(seconds, bare(sample))], unit="s", bound=Bound("most", 4)),
        absolute(ROW, f"{name}: trainings", trainings, "runs"),
    ]
