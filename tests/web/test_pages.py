"""The pages and what they load: headers, the allow-list, and nothing from outside."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from chalicelib.pages import ASSETS, STATIC
from tests.web.conftest import Site

PAGES = {"/": STATIC / "page.html", "/docs": STATIC / "docs.html"}
OWN = [path for path in [*PAGES.values(), *ASSETS.values()] if path.parent == STATIC]
LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|Function\("
)
ADDRESS = re.compile(r"""(?:https?:|wss?:)?//[\w-]+[.:][\w./-]+""")
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def assets_of(site: Site, page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(assets/[^"]+)"', site.ask(page).body)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_strict_policy(site: Site, page: str) -> None:
    answer = site.ask(page)
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    policy = {name: value for name, _, value in parts}
    scripts = policy.pop("script-src").split()
    inline = re.findall(r"<script>(.*?)</script>", answer.body, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    assert scripts == ["'self'", *(f"'sha256-{found}'" for found in hashes)]
    assert policy == POLICY


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_headers(site: Site, page: str) -> None:
    answer = site.ask(page)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there_and_kept_for_ever(site: Site, page: str) -> None:
    found = assets_of(site, page)
    assert len(found) >= 4
    for asset in found:
        answer = site.ask(f"/{asset}")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_before_the_address_is_right(site: Site, page: str) -> None:
    script, end, markup = site.ask(page).body.partition("</script>")
    assert end
    for part in (script.partition("<script>")[0], markup):
        assert not re.search(r"<(?:script|link|img|style)\b", part)


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_is_sent_as_it_is_kept(site: Site, name: str) -> None:
    answer = site.ask(f"/assets/any/{name}")
    assert answer.body == ASSETS[name].read_text(encoding="utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(json.dumps({"body": answer.body})) < LAMBDA_ANSWER_BYTES


@pytest.mark.parametrize(
    "name",
    ["page.html", "openapi.json", "..", "%2e%2e%2fpages.py", "..%2f..%2fapp.py", "page.css%00", "LICENSE", "PAGE.CSS"],
)
def test_nothing_else_is_an_asset(site: Site, name: str) -> None:
    answer = site.ask(f"/assets/any/{name}")
    assert answer.status == 404
    assert answer.media_type == "application/problem+json"


def test_every_kept_file_has_a_use() -> None:
    read = {*ASSETS.values(), *PAGES.values(), STATIC / "openapi.json"}
    beside = {"README.md", "LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"}
    assert {path for path in STATIC.rglob("*") if path.is_file() and path.name not in beside} == read


@pytest.mark.parametrize("path", [path for path in OWN if path.suffix == ".js"], ids=lambda path: path.name)
def test_a_script_makes_no_markup_from_text(path: Path) -> None:
    assert not MARKUP.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_names_an_address_outside(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not ADDRESS.findall(text)


@pytest.mark.parametrize("path", PAGES.values(), ids=lambda path: path.name)
def test_every_reference_of_a_page_is_relative(path: Path) -> None:
    references = re.findall(r'(?:href|src|action)="([^"]*)"', path.read_text(encoding="utf-8"))
    assert references
    assert not [one for one in references if one.startswith("/") or ":" in one]


def test_the_viewer_is_the_recorded_version() -> None:
    folder = STATIC / "swagger"
    recorded = dict(re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", (folder / "README.md").read_text()))
    assert recorded == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("swagger-ui-bundle.js", "swagger-ui.css")
    }


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed: the syntax of the scripts is not checked")
@pytest.mark.parametrize("path", [path for path in OWN if path.suffix == ".js"], ids=lambda path: path.name)
def test_a_script_can_be_parsed(path: Path) -> None:
    with path.open() as script:
        subprocess.run(["node", "--check", "--input-type=module"], stdin=script, check=True, timeout=60)
