"""The kiosk in a real browser, over fakes: what visitors and operators do there."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app import drawing
from tests.app.conftest import PASSWORD, ServedPage
from tests.app.fakes import prediction, waving
from tests.app.test_browser import CHROMIUM, FLAGS, SIZES

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
    made = browser.new_context(viewport={"width": 1920, "height": 1080})
    yield made
    made.close()


def _open(context: BrowserContext, page: ServedPage) -> Page:
    tab = context.new_page()
    tab.goto(f"{page.url}/kiosk")
    expect(tab.locator(".ki[data-link=open] h1")).to_have_text("Type something. Then do it.")
    return tab


def _see(page: ServedPage, name: str, **options: object) -> None:
    person = drawing.person(0, waving(0.3), confidence=np.ones(25, np.float32), points=None)
    page.board.post_frame(lambda number: drawing.frame(number, [person], aspect=None, jpeg=None))
    actions = sorted(page.engine.actions(), key=lambda action: action.name != name)
    made = prediction(*actions, version=page.engine.vocabulary, **options)  # type: ignore[arg-type]
    page.state.on_prediction(made)
    page.turns.on_prediction(made)


def _finish_turn(tab: Page, page: ServedPage, name: str) -> None:
    """Do the action until the turn's time is over."""
    expect(tab.locator(".ki")).to_have_attribute("data-screen", "doing", timeout=10_000)
    _see(page, name)
    while tab.locator(".ki").get_attribute("data-screen") == "doing":
        page.turns.tick()


@pytest.mark.protected
def test_a_visitors_whole_turn(context: BrowserContext, bare: ServedPage, tmp_path: Path) -> None:
    tab = _open(context, bare)
    folder = Path(os.environ.get("ANYMOVE_SCREENSHOTS", tmp_path))
    _see(bare, "wave", state="idle")
    tab.screenshot(path=folder / "kiosk-attract.png")
    tab.get_by_role("button", name="Start").click()
    field = tab.get_by_label("What will you do?")
    expect(field).to_be_focused()
    for key in ("h", "o", "x"):
        tab.get_by_role("button", name=key, exact=True).click()
    tab.get_by_role("button", name="Delete a letter").click()
    tab.get_by_role("button", name="p", exact=True).click()
    expect(field).to_have_value("hop")
    expect(field).to_be_focused()
    tab.screenshot(path=folder / "kiosk-type.png")
    _see(bare, "wave", state="idle")
    tab.get_by_role("button", name="Go", exact=True).click()
    expect(tab.locator("[data-role=countdown]")).to_have_text("3")
    tab.screenshot(path=folder / "kiosk-ready.png")
    _see(bare, "wave", state="idle")
    _finish_turn(tab, bare, "hop")
    expect(tab.get_by_role("heading", name="I recognised it!")).to_be_visible()
    expect(tab.locator("[data-role=place]")).to_have_text("Number 1 today")
    expect(tab.locator("[data-role=scores] b")).to_have_text(["hop"])
    tab.screenshot(path=folder / "kiosk-done.png")
    tab.get_by_role("button", name="Stop").click()
    expect(tab.get_by_role("button", name="Start")).to_be_visible()
    assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]


@pytest.mark.protected
def test_a_turn_by_keyboard_that_is_not_recognised(context: BrowserContext, bare: ServedPage) -> None:
    tab = _open(context, bare)
    _see(bare, "wave", state="idle")
    tab.get_by_role("button", name="Start").press("Enter")
    tab.keyboard.type("moonwalk")
    tab.keyboard.press("Enter")
    _finish_turn(tab, bare, "wave")
    expect(tab.get_by_role("heading", name="I did not recognise it")).to_be_visible()
    expect(tab.locator("[data-role=detail]")).to_contain_text("I saw: wave")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Start")).to_be_visible()


@pytest.mark.protected
def test_an_unkind_name_is_refused_in_the_visitors_language(
    context: BrowserContext, bare: ServedPage
) -> None:
    tab = _open(context, bare)
    tab.get_by_role("button", name="Deutsch").click()
    tab.get_by_role("button", name="Los geht’s").click()
    tab.keyboard.type("Scheiße")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_have_text("Bitte wähl einen anderen Namen.")
    assert len(bare.engine.actions()) == 3


@pytest.mark.protected
def test_arabic_runs_from_right_to_left(context: BrowserContext, bare: ServedPage, tmp_path: Path) -> None:
    tab = _open(context, bare)
    tab.get_by_role("button", name="العربية").click()
    expect(tab.locator(".ki")).to_have_attribute("dir", "rtl")
    start = tab.get_by_role("button", name="ابدأ")
    box = start.bounding_box()
    assert box is not None
    assert box["x"] > 960
    start.click()
    tab.get_by_role("button", name="ق", exact=True).click()
    expect(tab.locator("#ki-name")).to_have_value("ق")
    tab.screenshot(path=Path(os.environ.get("ANYMOVE_SCREENSHOTS", tmp_path)) / "kiosk-arabic.png")


@pytest.mark.protected
def test_nobody_there_is_waited_for_and_a_lost_turn_is_let_go(
    context: BrowserContext, bare: ServedPage
) -> None:
    tab = _open(context, bare)
    tab.get_by_role("button", name="Start").click()
    tab.get_by_role("button", name="squat").click()
    expect(tab.locator("[data-role=how]")).to_have_text("Step back until I see all of you")
    bare.turns.close()  # the program starts anew, or an operator steps in
    expect(tab.get_by_role("button", name="Start")).to_be_visible()


@pytest.mark.protected
def test_a_visitor_who_leaves_is_forgotten(context: BrowserContext, bare: ServedPage) -> None:
    tab = context.new_page()
    tab.clock.install()
    tab.goto(f"{bare.url}/kiosk")
    expect(tab.locator(".ki[data-link=open] h1")).to_have_text("Type something. Then do it.")
    tab.get_by_role("button", name="Español").click()
    tab.get_by_role("button", name="Empezar").click()
    tab.keyboard.type("bailar")
    tab.clock.run_for(41_000)
    expect(tab.locator("h1")).to_have_text("Type something. Then do it.")
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator("#ki-name")).to_have_value("")


@pytest.mark.parametrize("size", ["phone", "4k"])
def test_every_screen_fits(browser: Browser, bare: ServedPage, size: str, tmp_path: Path) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    tab = _open(context, bare)
    _see(bare, "wave")
    tab.get_by_role("button", name="Start").click()
    tab.screenshot(path=Path(os.environ.get("ANYMOVE_SCREENSHOTS", tmp_path)) / f"kiosk-{size}.png")
    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert tab.evaluate(sizes) == [width, height]
    for key in ("q", "m", "Go"):
        box = tab.get_by_role("button", name=key, exact=True).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert box["height"] >= 36
    context.close()


@pytest.mark.protected
def test_an_operator_logs_in_from_the_kiosk(context: BrowserContext, page: ServedPage) -> None:
    tab = _open(context, page)
    tab.get_by_role("link", name="Operator").click()
    tab.get_by_role("button", name="Remove wave").click(timeout=30_000)
    dialog = tab.get_by_role("dialog", name="Operator")
    expect(dialog).to_be_visible()
    assert len(page.engine.actions()) == 3
    dialog.get_by_label("Password").fill("not the password")
    tab.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("got another one")
    dialog.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    tab.get_by_role("button", name="Remove wave").click()
    expect(tab.locator("[data-role=count]")).to_have_text("2")
    tab.get_by_role("button", name="Log out").click()
    expect(tab.get_by_role("button", name="Log in")).to_be_visible()
