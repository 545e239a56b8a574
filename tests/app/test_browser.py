"""The page in a real browser, over fakes. Screenshots go to $ANYMOVE_SCREENSHOTS, if set."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect, sync_playwright

from app import drawing
from app.child import ChildStatus
from tests.app.conftest import ServedPage
from tests.app.fakes import event, prediction, waving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DRAWN = """() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value);
}"""
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "4k": (3840, 2160)}
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>${window.hacked=1}{{7*7}}'

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


def open_page(context: BrowserContext, page: ServedPage) -> Page:
    tab = context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: _check_local(request.url, page.url, problems))
    tab.problems = problems  # type: ignore[attr-defined]
    tab.goto(page.url)
    expect(tab.locator(".am")).to_have_attribute("data-link", "open", timeout=30_000)
    return tab


def _check_local(url: str, ours: str, problems: list[str]) -> None:
    if not url.startswith((ours, "data:", "blob:")):
        problems.append(f"loaded {url}")


def _show(page: ServedPage, time_s: float = 0.3) -> None:
    person = drawing.person(0, waving(time_s), confidence=np.ones(25, np.float32), points=None)
    page.board.post_frame(lambda number: drawing.frame(number, [person], aspect=None, jpeg=None))


def _word(tab: Page) -> Locator:
    return tab.locator("[data-role=word]")


def _box(tab: Page) -> Locator:
    return tab.get_by_role("textbox", name="Type an action")


def _names(tab: Page) -> Locator:
    return tab.locator("[data-role=actions] b")


def _share_of_left_side(tab: Page) -> float:
    """Share of what is drawn in the colour of left limbs that lies in the left half of the canvas."""
    return tab.evaluate(
        """() => {
            const canvas = document.querySelector("canvas");
            const half = canvas.width >> 1;
            const count = (x) => {
                const { data } = canvas.getContext("2d").getImageData(x, 0, half, canvas.height);
                let found = 0;
                for (let i = 0; i < data.length; i += 4) found += data[i] < 0x70 && data[i + 2] > 0xf0;
                return found;
            };
            return count(0) / (count(0) + count(half));
        }"""
    )


def test_typing_an_action_makes_it_live(tab: Page, page: ServedPage) -> None:
    page.state.on_prediction(
        prediction(*page.engine.actions(), state="idle", version=page.engine.vocabulary)
    )
    _box(tab).fill("fly like a bird")
    tab.keyboard.press("Enter")
    told = tab.locator("[data-role=told]")
    expect(told).to_contain_text("A person does this: fly like a bird.")
    expect(_names(tab)).to_have_text(["wave", "squat", "bow", "fly like a bird"])
    expect(_box(tab)).to_have_value("")
    expect(_box(tab)).to_be_focused()
    added = page.engine.actions()[-1]
    page.state.on_prediction(prediction(added, *page.engine.actions()[:-1], version=page.engine.vocabulary))
    expect(told).to_contain_text("live in")
    expect(_word(tab)).to_have_text("fly like a bird")
    expect(tab.locator("li[data-now] b")).to_have_text("fly like a bird")
    expect(tab.locator("[data-role=announcer]")).to_have_text("fly like a bird")
    assert tab.problems == []  # type: ignore[attr-defined]


def test_an_action_that_is_live_before_its_answer_comes_is_said_to_be(tab: Page, page: ServedPage) -> None:
    def answer_late(route: Route) -> None:
        answer = route.fetch()
        actions = page.engine.actions()
        page.state.on_prediction(prediction(*actions, version=page.engine.vocabulary))
        expect(tab.locator("[data-role=count]")).to_have_text("4")
        expect(_word(tab)).to_have_text("wave")
        route.fulfill(response=answer)

    tab.route("**/api/v1/actions", answer_late)
    _box(tab).fill("hop")
    tab.keyboard.press("Enter")
    expect(tab.locator("[data-role=told]")).to_contain_text("live in")


def test_the_caption_follows_the_engine(tab: Page, page: ServedPage) -> None:
    expect(_word(tab)).to_have_text("nobody in view")
    caption = tab.locator("[data-role=caption]")
    for state, text in (("idle", "idle"), ("unknown", "unknown"), ("action", "wave")):
        page.state.on_prediction(prediction(*page.engine.actions(), state=state))
        expect(_word(tab)).to_have_text(text)
        expect(caption).to_have_attribute("data-state", state)
    expect(tab.locator("[data-role=odds]")).to_have_text("68\u2009%")
    expect(tab.locator(".am-score[data-named] span").first).to_have_text("wave")
    expect(tab.locator(".am-score[data-unnamed] span").last).to_have_text("10\u2009%")


def test_an_event_is_listed_and_ends(tab: Page, page: ServedPage) -> None:
    page.state.on_event(event("squat", began_ms=1000))
    row = tab.locator("[data-role=events] li")
    expect(row).to_contain_text("now")
    page.state.on_event(event("squat", phase="offset", began_ms=2000, lasted_ms=1600))
    expect(row.locator("b")).to_have_text("squat")
    expect(row).to_contain_text("1.6\u2009s")
    expect(row).to_contain_text("ago")


def test_an_action_is_changed_by_keyboard_and_put_back(tab: Page, page: ServedPage) -> None:
    tab.get_by_role("button", name="Change wave").focus()
    tab.keyboard.press("Enter")
    sheet = tab.get_by_role("dialog", name="wave")
    field = sheet.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    field.fill("squat")
    tab.keyboard.press("Enter")
    expect(sheet.get_by_role("alert").filter(has_text="taken")).to_be_visible()
    field.fill("greet")
    sheet.get_by_label("What it looks like").fill("One hand swings beside the head.")
    sheet.get_by_role("button", name="Save").press("Enter")
    expect(_names(tab)).to_have_text(["greet", "squat", "bow"])
    expect(tab.locator("[data-role=actions] small").first).to_have_text("One hand swings beside the head.")
    tab.get_by_role("button", name="Undo").press("Enter")
    expect(_names(tab)).to_have_text(["wave", "squat", "bow"])
    expect(tab.locator("[data-role=toast]")).to_contain_text("“wave” is as it was.")
    tab.get_by_role("button", name="Change bow").press("Enter")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Change bow")).to_be_focused()


def test_removing_and_adding_are_undone(tab: Page, page: ServedPage) -> None:
    tab.get_by_role("button", name="Remove squat").click()
    expect(_names(tab)).to_have_text(["wave", "bow"])
    tab.locator("[data-role=toast]").get_by_role("button", name="Undo").click()
    expect(_names(tab)).to_have_text(["wave", "squat", "bow"])
    _box(tab).fill("hop")
    tab.keyboard.press("Enter")
    expect(_names(tab)).to_have_count(4)
    tab.locator("[data-role=told]").get_by_role("button", name="Undo").click()
    expect(_names(tab)).to_have_text(["wave", "squat", "bow"])


def test_an_undo_that_came_too_late_says_so(tab: Page, page: ServedPage) -> None:
    tab.get_by_role("button", name="Remove squat").click()
    expect(_names(tab)).to_have_text(["wave", "bow"])
    page.engine.add_action("hop")  # another operator
    tab.locator("[data-role=toast]").get_by_role("button", name="Undo").click()
    expect(tab.locator("[data-role=toast]")).to_contain_text("another one since")
    assert [action.name for action in page.engine.actions()] == ["wave", "bow", "hop"]


def test_five_hundred_actions_can_be_searched(tab: Page, page: ServedPage) -> None:
    for number in range(497):
        page.engine.add_action(f"number {number}")
    page.controller.refresh()
    expect(tab.locator("[data-role=count]")).to_have_text("500")
    tab.get_by_label("Find an action").fill("number 49")
    expect(_names(tab).filter(visible=True)).to_have_count(8)
    assert tab.evaluate("document.documentElement.scrollHeight") <= SIZES["desktop"][1]


def test_a_wrong_caption_is_put_right_with_one_tap(tab: Page, page: ServedPage) -> None:
    page.state.on_prediction(prediction(*page.engine.actions()))
    fix = tab.get_by_role("group", name="Correct the caption")
    expect(fix).to_contain_text("Not “wave”? It is")
    fix.get_by_role("button", name="squat").click()
    expect(tab.locator("[data-role=toast]")).to_contain_text("Learnt: that was “squat”.")
    assert page.engine.taught == ["reject a1", "show a2"]
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("[data-role=toast]")).to_contain_text("Undone.")
    assert page.engine.taught == []
    page.state.on_prediction(prediction(*page.engine.actions()))
    fix.get_by_role("button", name="none of these").press("Enter")
    expect(tab.locator("[data-role=toast]")).to_contain_text("Learnt: that was not “wave”.")
    assert page.engine.taught == ["reject a1"]
    page.state.on_prediction(prediction(*page.engine.actions(), state="idle"))
    expect(fix).to_be_hidden()


def test_a_maker_shows_two_examples_and_takes_one_again(tab: Page, page: ServedPage) -> None:
    tab.clock.install()
    page.state.on_prediction(prediction(*page.engine.actions(), state="idle"))
    tab.get_by_role("button", name="Change squat").click()
    tab.get_by_role("button", name="Show me").click()
    teach = tab.locator("[data-role=teach]")
    for expected in (["show a2"], ["show a2", "show a2"]):
        expect(teach).to_contain_text("Get ready to show “squat”")
        for _ in range(40):
            tab.clock.run_for(200)
            page.state.on_prediction(prediction(*page.engine.actions(), state="idle"))
        expect(teach).to_contain_text("Got it")
        assert page.engine.taught == expected
        if len(expected) == 1:
            teach.get_by_role("button", name="Keep, show one more").click()
    teach.get_by_role("button", name="Take it again").click()
    expect(teach).to_contain_text("Get ready")
    assert page.engine.taught == ["show a2"]
    tab.keyboard.press("Escape")
    expect(teach).to_be_hidden()
    tab.get_by_role("button", name="Change squat").click()
    expect(tab.locator(".am-learnt")).to_contain_text("1 example")
    tab.get_by_role("button", name="Forget them").click()
    expect(tab.locator("[data-role=toast]")).to_contain_text("recognised by its text alone")
    assert page.engine.taught == ["show a2", "reset a2"]


def test_what_to_expect_is_said_while_typing(tab: Page, page: ServedPage) -> None:
    _box(tab).press_sequentially("wingding")
    check = tab.locator("[data-role=check]")
    expect(check).to_contain_text("Will hardly work · Nobody knows this word")
    check.get_by_role("button", name="fly like a bird").click()
    expect(_box(tab)).to_have_value("fly like a bird")
    expect(check).to_contain_text("Should work")
    tab.keyboard.press("Enter")
    expect(_names(tab).last).to_have_text("fly like a bird")
    expect(check).to_be_empty()


def test_a_refusal_is_shown_beside_the_box(tab: Page, page: ServedPage) -> None:
    box = _box(tab)
    box.fill("wave")
    tab.get_by_role("button", name="Add", exact=True).click()
    expect(tab.locator("[data-role=told]")).to_contain_text("is taken")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("wave")
    page.engine.gone = True
    box.fill("jump")
    tab.keyboard.press("Enter")
    expect(tab.locator("[data-role=told]")).to_contain_text("is it running")


def test_markup_in_a_name_is_only_text(tab: Page, page: ServedPage) -> None:
    _box(tab).fill(HOSTILE)
    tab.keyboard.press("Enter")
    expect(_names(tab).last).to_have_text(HOSTILE)
    added = page.engine.actions()[-1]
    page.state.on_prediction(prediction(added, version=page.engine.vocabulary))
    page.state.on_event(event(HOSTILE))
    expect(_word(tab)).to_have_text(HOSTILE)
    expect(tab.locator("[data-role=events] b")).to_have_text(HOSTILE)
    assert tab.evaluate("window.hacked === undefined")
    assert tab.locator(".am img, .am script").count() == 0


def test_three_tabs_are_all_served(context: BrowserContext, page: ServedPage) -> None:
    tabs = [open_page(context, page) for _ in range(3)]
    for tab in tabs:
        # Only a page in front repaints, and only then asks for frames.
        tab.bring_to_front()
        _show(page)
        tab.wait_for_function(DRAWN)
    page.state.on_prediction(prediction(*page.engine.actions()))
    for tab in tabs:
        expect(_word(tab)).to_have_text("wave")
    _box(tabs[2]).fill("clap")
    tabs[2].keyboard.press("Enter")
    for tab in tabs:
        expect(_names(tab)).to_have_text(["wave", "squat", "bow", "clap"])


def test_two_browsers_at_once_agree(browser: Browser, page: ServedPage) -> None:
    contexts = [browser.new_context() for _ in range(2)]
    one, other = (open_page(context, page) for context in contexts)
    one.get_by_role("button", name="Remove squat").click()
    expect(_names(other)).to_have_text(["wave", "bow"])
    _box(other).fill("hop")
    other.keyboard.press("Enter")
    expect(_names(one)).to_have_text(["wave", "bow", "hop"])
    # The first one's undo would now take back what the second has done.
    one.locator("[data-role=toast]").get_by_role("button", name="Undo").click()
    expect(one.locator("[data-role=toast]")).to_contain_text("another one since")
    expect(_names(other)).to_have_text(["wave", "bow", "hop"])
    for context in contexts:
        context.close()


def test_the_mirror_turns_the_figure_and_not_the_text(tab: Page, page: ServedPage) -> None:
    _show(page)
    tab.wait_for_function(DRAWN)
    # Facing the camera, somebody's left is on the right of the picture.
    before = _share_of_left_side(tab)
    assert before < 0.1
    tab.get_by_role("button", name="Mirror").click()
    expect(tab.get_by_role("button", name="Mirror")).to_have_attribute("aria-pressed", "true")
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert _share_of_left_side(tab) == pytest.approx(1 - before, abs=0.02)
    tab.reload()
    expect(tab.get_by_role("button", name="Mirror")).to_have_attribute("aria-pressed", "true")


def test_a_dead_process_is_said_and_forgotten(tab: Page, page: ServedPage) -> None:
    lost = ChildStatus("capture", "waiting", "wanted camera 0, got none; plug it in", 1)
    page.set_process(lost)
    expect(tab.get_by_role("alert").filter(has_text="plug it in")).to_be_visible()
    expect(_word(tab)).to_have_text("starting")
    page.set_process(ChildStatus("capture", "ready"))
    expect(tab.locator("[data-role=notice]")).to_be_hidden()
    expect(_word(tab)).to_have_text("nobody in view")


def test_the_page_finds_its_server_again(tab: Page, page: ServedPage) -> None:
    page.serve().stop()
    expect(_word(tab)).to_have_text("reconnecting", timeout=15_000)
    page.serve()
    expect(tab.locator(".am")).to_have_attribute("data-link", "open", timeout=15_000)
    page.state.on_prediction(prediction(*page.engine.actions()))
    expect(_word(tab)).to_have_text("wave")


@pytest.mark.parametrize("size", SIZES)
def test_it_fits_every_screen(browser: Browser, page: ServedPage, size: str, tmp_path: Path) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    tab = open_page(context, page)
    page.state.on_prediction(prediction(*page.engine.actions()))
    for number, name in enumerate(("wave", "squat", "bow")):
        lasted = {"began_ms": 50_000 - 15_000 * number, "lasted_ms": 4000}
        page.state.on_event(event(name, phase="offset", event_id=f"e{number}", **lasted))
    for step in range(12):
        _show(page, step / 20)
    expect(_word(tab)).to_have_text("wave")
    overflow = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    if size != "phone":
        assert tab.evaluate("document.documentElement.scrollHeight") <= height
    folder = Path(os.environ.get("ANYMOVE_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    shot = folder / f"live-{size}.png"
    tab.screenshot(path=shot, full_page=size == "phone")
    assert shot.stat().st_size > 10_000
    context.close()


def test_everything_is_reached_by_keyboard(tab: Page) -> None:
    reached: set[str] = set()
    for _ in range(20):
        tab.keyboard.press("Tab")
        reached.add(
            tab.evaluate(
                "() => { const at = document.activeElement;"
                " return at.getAttribute('aria-label') || at.name || at.textContent.trim(); }"
            )
        )
    assert {"Inside", "Mirror", "name", "Add", "Describe it in your own words"} <= reached
    assert {"Change wave", "Remove wave", "Change bow", "Remove bow"} <= reached


def test_text_is_readable(tab: Page) -> None:
    def luminance(name: str) -> float:
        value = tab.evaluate(
            f"getComputedStyle(document.documentElement).getPropertyValue('{name}').trim()"
        )
        channels = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for foreground in ("--text", "--muted", "--quiet", "--named", "--unnamed", "--bad", "--warn"):
        for background in ("--ground", "--panel"):
            contrast = (luminance(foreground) + 0.05) / (luminance(background) + 0.05)
            assert contrast >= 4.5, f"{foreground} on {background} has {contrast:.1f}, WCAG AA wants 4.5"
