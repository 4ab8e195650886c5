"""Scored models: a model's score and its scorer, read back from the bucket."""

from typing import Literal

from shared.bucket import keys
from shared.bucket.store import Reader, read_document
from shared.documents import ScoreDocument, sha256
from shared.errors import NotFound, Rejected
from shared.scorer.scorer import Scorer


def read_score(store: Reader, model_id: str) -> ScoreDocument | None:
    """A model's ``score.json``; None when there is no such scored model."""
    if not keys.is_model_id(model_id):
        return None
    try:
        return read_document(store, keys.model_key(model_id, "score.json"), ScoreDocument)
    except NotFound:
        return None


def outcome_of(reader: Reader, model_id: str) -> Literal["trained", "refused"] | None:
    """What became of a candidate; None while it has neither a score nor a refusal."""
    folder = keys.model_key(model_id, "")
    names = {entry.key.removeprefix(folder) for entry in reader.list(folder)}
    return "trained" if "score.json" in names else "refused" if "refused.json" in names else None


def read_scorer_body(reader: Reader, model_id: str, expected_sha256: str) -> bytes:
    """The bytes of a model's scorer; raise NotFound, and Rejected when they are not those that were scored."""
    key = keys.model_key(model_id, "scorer.json")
    body = reader.read(key).body
    if sha256(body) != expected_sha256:
        raise Rejected(f"{key}: expected the bytes that were scored ({expected_sha256[:12]}), found others; not used")
    return body


def read_scorer(reader: Reader, model_id: str, expected_sha256: str) -> Scorer:
    """A model's scorer; raises what `read_scorer_body` raises, and Rejected when it is damaged."""
    body = read_scorer_body(reader, model_id, expected_sha256)
    return Scorer.load(body, keys.model_key(model_id, "scorer.json"))


def load_scorer(reader: Reader, score: ScoreDocument) -> Scorer:
    """The scorer of a scored model (its ``score.json``); raises what `read_scorer` raises."""
    return read_scorer(reader, score["model_id"], score["sha256"]["scorer.json"])
