"""The inside of the page in a real browser, over fakes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.child import ChildStatus
from tests.app.conftest import PASSWORD, ServedPage
from tests.app.fakes import event, prediction
from tests.app.test_browser import CHROMIUM, FLAGS, SIZES, open_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; install the package chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    width, height = SIZES["desktop"]
    made = browser.new_context(viewport={"width": width, "height": height})
    yield made
    made.close()


@pytest.fixture
def tab(context: BrowserContext, page: ServedPage) -> Page:
    return open_page(context, page)


def _shot(tab: Page, name: str, folder: Path) -> None:
    at = Path(os.environ.get("ANYMOVE_SCREENSHOTS", folder))
    at.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=at / f"{name}.png")


def test_a_caption_is_explained_in_one_tap(tab: Page, page: ServedPage, tmp_path: Path) -> None:
    page.state.on_prediction(prediction(*page.engine.actions()))
    tab.get_by_role("button", name="Why?").click()
    dialog = tab.get_by_role("dialog", name="Inside")
    expect(dialog.get_by_role("status").first).to_have_text(
        "“wave” comes from the right wrist, the right elbow, and the right shoulder."
        " It is ahead of “squat”."
    )
    assert page.engine.inside.explained == [("a1", "camera", 0)]
    # The larger a joint, the more it says: not by colour alone.
    wrist, knee = (dialog.locator(f"circle[data-joint='{joint}']") for joint in (10, 13))
    assert float(wrist.get_attribute("r") or 0) > float(knee.get_attribute("r") or 0)
    # A person who faces us has the right hand on our left.
    assert float(wrist.get_attribute("cx") or 0) < 0
    expect(dialog.get_by_role("img", name="The window's time")).to_have_attribute(
        "aria-label", "The window's time: most of it lies 0.9\u2009s before the caption"
    )
    _shot(tab, "inside-why", tmp_path)
    page.engine.inside.unseen = True
    dialog.get_by_role("button", name="Explain what is done now").click()
    expect(dialog.get_by_role("status").first).to_contain_text("step into the picture")
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.get_by_role("button", name="Why?")).to_be_focused()
    assert tab.problems == []  # type: ignore[attr-defined]


def test_tabs_are_walked_by_keyboard(tab: Page, page: ServedPage, tmp_path: Path) -> None:
    tab.get_by_role("button", name="Inside").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("tab", name="Why this caption")).to_be_focused()
    tab.keyboard.press("ArrowRight")
    shown = tab.get_by_role("tabpanel", name="Map")
    expect(shown).to_contain_text("These two dimensions show 62 % of what tells the actions apart.")
    expect(shown.locator("text")).to_have_text(["wave", "squat", "bow"])
    _shot(tab, "inside-map", tmp_path)
    tab.keyboard.press("ArrowRight")
    shown = tab.get_by_role("tabpanel", name="How alike")
    expect(shown).to_contain_text("Most alike:")
    expect(shown.get_by_role("rowheader")).to_have_text(["wave", "squat", "bow"])
    expect(shown.get_by_role("cell").filter(has_text="-0.50")).to_have_count(6)
    _shot(tab, "inside-alike", tmp_path)
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("ArrowLeft")
    expect(tab.get_by_role("tab", name="Stages")).to_be_focused()
    shown = tab.get_by_role("tabpanel", name="Stages")
    expect(shown.get_by_role("row").filter(has_text="through the encoder")).to_contain_text("2.6")
    expect(shown).to_contain_text("windows recognized")
    _shot(tab, "inside-stages", tmp_path)


def test_the_last_minutes_are_looked_at_again(tab: Page, page: ServedPage, tmp_path: Path) -> None:
    tab.get_by_role("button", name="Inside").click()
    tab.get_by_role("tab", name="Second look").click()
    shown = tab.get_by_role("tabpanel", name="Second look")
    field = shown.get_by_label("An action to look for")
    expect(field).to_be_focused()
    field.fill("climb a ladder")
    tab.keyboard.press("Enter")
    expect(shown).to_contain_text("“climb a ladder” would have been named once in 2800 moments")
    expect(shown.get_by_role("listitem")).to_have_text("72\u2009s ago for 3.1\u2009s, at most 81\u2009%")
    _shot(tab, "inside-look", tmp_path)
    field.fill("nothing")
    tab.keyboard.press("Enter")
    expect(shown).to_contain_text("would not have been named")
    expect(shown.get_by_role("listitem")).to_have_count(0)
    assert len(page.engine.actions()) == 3


def test_balance_learning_and_marks(tab: Page, page: ServedPage, tmp_path: Path) -> None:
    page.engine.show_example("a2")
    tab.get_by_role("button", name="Inside").click()
    tab.get_by_role("tab", name="Tuning").click()
    shown = tab.get_by_role("tabpanel", name="Tuning")
    expect(shown).to_contain_text("Neither is favoured.")
    slider = shown.get_by_role("slider")
    slider.focus()
    tab.keyboard.press("End")
    expect(shown).to_contain_text("Typed actions are favoured")
    expect(shown).to_contain_text("The balance is kept.")
    assert page.engine.inside.tuning().tuning.balance == 1.0
    learns = shown.get_by_role("checkbox", name="Learn by itself")
    expect(learns).to_be_checked()
    with tab.expect_response("**/bank/freeze"):
        learns.press("Space")
    assert page.engine.frozen
    shown.get_by_role("button", name="Mark now").click()
    expect(shown.get_by_role("listitem")).to_have_count(2)
    _shot(tab, "inside-tuning", tmp_path)
    shown.get_by_role("button", name="Go back to before “show a2”").click()
    expect(shown.get_by_role("listitem")).to_have_text(["Nothing has been taught yet."])
    assert page.engine.taught == []
    expect(shown).to_contain_text("What was taught is as it was before “show a2”.")
    tab.reload()
    tab.get_by_role("button", name="Inside").click(timeout=30_000)
    tab.get_by_role("tab", name="Tuning").click()
    expect(shown).to_contain_text("Typed actions are favoured")


def test_an_action_has_its_own_threshold(tab: Page, page: ServedPage, tmp_path: Path) -> None:
    tab.get_by_role("button", name="Change squat").click()
    sheet = tab.get_by_role("dialog", name="squat")
    slider = sheet.get_by_role("slider")
    expect(sheet.locator("output")).to_have_text("55\u2009%")
    slider.focus()
    tab.keyboard.press("End")
    expect(sheet.locator("output")).to_have_text("95\u2009%")
    _shot(tab, "sheet", tmp_path)
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    assert dict(page.engine.inside.tuning().tuning.thresholds) == {"a2": 0.95}
    tab.get_by_role("button", name="Change squat").click()
    expect(sheet.locator("output")).to_have_text("95\u2009%")
    sheet.get_by_role("button", name="Standard").click()
    expect(sheet.locator("output")).to_have_text("55\u2009%")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    assert dict(page.engine.inside.tuning().tuning.thresholds) == {}


def test_everybody_has_a_strip_of_the_timeline(tab: Page, page: ServedPage) -> None:
    page.state.on_event(event("wave", event_id="e1", phase="offset", began_ms=9000, lasted_ms=3000))
    lanes = tab.locator("[data-role=timeline] .am-lane")
    expect(lanes).to_have_count(1)
    expect(tab.locator("[data-role=events] li")).not_to_contain_text("person")
    page.state.on_event(event("bow", event_id="e2", track=2))
    expect(lanes).to_have_count(2)
    expect(lanes.last).to_have_attribute("data-person", "person 3")
    expect(lanes.last.locator("i")).to_have_attribute("title", "bow")
    expect(tab.locator("[data-role=events] li").first).to_contain_text("person 3")


def test_receivers_and_a_failed_encoder_are_said_in_plain_words(tab: Page, page: ServedPage) -> None:
    page.outward[:] = [
        {"label": "mqtt", "state": "waiting", "detail": "wanted to deliver, got no connection"}
    ]
    page.post_status()
    item = tab.locator("[data-role=health] li").filter(has_text="mqtt not reached")
    expect(item).to_have_attribute("title", "wanted to deliver, got no connection")
    page.vitals.on_engine({"backend_failure": "the driver has gone"})
    page.post_status()
    expect(tab.get_by_role("alert").filter(has_text="the driver has gone")).to_contain_text("slower")
    page.set_process(ChildStatus("engine", "ready"))
    page.outward[:] = [{"label": "mqtt", "state": "ready", "detail": "3 events delivered, 0 lost"}]
    page.vitals.on_engine({"backend_failure": None})
    page.post_status()
    expect(tab.locator("[data-role=health] li").last).to_have_text("mqtt")
    expect(tab.locator("[data-role=notice]")).to_be_hidden()


@pytest.mark.protected
def test_a_visitor_is_asked_for_the_password_before_touching(tab: Page, page: ServedPage) -> None:
    expect(tab.get_by_role("button", name="Why?")).to_be_hidden()
    tab.get_by_role("button", name="Inside").click()
    tab.get_by_role("tab", name="Tuning").click()
    shown = tab.get_by_role("tabpanel", name="Tuning")
    slider = shown.get_by_role("slider")
    slider.press("End")
    dialog = tab.get_by_role("dialog", name="Operator")
    expect(dialog).to_be_visible()
    assert page.engine.inside.tuning().tuning.balance == 0.0
    dialog.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    slider.press("Home")
    expect(shown).to_contain_text("The balance is kept.")
    assert page.engine.inside.tuning().tuning.balance == -1.0


@pytest.mark.parametrize("size", ["phone", "4k"])
def test_the_inside_fits_every_screen(
    browser: Browser, page: ServedPage, size: str, tmp_path: Path
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    tab = open_page(context, page)
    page.state.on_prediction(prediction(*page.engine.actions()))
    tab.get_by_role("button", name="Inside").click()
    expect(tab.get_by_role("dialog", name="Inside").locator("svg")).to_be_visible()
    box = tab.get_by_role("dialog", name="Inside").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["height"] <= height
    _shot(tab, f"inside-{size}", tmp_path)
    context.close()
