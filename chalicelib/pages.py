"""The routes for people: model, status."""

from chalice import Blueprint, Response

from chalicelib.api import answer
from chalicelib.runtime import production, reader
from functions import status

pages = Blueprint(__name__)


@pages.route("/model", methods=["GET"], name="model")
def model_route() -> Response:
    """The production model."""
    return answer(lambda: status.model(reader(), production()))


@pages.route("/status", methods=["GET"], name="status")
def status_route() -> Response:
    """Where everything stands."""
    return answer(lambda: status.status(reader()))
