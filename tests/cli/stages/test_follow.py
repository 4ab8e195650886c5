"""An upload and its candidate, followed by the documents of the bucket."""

from cli.stages.follow import Followed, follow
from shared.bucket import keys
from tests.cli.conftest import TEST, TEST_KEY
from tests.support.stage import Stage


def test_an_old_receipt_is_no_answer_while_the_schema_changes(tested: Stage) -> None:
    uploads = ["data/slots/a.csv", TEST_KEY]
    tested.put(uploads[0], TEST.replace("2026", "2025"))
    tested.ingest()
    before = list(tested.receipts().values())
    tested.put(keys.OVERRIDE, '{"columns": {"group": "unused"}}')
    *steps, last = follow(tested.store, tested.settings, uploads, seconds=60, pause=lambda _: _work(tested))
    receipts = [step.receipt for step in steps if step.receipt]
    assert [receipt["upload"] for receipt in receipts] == uploads
    assert [receipt for receipt in receipts if receipt in before] == []
    assert last.score is not None
    assert last.score["schema"][2] == {"name": "group", "kind": "unused", "why": "data/schema.json"}


def _work(stage: Stage) -> None:
    stage.ingest()
    stage.promote()


def test_the_candidate_alone_can_be_followed(tested: Stage) -> None:
    assert list(follow(tested.store, tested.settings, [], seconds=1)) == [
        Followed(reason="no slot yet: upload one to data/slots/")
    ]
