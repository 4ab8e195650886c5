"""What the tests in a real browser share.

Every page ends with the same three questions: did it ask another host, did it complain on the console, and did anything
fail to load.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cli.development.chromium import BROWSERS
from tests.support.line import Line

pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

Browser = Any
Page = Any

CHROMIUM: Final = next(filter(None, map(shutil.which, BROWSERS)), None)
AXE: Final = Path(__file__).parents[1] / "web" / "axe" / "axe.min.js"
PATIENCE: Final = 30_000  # milliseconds

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt-get install chromium")


def watched(browser: Browser, line: Line, **options: Any) -> Iterator[Page]:  # noqa: ANN401  (the browser's options)
    """A page in a fresh context that must ask nobody else and complain of nothing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on("response", lambda found: troubles.append(f"{found.status} {found.url}") if found.status >= 400 else None)
    page.on("request", lambda request: None if request.url.startswith(line.cloud.url) else troubles.append(request.url))
    yield page
    context.close()
    assert troubles == [], troubles


def opened(page: Page, line: Line, path: str = "/api/") -> Page:
    """The page, once it has asked for the status."""
    page.goto(line.cloud.url + path)
    page.get_by_text("Updated at").wait_for()
    return page


def answered(browser: Browser, line: Line, scheme: str, width: int) -> Iterator[Page]:
    """The page in a color scheme and a width, with the answer to an empty form."""
    for page in watched(browser, line, color_scheme=scheme):
        page.set_viewport_size({"width": width, "height": 900})
        opened(page, line)
        page.get_by_role("button", name="Predict").click()
        page.wait_for_selector("#answer .figure")
        yield page


def text_of(page: Page, selector: str) -> str:
    """The text of a part of the page."""
    return str(page.locator(selector).inner_text())


def violations(page: Page) -> list[str]:
    """What axe finds: rule, and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
