"""The page of a model whose features are of every kind, in a real browser."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.support import mixed
from tests.support.browsing import Browser, Page, answered, needs_chromium, opened, text_of, violations, watched
from tests.support.line import Line, running_line

DRIFTED: Final = "data/slots/drifted.csv"
PLACES: Final = ["line 3, column since", "line 6, column member"]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A cloud with a model of every kind of feature, and a drifted slot."""
    with running_line(tmp_path_factory.mktemp("mixed") / "project", mixed.SETTINGS) as running:
        for key, body in mixed.uploads().items():
            running.put(key, body)
        running.follow(*mixed.uploads())
        running.upload(DRIFTED, mixed.drifted())
        yield running


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    for watched_page in watched(browser, line):
        yield opened(watched_page, line)


def fill(page: Page) -> None:
    """Type the row that `mixed` names into the form."""
    for name, value in mixed.ROW.items():
        if name == "member":
            page.get_by_label(name, exact=True).select_option("true")
        else:
            page.get_by_label(name, exact=True).fill(str(value))


def hint(page: Page, name: str) -> str:
    return text_of(page, f"#field-{mixed.FEATURES.index(name)}-hint")


def test_the_form_has_a_field_for_each_feature_by_its_kind(page: Page) -> None:
    page.get_by_label("height", exact=True).wait_for()
    names = page.locator("#fields label").all_inner_texts()
    assert names == list(mixed.FEATURES)
    options = page.get_by_label("member", exact=True).locator("option").all_inner_texts()
    assert options == ["missing", "true", "false"]
    known = page.locator("#field-4-known option").evaluate_all("found => found.map(option => option.value)")
    assert {"red", "blue", "Straße"} <= set(known)
    assert (hint(page, "since"), hint(page, "met")) == ("yyyy-mm-dd", "dd/mm/yyyy hh:mm")


def test_a_row_of_every_kind_is_answered(page: Page, line: Line) -> None:
    fill(page)
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector("#answer .figure")
    status, answer = line.ask("/predict", mixed.as_json(mixed.ROW))
    assert status == 200
    assert text_of(page, "#answer .figure") == answer["prediction"]
    assert f"{answer['probability']:.4f}" in text_of(page, "#answer")


def sent(page: Page) -> object:
    """What the form sends."""
    with page.expect_request("**/predict?explain=true") as asked:
        page.get_by_role("button", name="Predict").click()
    return asked.value.post_data_json


def test_a_value_is_sent_by_its_kind_and_null_where_nothing_was_typed(page: Page) -> None:
    assert sent(page) == dict.fromkeys(mixed.FEATURES)
    fill(page)
    assert sent(page) == {**mixed.ROW, "code": "3"}
    page.get_by_role("button", name="Clear").click()
    assert sent(page) == dict.fromkeys(mixed.FEATURES)


def test_a_category_says_what_it_will_be_taken_for(page: Page) -> None:
    said = []
    for text in ("red", "violet", "n/a", ""):
        page.get_by_label("colour", exact=True).fill(text)
        said.append(hint(page, "colour"))
    assert said == ["", "new to the model", "counts as missing", ""]


@pytest.mark.parametrize("text", ["tall", "0x10", "1,5"])
def test_the_form_names_a_field_that_is_no_number(page: Page, text: str) -> None:
    page.get_by_label("height", exact=True).fill(text)
    page.get_by_role("button", name="Predict").click()
    assert text_of(page, "#field-0-error") == f"Expected a number such as 0.5, found {text}"
    assert page.evaluate("document.activeElement.name") == "height"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [("since", "29 February", "2024-11-02"), ("met", "31/02/2024 10:00", "02/11/2024 15:04"), ("height", "1e39", "32")],
)
def test_the_servers_complaint_stands_at_its_field(
    browser: Browser, line: Line, name: str, text: str, expected: str
) -> None:
    context = browser.new_context()  # the browser itself notes each answer of 422 on the console
    page = opened(context.new_page(), line)
    field = page.get_by_label(name, exact=True)
    field.fill(text)
    field.press("Enter")
    page.wait_for_selector("#answer .note")
    error = text_of(page, f"#field-{mixed.FEATURES.index(name)}-error")
    focused = page.evaluate("document.activeElement.name")
    context.close()
    assert expected in error
    assert focused == name


def test_the_hint_is_true_of_every_kind(page: Page) -> None:
    page.get_by_label("height", exact=True).wait_for()
    said = text_of(page, "#fields-hint")
    assert "For a number or a date, the median of the training rows (shown in grey) is used." in said
    assert "A category or a truth value may be missing. A category may be new to the model." in said


def test_a_drifted_upload_shows_how_it_was_read_what_drifted_and_what_was_left_out(page: Page) -> None:
    receipt = page.locator("#receipts > li", has_text=DRIFTED)
    receipt.wait_for()
    drifted = receipt.locator(".drift tbody th").all_inner_texts()
    assert {"height", "colour"} <= set(drifted)
    assert "categories that the test set lacks: green" in receipt.locator(".warnings").inner_text()
    assert "distribut" not in receipt.locator(".warnings").inner_text()
    assert "Read as UTF-16, separated by semicolons" in receipt.inner_text()
    assert "60 rows read, 58 kept, 58 new" in receipt.inner_text()
    places = receipt.locator(".reasons .place").all_inner_texts()
    assert places == PLACES


def test_the_schema_is_an_upload_as_well(page: Page) -> None:
    receipt = page.locator("#receipts > li", has_text="data/schema.json")
    assert "schema of the columns, " in receipt.inner_text()
    assert "row" not in receipt.inner_text()


def test_the_columns_of_the_model_are_told(page: Page) -> None:
    page.get_by_text("7 columns, 6 features").click()
    lines = page.locator("#quality .facts-table tbody tr").all_inner_texts()
    told = dict(line.split("\t", 1) for line in lines)
    assert told["height"] == "number\tmissing: -1; as data/schema.json says"
    assert told["met"] == "date\t%d/%m/%Y %H:%M"
    assert told["remark"].startswith("unused\ttext that hardly repeats")
    assert "remark" not in page.locator("#fields label").all_inner_texts()


def test_what_was_typed_stays_when_the_model_changes(page: Page, line: Line) -> None:
    fill(page)
    before = page.get_by_label("height", exact=True).get_attribute("placeholder")
    line.upload("data/slots/more.csv", mixed.table(mixed.rows(3, 300)))
    page.wait_for_function("before => document.getElementById('field-0').placeholder !== before", arg=before)
    values = page.locator("#fields :is(input, select)").evaluate_all("found => found.map(field => field.value)")
    assert values == ["1.5", "2024-02-29", "02/11/2024 15:04", "true", "red", "3"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_accessible_and_fits(browser: Browser, line: Line, scheme: str, width: int) -> None:
    for page in answered(browser, line, scheme, width):
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
