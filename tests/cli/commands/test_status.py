"""``vintner status`` on a bucket of the simulated S3."""

import re

from tests.cli.conftest import TEST, told
from tests.support.stage import Stage


def test_status_tells_warnings_and_the_kinds_of_columns(tested: Stage) -> None:
    tested.put("data/slots/a.csv", TEST.replace("2026", "2025"))
    tested.ingest()
    tested.promote()
    text = told("status")
    assert "columns     1 number, 1 category, 1 date: see vintner schema\n" in text
    assert "            warning: column when: read as %d/%m/%Y; %m/%d/%Y would fit as well" in text
    assert "  data/slots/a.csv: warning: column when" in text


def test_status_says_how_production_does_on_what_arrives(tested: Stage) -> None:
    tested.put("data/slots/a.csv", TEST.replace("2026", "2025"))
    tested.ingest()
    tested.promote()
    tested.put("data/slots/b.csv", TEST.replace("2026", "2024"))
    tested.put("data/slots/c.csv", "".join(TEST.replace("2026", "2023").splitlines(keepends=True)[:9]))
    tested.ingest()
    text = told("status")
    assert re.search(r"            fresh: F1 \d\.\d{4} \(.*\) on 60 new rows of data/slots/b\.csv\n", text)
    assert "            fresh: data/slots/c.csv: too few new rows to score: 8 of 30\n" in text
    assert "candidate   trained" in text
    assert "            not judged yet: the promote function does it, hourly at the latest\n" in text
