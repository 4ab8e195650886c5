"""Scored models: a model's score and its scorer, read back from the bucket."""

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


def read_scorer(reader: Reader, model_id: str, expected_sha256: str) -> Scorer:
    """A model's scorer; raise NotFound, and Rejected when its bytes are not those that were scored."""
    key = keys.model_key(model_id, "scorer.json")
    body = reader.read(key).body
    if sha256(body) != expected_sha256:
        raise Rejected(
            f"{key}: expected the bytes that were scored ({expected_sha256[:12]}), found others; not used"
        )
    return Scorer.load(body, key)


def load_scorer(reader: Reader, score: ScoreDocument) -> Scorer:
    """The scorer of a scored model (its ``score.json``); raises what `read_scorer` raises."""
    return read_scorer(reader, score["model_id"], score["sha256"]["scorer.json"])
