"""The HTTP routes of the API function."""

from collections.abc import Callable, Mapping
from typing import Final

from chalice import Blueprint, Response
from chalice.app import Request

from chalicelib.access_log import access
from chalicelib.cors import PREFLIGHTED, allow_origins, allowed_origins, with_origins
from chalicelib.payload import check_answer, check_request
from chalicelib.problems import FORM_TYPE, MEDIA_TYPES, Unsupported, as_problem
from chalicelib.runtime import production, settings
from chalicelib.usage_plan import Gate
from functions import predict
from shared.documents import Document
from shared.errors import VintnerError
from shared.serving.fields import FieldError, InvalidFields, short
from shared.serving.json_codec import json_text
from shared.serving.production_cache import ProductionCache
from shared.settings import UnknownFields

api = Blueprint(__name__)
api.register_middleware(access, "http")

ORIGINS: Final = allowed_origins()
allow_origins(api, PREFLIGHTED, ORIGINS)
if ORIGINS:
    api.register_middleware(with_origins(ORIGINS), "http")

KEY: Final = Gate.from_environment().api_key
_JSON: Final = {"Content-Type": "application/json"}


def answer(make: Callable[[], Mapping[str, object]]) -> Response:
    """A JSON answer, or the problem document of what prevented it."""
    try:
        return Response(json_text(make()), _JSON)
    except VintnerError as error:
        return as_problem(error)


def _ask(ask: Callable[[ProductionCache, bytes, str, UnknownFields], Document]) -> Response:
    try:
        predicted = ask(production(), *_asked(api.current_request), settings().unknown_fields)
        text = json_text(predicted)
        check_answer(predicted, text)
        return Response(text, _JSON)
    except VintnerError as error:
        return as_problem(error)


def _asked(request: Request) -> tuple[bytes, str]:
    """The body and its media type, that of a CSV with its charset."""
    content_type = request.headers.get("content-type", MEDIA_TYPES[0])
    media_type = content_type.partition(";")[0].strip().lower()
    body = request.raw_body
    if media_type == FORM_TYPE and body.lstrip().startswith(b"{"):
        media_type = MEDIA_TYPES[0]  # what curl -d says of any body; no form begins so
    if media_type not in MEDIA_TYPES:
        raise Unsupported(content_type)
    is_csv = media_type == "text/csv"
    check_request(body, is_binary=is_csv)
    return body, content_type.strip().lower() if is_csv else media_type


def _predict(cache: ProductionCache, body: bytes, media_type: str, unknown_fields: UnknownFields) -> Document:
    query = api.current_request.query_params
    ask = predict.explain if query and _is_explained(query) else predict.predict
    return ask(cache, body, media_type, unknown_fields)


def _is_explained(query: Mapping[str, str]) -> bool:
    value = query.get("explain", "false")
    if value not in {"true", "false"}:
        expected = "expected explain=true or explain=false in the query"
        raise InvalidFields([FieldError("", f"{expected}, found {short(value)}")])
    return value == "true"


# The media type is checked above: Chalice's own check takes a tenth of the time of a prediction.
@api.route("/predict", methods=["POST"], content_types=[], api_key_required=KEY, name="predict")
def predict_route() -> Response:
    """One prediction for one row, or a list of them for many."""
    return _ask(_predict)


@api.route("/invocations", methods=["POST"], content_types=[], api_key_required=KEY, name="invocations")
def invocations_route() -> Response:
    """Plain predictions, under the name that model servers' clients call."""
    return _ask(predict.invoke)


@api.route("/ping", methods=["GET"], name="ping")
@api.route("/health", methods=["GET"], name="health")
def health_route() -> Response:
    """Whether there is a model that answers."""
    return answer(lambda: {"status": "ok", "model_id": production().current().model_id})
