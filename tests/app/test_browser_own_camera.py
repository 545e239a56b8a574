"""The browser's own camera in a real browser, with Chromium's pretended one."""

import queue
from collections.abc import Iterator

import pytest
import zmq
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from app.vitals import Vitals
from streams.jpeg import picture_in
from streams.picture_wire import unpack_picture
from tests.app.conftest import ServedPage
from tests.app.test_browser import CHROMIUM, FLAGS

TIMEOUT_S = 30
PRETENDED = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; install the package chromium"),
]


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    flags = getattr(request, "param", PRETENDED)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield launched
        launched.close()


def opened(browser: Browser, page: ServedPage) -> tuple[Page, Locator]:
    tab = browser.new_page()
    tab.goto(page.url)
    expect(tab.locator(".am")).to_have_attribute("data-link", "open", timeout=TIMEOUT_S * 1000)
    return tab, tab.locator("[data-role=camera]")


def test_its_pictures_reach_capture_until_it_is_stopped(browser: Browser, page: ServedPage) -> None:
    tab, button = opened(browser, page)
    with zmq.Context() as context, context.socket(zmq.PULL) as pull:
        pull.linger, pull.rcvtimeo = 0, TIMEOUT_S * 1000
        pull.bind(page.pictures)
        button.click()
        expect(button).to_have_text("Stop this camera")
        assert page.watched.get(timeout=TIMEOUT_S)
        pictures = [unpack_picture(pull.recv_multipart(), received_ns=10**12) for _ in range(5)]
    rgb = picture_in(pictures[-1][0])
    assert (rgb.shape[1], rgb.shape[2]) == (640, 3)
    assert rgb.std() > 10
    assert all(10**12 - 10**9 < taken_ns < 10**12 for _, taken_ns in pictures)
    button.click()
    expect(button).to_have_text("Use this camera")
    assert not page.watched.get(timeout=TIMEOUT_S)
    with pytest.raises(queue.Empty):
        page.watched.get_nowait()
    tab.close()


def test_a_closed_tab_gives_capture_back(browser: Browser, page: ServedPage) -> None:
    tab, button = opened(browser, page)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.watched.get(timeout=TIMEOUT_S)
    tab.close()
    assert not page.watched.get(timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("browser", "words"),
    [
        (
            ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"),
            "This browser may not use the camera. Allow it",
        ),
        (("--use-fake-ui-for-media-stream",), "This device has no camera"),
    ],
    indirect=["browser"],
    ids=["denied", "none"],
)
def test_why_it_cannot_be_used_is_said_in_words(browser: Browser, page: ServedPage, words: str) -> None:
    tab, button = opened(browser, page)
    button.click()
    expect(tab.locator("[data-role=toast]")).to_contain_text(words)
    expect(button).to_have_text("Use this camera")
    expect(button).to_be_enabled()
    assert page.watched.empty()
    tab.close()


def test_what_is_wrong_with_the_view_is_said(browser: Browser, page: ServedPage) -> None:
    tab, _ = opened(browser, page)
    vitals = Vitals(lambda: page.processes)
    vitals.on_gone("wanted a picture, got none for 2 s; plug it in")
    page.board.post("status", vitals.message)
    notice = tab.locator("[data-role=notice]")
    expect(notice).to_contain_text("got none for 2 s; plug it in")
    vitals.on_gone(None)
    for _ in range(2):
        vitals.on_preview(camera_fps=30, missed=0, advice=("feet are out of sight: step back",))
    page.board.post("status", vitals.message)
    expect(tab.locator("[data-role=advice]")).to_have_text("Feet are out of sight: step back.")
    expect(notice).to_be_hidden()
    tab.close()
