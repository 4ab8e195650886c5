"""The pages in a real browser, on a running simulated cloud."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.browsing import Browser, Page, answered, needs_chromium, opened, text_of, violations, watched
from tests.support.line import Line, running_line
from tests.support.stage import csv_of, sample

SETTINGS: Final = {"VINTNER_LABEL": "label", "VINTNER_POSITIVE": "== yes", "VINTNER_REFRESH_SECONDS": "0"}
HOSTILE: Final = "data/slots/<img src=x onerror=alert(1)>.csv"

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A cloud with a model in production, rejected uploads and one with a hostile name."""
    with running_line(tmp_path_factory.mktemp("full") / "project", SETTINGS) as running:
        running.upload("data/test/test.csv", sample(1000, noise=0.0))
        running.upload("data/slots/first.csv", sample(1))
        running.upload(HOSTILE, sample(2))
        bad = csv_of([(1, 2, "yes"), ("tall", 2, "no"), (3, "wide", "yes")], ("a", "<b>b</b>", "label"))
        running.upload("data/slots/bad.csv", bad.replace("<b>b</b>", "b"))
        yield running


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    yield from watched(browser, line)


@pytest.mark.parametrize("path", ["/", "/api/"])
def test_the_page_shows_what_is_in_production(page: Page, line: Line, path: str) -> None:
    opened(page, line, path)
    production = text_of(page, "#production")
    assert f"{line.pointer().score:.4f}" in production
    assert line.pointer().model_id in production
    assert "30 test rows" in production
    assert "Confusion matrix" in text_of(page, "#quality")
    assert "promoted" in text_of(page, "#decisions")
    assert page.locator("#canvas circle.promoted").count() >= 1


def test_the_page_draws_how_far_a_score_can_be_trusted(page: Page, line: Line) -> None:
    opened(page, line)
    score = line.document(f"models/{line.pointer().model_id}/score.json")
    low, high = (f"{bound:.4f}" for bound in score["interval"])
    assert f"95 % interval {low} to {high}" in text_of(page, "#production")
    drawn = page.locator("#production .scale svg").get_attribute("aria-label")
    assert (
        drawn == f"F1 {score['f1']:.4f}, between {low} and {high}; the best constant answer has {score['baseline']:.4f}"
    )
    assert all(warning["text"] in text_of(page, "#production") for warning in score["sanity"])
    assert page.locator("#canvas path.interval").count() == page.locator("#canvas circle").count() > 0


def test_the_page_draws_the_data_of_production(page: Page, line: Line) -> None:
    opened(page, line)
    status, profile = line.ask("/profile")
    assert (status, profile["model_id"]) == (200, line.pointer().model_id)
    assert "Each column in 30 training rows" in text_of(page, "#data")
    drawn = page.locator("#data svg.histogram")
    labels = [one.get_attribute("aria-label") for one in drawn.all()]
    assert labels == [f"Distribution of {column['name']}" for column in profile["columns"]]
    bars = sum(len(column["train"]) for column in profile["columns"])
    assert page.locator("#data svg.histogram rect").count() == bars
    assert [row.inner_text().split("\t")[0] for row in page.locator("#data tbody tr").all()][:2] == [
        "Training rows",
        "Test set",
    ]


def test_the_page_shows_how_production_does_on_what_arrives(page: Page, line: Line) -> None:
    opened(page, line)
    fresh = line.ask("/status")[1]["production"]["fresh"]
    text = text_of(page, "#production")
    assert fresh
    assert "On slots that arrived since" in text
    assert all(f"{one['f1']:.4f}" in text for one in fresh if one["f1"] is not None)


def test_the_form_draws_what_speaks_for_an_answer(page: Page, line: Line) -> None:
    opened(page, line)
    page.get_by_label("a", exact=True).fill("4.25")
    with page.expect_response(lambda response: "/predict" in response.url) as asked:
        page.get_by_role("button", name="Predict").click()
    answer = asked.value.json()
    page.wait_for_selector("#answer .bar.both")
    ranked = sorted(answer["contributions"].items(), key=lambda item: -abs(item[1]))
    shown = page.locator("#answer dl.bars").last.locator("div").all_inner_texts()
    expected = [f"{name}{' (missing)' if name == 'b' else ''} {value:+.3f}" for name, value in ranked]
    assert [" ".join(text.split()) for text in shown] == [text.replace("-", "\u2212") for text in expected]
    fills = page.locator("#answer .bar.both .fill").all()
    assert [fill.get_attribute("class") == "fill against" for fill in fills] == [value < 0 for _, value in ranked]
    assert f"{answer['explanation']['base']:+.3f}".replace("-", "\u2212") in text_of(page, "#answer")


def test_the_page_says_from_where_on_the_positive_class_is_the_answer(page: Page, line: Line) -> None:
    opened(page, line)
    score = line.document(f"models/{line.pointer().model_id}/score.json")
    assert f"true from a probability of {score['threshold']:g} on" in text_of(page, "#production")


def test_a_rejected_upload_shows_each_reason_with_its_place(page: Page, line: Line) -> None:
    opened(page, line)
    reasons = page.locator("#receipts > li", has_text="data/slots/bad.csv").locator(".reasons li")
    assert [text.split("\n")[0] for text in reasons.all_inner_texts()] == [
        "whole upload",
        "line 3, column a",
        "line 4, column b",
    ]


