"""``make bench``: every figure as a ratio measured in one run, as a table and as ``bench.json``."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.bench import (
    batch,
    boosting,
    burst,
    deployed,
    growth,
    handler,
    http,
    promotion,
    report,
    retrain,
    scoring,
    start,
)
from tests.bench.figures import Figure, Options
from tests.bench.line import line, served
from tests.bench.picture import picture

ROWS: Final = (
    "adaboost",
    "handler",
    "scorer",
    "batch",
    "http",
    "start",
    "deployed",
    "retrain",
    "large",
    "growth",
    "promote",
    "burst",
    "memory",
    "command",
)
ON_A_MODEL: Final = frozenset({"handler", "http", "start", "deployed", "memory"})
ON_A_BUCKET: Final = frozenset({"retrain", "large", "growth", "promote"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show the table, write the files; exit code 1 when a bound is missed in a thorough run."""
    chosen = _parser().parse_args(arguments)
    options = Options(chosen.quick, chosen.rounds)
    figures = []
    for figure in run(chosen.only or ROWS, options, chosen.picture):
        figures.append(figure)
        print(report.table([figure]).splitlines()[-1], file=sys.stderr, flush=True)
    print(report.table(figures))
    chosen.json.write_text(json.dumps(report.document(figures, options), indent=2, ensure_ascii=False) + "\n")
    missed = [figure for figure in figures if figure.holds is False]
    return 1 if missed and not options.quick else 0


def run(rows: Sequence[str], options: Options, drawn: Path | None) -> Iterator[Figure]:
    """The figures of some rows, as they are measured."""
    wanted = set(rows)
    if "adaboost" in wanted:
        yield from boosting.measure(options)
    if "scorer" in wanted:
        yield from scoring.measure(options)
    if "batch" in wanted:
        yield from batch.measure(options)
    if "command" in wanted:
        yield from start.measure_command(options)
    if wanted & ON_A_MODEL:
        yield from _on_a_model(wanted, options, drawn)
    if wanted & ON_A_BUCKET:
        yield from _on_a_bucket(wanted, options)
    if "burst" in wanted:
        yield from burst.measure(options)


def _on_a_model(wanted: set[str], options: Options, drawn: Path | None) -> Iterator[Figure]:
    with served() as (up, row):
        if "handler" in wanted:
            yield from handler.measure(options, row)
        if "memory" in wanted:
            yield from start.measure_memory(options, row)
        if "start" in wanted:
            yield from start.measure(options, up, row)
        if "deployed" in wanted:
            yield from deployed.measure(options, up, row)
        if "http" in wanted:
            figures, latencies = http.measure(options, up, row)
            yield from figures
            if drawn:
                drawn.write_text(picture(latencies), encoding="utf-8")


def _on_a_bucket(wanted: set[str], options: Options) -> Iterator[Figure]:
    with line() as up:
        for name, measure in (
            ("retrain", retrain.measure),
            ("growth", growth.measure),
            ("promote", promotion.measure),
            ("large", retrain.measure_large),
        ):
            if name in wanted:
                yield from measure(options, up)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"some rows: {', '.join(ROWS)}")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that all works, the figures say nothing"
    )
    parser.add_argument("--rounds", type=int, default=0, help="so many rounds of each figure")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures go")
    parser.add_argument("--picture", type=Path, help="where the picture of the latencies goes (SVG)")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is ended
    sys.exit(main())
