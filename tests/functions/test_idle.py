"""A sweep that finds nothing to do loads nothing that reads or trains: it runs hourly, mostly from a cold start."""

import json
import subprocess
import sys

HEAVY = ("pandas", "sklearn", "scipy", "numpy", "joblib")
CODE = f"""
import json, sys
from functions import ingest_and_retrain, promote
from shared.settings import Settings
from tests.support.fake_store import FakeStore

store, settings = FakeStore(), Settings(bucket="vintner", label="label")
report = ingest_and_retrain.run(store, settings)
promote.run(store, settings)
print(json.dumps([report.candidate.state, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def test_an_idle_sweep_loads_no_scientific_package() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["waiting", []]
