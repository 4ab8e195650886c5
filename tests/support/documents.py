"""Documents to test with: whole ones, of which a test names what it is about."""

from typing import Any, cast

from shared.documents import DecisionDocument, DecisionKind, ScoreDocument


def score_of(model_id: str, f1: float = 0.5, **more: Any) -> ScoreDocument:  # noqa: ANN401  (the fields' own types)
    """A model's score."""
    score: ScoreDocument = {
        "model_id": model_id,
        "f1": f1,
        "metrics": {"f1": f1},
        "test_fingerprint": "t" * 32,
        "test_rows": 30,
        "train_rows": 30,
        "lineage": [],
        "features": ["a", "b"],
        "classes": ["no", "yes"],
        "settings": {},
        "versions": {},
        "sha256": {"scorer.json": "sha"},
    }
    return cast("ScoreDocument", {**score, **more})


def decision_of(
    model_id: str,
    decision: DecisionKind = "promoted",
    *,
    write_id: str,
    generation: int = 0,
    **more: Any,  # noqa: ANN401  (the fields' own types)
) -> DecisionDocument:
    """A decision on a model."""
    made: DecisionDocument = {
        "model_id": model_id,
        "decision": decision,
        "candidate_score": 0.5,
        "production_score": None,
        "production_model_id": None,
        "test_fingerprint": "t" * 32,
        "rule": "better",
        "reason": "nothing was in production",
        "generation": generation,
        "write_id": write_id,
        "at": "2026-01-01T00:00:00.000Z",
    }
    return cast("DecisionDocument", {**made, **more})
