"""The routes for people: the page, the API's description and its viewer, the model and the status behind the page.

The pages name everything they load and ask relative to their own folder, so that they work at a domain's root as well
as under a stage's prefix such as `/api/`.
"""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from chalice import Blueprint, Response

from chalicelib import openapi
from chalicelib.api import KEY, ORIGINS, answer
from chalicelib.cors import PREFLIGHTED_PAGES, allow_origins
from chalicelib.problems import problem
from chalicelib.runtime import production, reader, settings
from functions import status
from shared.errors import NotFound
from shared.scorer.scorer import Scorer
from shared.serving.production_cache import NotServing

pages = Blueprint(__name__)
allow_origins(pages, PREFLIGHTED_PAGES, ORIGINS)

STATIC: Final = Path(__file__).parent / "static"
ASSETS: Final = {
    Path(file).name: STATIC / file
    for file in (
        "chart.js",
        "contributions.js",
        "data.js",
        "docs.css",
        "docs.js",
        "dom.js",
        "fields.js",
        "form.js",
        "icon.svg",
        "lists.js",
        "page.css",
        "page.js",
        "quality.js",
        "sections.js",
        "swagger/swagger-ui-bundle.js",
        "swagger/swagger-ui.css",
        "uploads.js",
    )
}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@pages.route("/", methods=["GET"], api_key_required=KEY, name="page")
def page_route() -> Response:
    """The page."""
    return _page("page.html")


@pages.route("/docs", methods=["GET"], api_key_required=KEY, name="docs")
def docs_route() -> Response:
    """The API's description to read and to try out."""
    return _page("docs.html")


@pages.route("/openapi.json", methods=["GET"], api_key_required=KEY, name="openapi")
def openapi_route() -> Response:
    """The API, described from the production model's own features."""
    body = json.dumps(openapi.describe(_serving_scorer(), list(ASSETS), settings().unknown_fields))
    return Response(body, {"Content-Type": "application/json", "Cache-Control": "no-cache", **_SAFE})


@pages.route("/assets/{version}/{name}", methods=["GET"], api_key_required=KEY, name="assets")
def asset_route(version: str, name: str) -> Response:
    """A file that the pages load. Under the current version's address it never changes."""
    if name not in ASSETS:
        return problem(404, f"there is no asset {name!r}", headers=_SAFE)
    kept = _FOR_EVER if version == _version() else "no-cache"
    headers = {"Content-Type": _TYPES[ASSETS[name].suffix], "Cache-Control": kept, **_SAFE}
    return Response(_text(ASSETS[name]), headers)


@pages.route("/model", methods=["GET"], api_key_required=KEY, name="model")
def model_route() -> Response:
    """The production model."""
    return answer(lambda: status.model(reader(), production()))


@pages.route("/profile", methods=["GET"], api_key_required=KEY, name="profile")
def profile_route() -> Response:
    """The data of the production model, as the page draws them."""
    try:
        return answer(lambda: status.profile(reader(), production()))
    except NotFound as error:
        return problem(404, str(error))


@pages.route("/status", methods=["GET"], api_key_required=KEY, name="status")
def status_route() -> Response:
    """The current state of everything."""
    return answer(lambda: status.status(reader()))


def _serving_scorer() -> Scorer | None:
    try:
        return production().current().scorer
    except NotServing:
        return None


@cache
def _page(name: str) -> Response:
    """A page with the assets' current address; its inline script is allowed by its hash alone."""
    html = _text(STATIC / name).replace("{assets}", f"assets/{_version()}")
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    policy = _POLICY.format(scripts=scripts)
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", **_SAFE}
    return Response(html, {**headers, "Content-Security-Policy": policy})


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _version() -> str:
    """A name for the content of all assets."""
    digest = hashlib.sha256()
    for name, path in sorted(ASSETS.items()):
        digest.update(f"{name}\0{_text(path)}\0".encode())
    return digest.hexdigest()[:16]