def test_a_hostile_key_is_only_text(page: Page, line: Line) -> None:
    opened(page, line)
    assert HOSTILE in text_of(page, "#receipts")
    assert page.locator("img").count() == 0


def test_an_upload_appears_without_a_reload_and_disturbs_nobody(page: Page, line: Line) -> None:
    opened(page, line)
    page.evaluate("window.same = true")
    page.get_by_label("a", exact=True).fill("4.25")
    line.upload("data/slots/later.csv", sample(3))
    page.wait_for_selector("#receipts >> text=data/slots/later.csv")
    assert page.evaluate("window.same") is True
    assert page.evaluate("document.activeElement.name") == "a"
    assert page.get_by_label("a", exact=True).input_value() == "4.25"


def test_the_form_asks_the_model(page: Page, line: Line) -> None:
    opened(page, line)
    page.get_by_label("a", exact=True).fill("4")
    page.get_by_label("b", exact=True).fill("4")
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector("#answer .figure")
    answer = line.ask("/predict", b'{"a": 4, "b": 4}')[1]
    assert text_of(page, "#answer .figure") == str(answer["prediction"]).lower()
    assert f"{answer['probability']:.4f}" in text_of(page, "#answer")
    assert " ms" in text_of(page, "#answer")


def test_the_form_names_a_field_that_is_no_number(page: Page, line: Line) -> None:
    opened(page, line)
    field = page.get_by_label("b", exact=True)
    field.fill("wide")
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert "wide" in text_of(page, "#field-1-error")
    assert page.evaluate("document.activeElement.name") == "b"


def test_the_servers_complaint_stands_at_its_field(browser: Browser, line: Line) -> None:
    context = browser.new_context()
    page = opened(context.new_page(), line)
    page.get_by_label("a", exact=True).fill("1e39")
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector("#answer .note")
    assert "float32" in text_of(page, "#field-0-error")
    context.close()


def test_everything_can_be_done_from_the_keyboard(page: Page, line: Line) -> None:
    opened(page, line)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "canvas":
            break
    page.keyboard.press("Home")
    assert page.locator("#canvas").get_attribute("aria-valuenow") == "1"
    assert "nothing was in production" in text_of(page, "#readout").lower()
    page.keyboard.press("Tab")
    page.keyboard.type("-4")
    page.keyboard.press("Tab")
    page.keyboard.type("-4")
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer .figure")
    assert text_of(page, "#answer .figure") == "false"


def test_a_hidden_page_asks_nothing(page: Page, line: Line) -> None:
    opened(page, line)
    asked: list[str] = []
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3500)
    assert asked == []
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)
    assert asked[0].endswith("/api/status")


def test_a_path_without_its_slash_works(page: Page, line: Line) -> None:
    def as_api_gateway(route: Any) -> None:  # noqa: ANN401  (the browser has no types here)
        route.fulfill(response=route.fetch(url=line.cloud.url + "/api/"))

    page.route(line.cloud.url + "/api?from=mail", as_api_gateway)
    page.goto(line.cloud.url + "/api?from=mail#uploads")
    page.wait_for_url(line.cloud.url + "/api/?from=mail#uploads")
    page.wait_for_selector("#production .score")


@pytest.mark.parametrize("path", ["/docs", "/api/docs", "/api/docs/"])
def test_the_viewer_tries_a_request(page: Page, line: Line, path: str) -> None:
    page.goto(line.cloud.url + path)
    page.locator("#operations-predictions-predict .opblock-summary-control").click()
    page.locator("#operations-predictions-predict .execute").click()
    live = page.locator("#operations-predictions-predict .live-responses-table .response").first
    live.wait_for()
    assert "200" in live.inner_text()
    assert line.pointer().model_id in live.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_accessible_and_fits(browser: Browser, line: Line, scheme: str, width: int) -> None:
    for page in answered(browser, line, scheme, width):
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_empty_stage_says_what_to_do_until_it_serves(browser: Browser, tmp_path: Path) -> None:
    with running_line(tmp_path / "project", SETTINGS) as line:
        for page in watched(browser, line):
            opened(page, line)
            assert "Upload a test set" in text_of(page, "#production")
            assert page.locator("#form").is_hidden()
            assert violations(page) == []
            line.upload("data/slots/slot.csv", sample(1))
            page.wait_for_selector("#candidate >> text=no test set yet")
            line.upload("data/test/test.csv", sample(1000, noise=0.0))
            page.wait_for_selector("#production .score")
            page.get_by_label("a", exact=True).wait_for()


def test_a_server_that_fails_is_told_and_recovered_from(browser: Browser, line: Line) -> None:
    context = browser.new_context()
    page = opened(context.new_page(), line)
    page.route("**/status", lambda route: route.fulfill(status=503, body="{}"))
    page.get_by_text("does not answer properly").wait_for()
    assert page.locator("#production .score").is_visible()
    page.unroute("**/status")
    page.get_by_text("does not answer properly").wait_for(state="hidden")
    context.close()
