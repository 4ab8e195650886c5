"""The usual way to serve a scikit-learn pipeline: FastAPI, a pydantic model, joblib, a DataFrame of one row."""

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, create_model

pipeline = joblib.load(Path(os.environ["MODEL"]))
FIELDS: dict[str, Any] = {str(name): (float, ...) for name in pipeline.feature_names_in_}
Row: type[BaseModel] = create_model("Row", **FIELDS)
app = FastAPI()


@app.post("/predict")
def predict(row: Row) -> dict[str, Any]:  # type: ignore[valid-type]
    """The class of one row."""
    frame = pd.DataFrame([row.model_dump()])  # type: ignore[attr-defined]
    return {"prediction": pipeline.predict(frame).tolist()[0]}
