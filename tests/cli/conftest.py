"""A stage on a bucket of the simulated S3, for commands that run in this process; its functions are run by hand."""

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from cli.main import main
from shared.bucket.s3 import S3Store
from shared.settings import Settings
from tests.support.csv_tables import csv_text
from tests.support.stage import Stage

HEADER: Final = ["when", "pressure", "group", "label"]
ROWS: Final = [
    (f"{n % 12 + 1:02}/{n % 9 + 1:02}/2026", 0 if n % 8 == 0 else 60 + n % 31, "ab"[n % 2], "xz"[n * 7 % 11 > 4])
    for n in range(60)
]
TEST: Final = csv_text(HEADER, ROWS)
TEST_KEY: Final = "data/test/test.csv"


@pytest.fixture
def stage(store: S3Store, cloud: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    """A deployed stage whose bucket is the simulated S3's."""
    assert cloud
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text('{"app_name": "a", "stages": {"dev": {}}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VINTNER_BUCKET", store.bucket)
    monkeypatch.setenv("VINTNER_LABEL", "label")
    return Stage(store, Settings.from_environment())


@pytest.fixture
def tested(stage: Stage) -> Stage:
    """A stage with a test set that was read."""
    stage.put(TEST_KEY, TEST)
    stage.ingest()
    return stage


def told(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--stage", "dev"])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout
