"""A BentoML service of the same pipeline."""

import os
from pathlib import Path
from typing import Any

import bentoml
import joblib
import pandas as pd


@bentoml.service(workers=1)
class Classifier:
    """The pipeline behind one route."""

    def __init__(self) -> None:
        self._pipeline = joblib.load(Path(os.environ["MODEL"]))

    @bentoml.api
    def predict(self, row: dict[str, float]) -> dict[str, Any]:
        """The class of one row."""
        return {"prediction": self._pipeline.predict(pd.DataFrame([row])).tolist()[0]}
