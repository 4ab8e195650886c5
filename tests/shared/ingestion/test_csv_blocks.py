"""A CSV read in blocks of rows is what it is when it is read at once."""

import io

import numpy as np
import pandas as pd
import pytest

from shared.formats.csv_dialect import open_csv
from shared.ingestion import csv_blocks
from shared.ingestion.csv_blocks import ColumnReader
from shared.ingestion.csv_reader import read_csv
from shared.settings import Settings

SETTINGS = Settings("bucket", "label")
BIG = 2**53 + 1

# Cells of a column, one for each row.
COLUMNS: dict[str, list[object]] = {
    "whole numbers": [1, 2, 3, 4, 5, 6],
    "numbers": [1, 2, 3, 4.5, 5, 6],
    "some are missing": [1, 2, "", "", "NA", 3],
    "all are missing": [""] * 6,
    "texts at the end": [1, 2, 3, 4, 5, "six"],
    "a text at the start": ["one", 2, 3, 4, 5, 6],
    "numbers that look like texts": ["007", 1, 2, 3, "x", "1e3"],
    "truth values": ["true", "False", "TRUE", "false", "True", "true"],
    "truth values and nothing": ["true", "", "NA", "false", "True", "true"],
    "truth values at the start": ["true", "false", "maybe", 1, 2, 3],
    "truth values, then numbers": ["true", "false", 1, 2, 3, 4],
    "large whole numbers": [BIG, 1, 2, 3, 4, BIG],
    "large whole numbers and fractions": [BIG, BIG + 2, 123456789012345678, 0.5, 1, 2],
    "beyond int64": [2**63 + 5, 1, 2, 3, 4, 5],
    "beyond int64, and negative": [2**63 + 5, 1, -1, 3, 4, 5],
    "beyond uint64": [2**64 + 5, 1, 2, 3, 4, 5],
    "infinite": ["inf", 1, 2, 3, 4, "-inf"],
    "quoted": ['"a,b"', '"two\nlines"', '"7"', 1, 2, 3],
    "with spaces": [" 1", " 2 ", "3", "4", " x", " "],
}


def text_of(cells: list[object]) -> bytes:
    rows = [f"{cell},{number / 7},{'ab'[number % 2]}" for number, cell in enumerate(cells)]
    return "\n".join(["c,d,label", *rows]).encode() + b"\n"


def at_once(body: bytes) -> pd.DataFrame:
    """The same by one call of pandas."""
    missing = {name: list(SETTINGS.missing) for name in "cd"}
    text = io.StringIO(body.decode(), newline="")
    more = {"dtype": {"label": str}, "na_values": missing, "keep_default_na": False, "low_memory": False}
    frame: pd.DataFrame = pd.read_csv(text, skipinitialspace=True, index_col=False, **more)  # type: ignore[call-overload]
    return frame


def parsed(body: bytes) -> pd.DataFrame:
    names = ["c", "d", "label"]
    return ColumnReader(open_csv(body, ["label"]), names, SETTINGS).read(names, ["label"])


@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize("cells", COLUMNS.values(), ids=COLUMNS)
def test_blocks_change_nothing(cells: list[object], rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = at_once(text_of(cells))
    monkeypatch.setattr(csv_blocks, "BLOCK_ROWS", rows)
    blocks = parsed(text_of(cells))
    for name in whole:
        ours, theirs = blocks[name].to_numpy(), whole[name].to_numpy()
        if theirs.dtype.kind in "iuf":
            assert np.asarray(ours, np.float64).tobytes() == np.asarray(theirs, np.float64).tobytes()
        else:
            assert [(type(cell) is bool, str(cell)) for cell in ours] == [
                (type(one) is bool, str(one)) for one in theirs
            ]


@pytest.mark.parametrize("cells", COLUMNS.values(), ids=COLUMNS)
def test_a_table_is_the_same_in_blocks(cells: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings("bucket", "label", max_bad_share=1.0)
    whole = read_csv(text_of(cells), settings)
    monkeypatch.setattr(csv_blocks, "BLOCK_ROWS", 2)
    blocks = read_csv(text_of(cells), settings)
    assert blocks.table.values.tobytes() == whole.table.values.tobytes()
    assert (blocks.table.vocabularies, blocks.left_out) == (whole.table.vocabularies, whole.left_out)
