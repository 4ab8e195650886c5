"""Every table is boosted to the bytes that scikit-learn's own AdaBoost gives, so models keep their names."""

import pytest
from sklearn.ensemble import AdaBoostClassifier
from sklearn.pipeline import Pipeline

from shared.bucket.inventory import Inventory
from shared.ingestion.loading import load_dataset
from shared.tables.encoding import Encoding
from shared.training.pipelines import build_pipeline, export, fit
from shared.training.presorted_adaboost import PresortedAdaBoostClassifier
from tests.tables.catalogue import EVERY, table
from tests.tables.line import stage_of


def scikit_learns_own(encoding: Encoding) -> Pipeline:
    """The default pipeline with the AdaBoost of scikit-learn."""
    return build_pipeline(encoding).set_params(classifier=AdaBoostClassifier(random_state=42))


def scorers(name: str) -> tuple[bytes, bytes]:
    """The ``scorer.json`` that a table is trained to, and that of scikit-learn's own AdaBoost on the same rows."""
    stage = stage_of(table(name))
    [score] = stage.ingest().trained
    inventory = Inventory.take(stage.store, stage.settings)
    dataset = load_dataset(stage.store, inventory.sources("slot"), inventory, stage.settings)
    own = export(fit(dataset, build=scikit_learns_own), dataset, stage.settings)
    return stage.store.read(f"models/{score['model_id']}/scorer.json").body, own


@pytest.mark.parametrize("name", EVERY)
def test_every_table_gives_the_bytes_of_scikit_learns_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PresortedAdaBoostClassifier, "presort_from", 0)
    stored, own = scorers(name)
    assert stored == own
