"""The benchmark program works: every row, in its quick form. What it measures is not asserted, what it counts is."""

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cli.building.label import read_label
from cli.building.limits import CODE
from cli.building.training_layer import LAYER
from shared.errors import VintnerError
from shared.settings import Settings
from tests.bench import __main__ as bench
from tests.bench import deployed
from tests.bench.figures import Bound, Options, compare, related
from tests.bench.growth import LIST, calls_at
from tests.bench.http import Latencies
from tests.bench.line import ROOT, line
from tests.bench.picture import picture
from tests.bench.report import table
from tests.bench.samples import LABEL

EXPECTED = {
    "adaboost",
    "handler",
    "scorer",
    "batch",
    "HTTP",
    "cold start",
    "retrain",
    "growth",
    "promote",
    "burst",
    "memory",
    "command line",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what a quick run of all rows writes."""
    folder = tmp_path_factory.mktemp("bench")
    arguments = ["--quick", "--json", str(folder / "bench.json"), "--picture", str(folder / "latencies.svg")]
    assert bench.main(arguments) == 0
    return folder


@pytest.fixture(scope="module")
def document(written: Path) -> Any:  # noqa: ANN401  (JSON)
    """The figures of a quick run."""
    return json.loads((written / "bench.json").read_text(encoding="utf-8"))


def measured_where_it_is_built() -> set[str]:
    try:
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {deployed.ROW} if (ROOT / LAYER).is_file() and read_label(ROOT / CODE).python == own else set()
    except VintnerError:
        return set()


def test_every_row_is_measured(document: Any) -> None:  # noqa: ANN401
    assert {figure["row"] for figure in document["figures"]} == EXPECTED | measured_where_it_is_built()
    assert all(figure["first"] > 0 and figure["second"] > 0 for figure in document["figures"])
    assert document["quick"] is True


def test_the_bounds_are_the_documented_ones(document: Any) -> None:  # noqa: ANN401
    bounds = {figure["name"]: figure["bound"] for figure in document["figures"]}
    assert bounds["gateway / FastAPI + joblib"] == "≥ 60"
    assert bounds["gateway / empty route"] == "≥ 0.75"
    assert bounds["adaboost, one row: scikit-learn / scorer"] == "≥ 1000"
    assert bounds["API function, peak / 90 MB"] == "≤ 1"
    assert bounds["vintner --version / bare click + rich script, processor time"] == "≤ 2"


def test_the_counts_of_calls_hold_their_bounds(document: Any) -> None:  # noqa: ANN401
    counts = [figure for figure in document["figures"] if figure["unit"] in {"calls", "pages"}]
    assert counts
    assert all(figure["kept"] for figure in counts)


def test_the_picture_shows_every_server(written: Path) -> None:
    root = ET.fromstring((written / "latencies.svg").read_text(encoding="utf-8"))  # noqa: S314  (our own)
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"gateway", "empty route", "FastAPI + joblib"} <= texts


CALLS = {"PutObject": 4, "GetObject": 3}


def test_a_slot_costs_the_same_calls_however_many_there_are() -> None:
    with line() as up:
        settings = Settings("bucket", LABEL)
        store = up.new_bucket()
        for size in (5, 60, 130):
            calls, _ = calls_at(store, settings, size)
            assert calls == {**CALLS, LIST: 2}


def test_ratios_are_of_measurements_in_turn() -> None:
    first, second = iter([4.0, 9.0, 8.0]), iter([2.0, 3.0, 8.0])
    figure = compare("row", "name", lambda: next(first), lambda: next(second), rounds=3, unit="s")
    assert (figure.ratio, figure.low, figure.high, figure.first, figure.second) == (2.0, 1.0, 3.0, 8.0, 3.0)
    assert figure.holds is None


@pytest.mark.parametrize(("bound", "kept"), [(Bound("most", 2), True), (Bound("most", 1.9), False)])
def test_at_most(bound: Bound, kept: bool) -> None:
    assert related("row", "name", [(4.0, 2.0)], unit="s", bound=bound).holds is kept


def test_at_least() -> None:
    figures = [related("row", "name", [(4.0, 2.0)], unit="s", bound=Bound("least", value)) for value in (2, 2.1)]
    assert [figure.holds for figure in figures] == [True, False]
    assert [line.split("|")[-2].strip() for line in table(figures).splitlines()[2:]] == ["kept", "MISSED"]


def test_a_missed_bound_ends_a_thorough_run_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = related("row", "name", [(4.0, 2.0)], unit="s", bound=Bound("most", 1))
    monkeypatch.setattr(bench, "run", lambda *_: iter([missed]))
    file = str(tmp_path / "bench.json")
    assert bench.main(["--json", file]) == 1
    assert bench.main(["--json", file, "--quick"]) == 0


def test_one_latency_can_be_drawn() -> None:
    assert "<svg" in picture([Latencies("one", [0.001, 0.0011, 0.002])])


def test_thorough_and_quick_sizes() -> None:
    assert (Options().pick(10, 1), Options(quick=True).pick(10, 1)) == (10, 1)
