"""Predict: rows in, predictions of the production model out. Imports no scientific package and unpickles nothing."""

from typing import Any

from shared.bodies import FieldError, InvalidFields, Rows, parse_body
from shared.ensembles.answers import Probabilities
from shared.inputs import OutOfRange
from shared.production import Production, ProductionCache
from shared.scorer import Scorer

Answer = dict[str, Any]


def predict(cache: ProductionCache, body: bytes, media_type: str) -> Answer:
    """Answer one row with its prediction, or many rows with a list of them.

    Raise NotServing, Malformed, or InvalidFields with every bad field.
    """
    production = cache.current()
    rows = parse_body(body, media_type, production.scorer)
    answers = [_prediction(answer, production.scorer) for answer in _answers(production, rows)]
    if rows.single:
        answers[0]["model_id"] = production.model_id
        return answers[0]
    return {"predictions": answers, "model_id": production.model_id}


def invoke(cache: ProductionCache, body: bytes, media_type: str) -> Answer:
    """Answer as model servers do: a list of plain predictions, also for one row. Raises what `predict` raises."""
    production = cache.current()
    rows = parse_body(body, media_type, production.scorer)
    return {"predictions": [production.scorer.classes[index] for index, _ in _answers(production, rows)]}


def _answers(production: Production, rows: Rows) -> list[tuple[int, Probabilities]]:
    scorer = production.scorer
    answers = []
    for number, row in enumerate(rows.values):
        try:
            answers.append(scorer.answer(row))
        except OutOfRange as error:
            pointer = rows.pointer(number, error.feature)
            detail = "expected a number nearer to the training data, found one too large for float32 after scaling"
            raise InvalidFields([FieldError(pointer, detail)]) from None
    return answers


def _prediction(answer: tuple[int, Probabilities], scorer: Scorer) -> Answer:
    index, probabilities = answer
    return {
        "prediction": scorer.classes[index],
        "probability": probabilities[index],
        "probabilities": dict(zip(scorer.class_names, probabilities, strict=True)),
    }
