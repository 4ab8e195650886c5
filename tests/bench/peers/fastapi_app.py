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
    return {"prediction": pipeline.predict(_frame(row)).tolist()[0]}


@app.post("/answer")
def answer(row: Row) -> dict[str, Any]:  # type: ignore[valid-type]
    """The class of one row and the probability of each class, as the gateway answers."""
    frame = _frame(row)
    probabilities = pipeline.predict_proba(frame)[0].tolist()
    return {
        "prediction": pipeline.predict(frame).tolist()[0],
        "probability": max(probabilities),
        "probabilities": dict(zip(map(str, pipeline.classes_), probabilities, strict=True)),
    }


def _frame(row: BaseModel) -> pd.DataFrame:
    return pd.DataFrame([row.model_dump()])
