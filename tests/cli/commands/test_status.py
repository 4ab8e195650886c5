"""``vintner status`` on a bucket of the simulated S3."""

import json
import re
from typing import TYPE_CHECKING

from tests.cli.conftest import TEST, told
from tests.support.stage import Stage, model_id

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_every_command_says_where_a_model_is_now(tested: Stage) -> None:
    """The first model, a better one, a rollback, a release: the same sentence in status, explain and their JSON."""
    first, better = model_id(1), model_id(2)
    for name, f1 in ((first, 0.5), (better, 0.6)):
        tested.add_model(name, f1)
        tested.promote()
    held = "in production by a rollback; promotion is held: vintner release lets later candidates be judged"
    gone = f"withdrawn by a rollback; vintner rollback {better} brings it back"
    steps: list[tuple[Callable[[], object], dict[str, str]]] = [
        (
            lambda: None,
            {
                first: f"was in production until {better} took its place; vintner rollback {first} goes back to it",
                better: "in production: F1 0.6000 against 0.5000: better than production",
            },
        ),
        (lambda: told("rollback"), {first: held, better: gone}),
        (lambda: told("release"), {first: "in production by a rollback", better: gone}),
    ]
    for step, expected in steps:
        step()
        view = json.loads(told("status", "--json"))
        assert {one["model_id"]: one["standing"] for one in view["decisions"]} == expected
        for name, sentence in expected.items():
            assert sentence in told("status")
            assert told("explain", name).endswith(f"now: {sentence}\n")
            assert json.loads(told("explain", name, "--json"))["standing"] == sentence
