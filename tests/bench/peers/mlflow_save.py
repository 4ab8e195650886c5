"""Save the pipeline in the form that ``mlflow models serve`` takes."""

import sys
from pathlib import Path

import joblib
import mlflow.sklearn

if __name__ == "__main__":
    model, saved = map(Path, sys.argv[1:])
    mlflow.sklearn.save_model(joblib.load(model), saved, serialization_format="cloudpickle")
