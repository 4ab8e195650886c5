"""Doubts about the scores of tables as people have them: silence, but where a doubt is justified."""

from typing import Final

import numpy as np
import pytest

from tests.tables.catalogue import EVERY, table
from tests.tables.line import stage_of

# Why each is justified: a class of 7 test rows in 230; 112 towns of 3 rows each; one of 4 animals; 43 positive rows.
JUSTIFIED: Final[dict[str, list[str]]] = {
    "heart_stages": ["never_predicted"],
    "towns": ["never_predicted"],
    "shelter": ["never_predicted"],
    "bank": ["test_set_too_small"],
}


@pytest.mark.parametrize("name", EVERY)
def test_only_justified_doubts(name: str) -> None:
    [score] = stage_of(table(name)).ingest().trained
    assert [warning["doubt"] for warning in score["sanity"]] == JUSTIFIED.get(name, [])
    low, high = score["interval"]
    assert low <= score["f1"] <= high
    matrix = np.array(score["confusion"]["matrix"])
    never = (matrix.sum(axis=1) > 0) & (matrix.sum(axis=0) == 0)
    assert never.any() == ("never_predicted" in JUSTIFIED.get(name, []))
    assert (high - low > 0.2) == ("test_set_too_small" in JUSTIFIED.get(name, []))
