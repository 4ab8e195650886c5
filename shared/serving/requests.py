"""Request bodies: one row or many, as JSON, as MLflow's spellings of it, or as CSV; every bad field is named."""

from shared.scorer.scorer import Scorer
from shared.serving.csv_rows import read_csv
from shared.serving.fields import Malformed
from shared.serving.json_codec import parse_json
from shared.serving.json_rows import read_document, top_level
from shared.serving.request_rows import RequestRows, fast_values
from shared.settings import UnknownFields


def parse_body(body: bytes, media_type: str, scorer: Scorer, unknown_fields: UnknownFields = "warn") -> RequestRows:
    """Read a body for a model. Raise Malformed, or InvalidFields with every bad field.

    `media_type` is ``application/json``, or ``text/csv``, perhaps with a charset.
    """
    if media_type.startswith("text/csv"):
        return read_csv(body, scorer, unknown_fields, _charset(media_type))
    try:
        document = parse_json(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"expected a JSON object, found {_shown(body)} ({error})") from None
    if (values := fast_values(document, scorer)) is not None:
        return RequestRows((values,), True, top_level)
    return read_document(document, scorer, unknown_fields)


def _charset(media_type: str) -> str:
    """The charset that a media type names, by the rules of MIME (RFC 2045); empty where it names none."""
    if ";" not in media_type:
        return ""
    from email.message import Message  # noqa: PLC0415  (a cold start does without it)

    message = Message()
    message["Content-Type"] = media_type
    return message.get_content_charset("")


def _shown(body: bytes) -> str:
    return repr(body[:40].decode("utf-8", "replace")) + ("..." if len(body) > 40 else "")
