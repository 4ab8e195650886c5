"""``vintner status`` on a bucket of the simulated S3."""

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
