"""Predict: rows in, predictions of the production model out. Imports no scientific package and unpickles nothing."""

from typing import Any

from shared.scorer.classifiers.probabilities import Probabilities
from shared.scorer.preprocessing import OutOfRange
from shared.scorer.scorer import Scorer
from shared.serving.fields import FieldError, InvalidFields
from shared.serving.production_cache import ProductionCache
from shared.serving.request_rows import RequestRows
from shared.serving.requests import parse_body
from shared.settings import UnknownFields

Answer = dict[str, Any]


def predict(cache: ProductionCache, body: bytes, media_type: str, unknown_fields: UnknownFields = "warn") -> Answer:
    """Answer one row with its prediction, or many rows with a list of them; with `warnings` where there are any.

    Raise NotServing, Malformed, or InvalidFields with every bad field.
    """
    production = cache.current()
    scorer = production.scorer
    rows = parse_body(body, media_type, scorer, unknown_fields)
    if rows.single:
        answer = _prediction(_answer(scorer, rows, 0), scorer)
    else:
        answers = [_prediction(_answer(scorer, rows, number), scorer) for number in range(len(rows.values))]
        answer = {"predictions": answers}
    answer["model_id"] = production.model_id
    if rows.warnings:
        answer["warnings"] = rows.warnings
    return answer


def explain(cache: ProductionCache, body: bytes, media_type: str, unknown_fields: UnknownFields = "warn") -> Answer:
    """Answer one row as `predict` does, with what each feature contributed to the answer.

    Raise what `predict` raises, InvalidFields also for a body that is not one row as an object.
    """
    production = cache.current()
    scorer = production.scorer
    rows = parse_body(body, media_type, scorer, unknown_fields)
    if not rows.single:
        expected = f"expected one row as a JSON object for explain=true, found a body for many, with {len(rows.values)}"
        raise InvalidFields([FieldError("", f"{expected}: ask for each row by itself, or without explain")])
    answer = _prediction(_answer(scorer, rows, 0), scorer)
    explained = scorer.explain(rows.values[0])
    answer["contributions"] = explained.contributions
    answer["explanation"] = {
        "class": scorer.classes[explained.label],
        "unit": scorer.terms.unit,
        "method": scorer.terms.method,
        "base": explained.base,
    }
    answer["model_id"] = production.model_id
    if rows.warnings:
        answer["warnings"] = rows.warnings
    return answer


def invoke(cache: ProductionCache, body: bytes, media_type: str, unknown_fields: UnknownFields = "warn") -> Answer:
    """Answer as model servers do: a list of plain predictions, also for one row. Raises what `predict` raises."""
    scorer = cache.current().scorer
    rows = parse_body(body, media_type, scorer, unknown_fields)
    answers = [_answer(scorer, rows, number) for number in range(len(rows.values))]
    warnings = {"warnings": rows.warnings} if rows.warnings else {}
    return {"predictions": [scorer.classes[index] for index, _ in answers], **warnings}


def _answer(scorer: Scorer, rows: RequestRows, number: int) -> tuple[int, Probabilities]:
    try:
        return scorer.answer(rows.values[number])
    except OutOfRange as error:
        pointer = rows.pointer(number, error.feature)
        detail = "expected a number nearer to the training data, found one too large for float32 after scaling"
        raise InvalidFields([FieldError(pointer, detail)]) from None


def _prediction(answer: tuple[int, Probabilities], scorer: Scorer) -> Answer:
    index, probabilities = answer
    return {
        "prediction": scorer.classes[index],
        "probability": probabilities[index],
        "probabilities": dict(zip(scorer.class_names, probabilities, strict=True)),
    }
