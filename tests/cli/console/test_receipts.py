"""Receipts as a person reads them."""

import pytest

from cli.console.receipts import show_receipt
from shared.bucket import keys
from tests.cli.conftest import HEADER, ROWS
from tests.support.stage import Stage


def test_receipts_tell_how_a_file_was_read(tested: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [list(map(str, row)) for row in ROWS]
    rows[3][1] = rows[5][1] = "high"
    tested.put("data/slots/slot.csv", "\n".join(";".join(row) for row in [HEADER, *rows]).encode("utf-16"))
    for receipt in tested.ingest().receipts:
        show_receipt(receipt)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "accepted data/slots/slot.csv: 60 rows read, 58 kept, 58 new (UTF-16, semicolons)"
    assert lines[1] == "  line 5, column pressure: expected a finite number or nothing, found 'high'"
    assert lines[3] == "  warning: 2 of 60 rows cannot be used and are left out: see the reasons"


def test_a_receipt_of_the_schema_has_no_rows(tested: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    tested.put(keys.OVERRIDE, '{"columns": {"group": "unused"}}')
    show_receipt(next(one for one in tested.ingest().receipts if one["kind"] == "schema"))
    assert capsys.readouterr().out == "accepted data/schema.json: every upload is read again\n"
