"""The page in a real browser over a real run: first paint, decision to screen, memory, a killed engine.

First paint is the first contentful one, and when the caption's box stands. A decision reaches the screen
with the repaint after its probability was written into the page; the two clocks are compared by asking the
page for the time. Memory is what is left after collecting garbage, once a minute.
"""

import contextlib
import signal
import statistics
import time
from dataclasses import dataclass
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page

from bench.common import percentiles
from bench.real_page import RealPage, chromium, real_page
from engine.client import PredictionReader
from engine.messages import Prediction

TARGET_PAINT_MS, TARGET_UPDATE_MS = 2000.0, 200.0
_READY = ".am[data-link=open] [data-role=word]"
_PATIENCE_MS = 60_000
_WATCH = """() => {
    window.shown = [];
    const look = () => {
        const bars = [...document.querySelectorAll(".am-bar i")];
        const shares = bars.map((bar) => bar.style.getPropertyValue("--share"));
        requestAnimationFrame(() => window.shown.push([performance.now(), shares]));
    };
    const watched = { subtree: true, attributes: true, attributeFilter: ["style"] };
    new MutationObserver(look).observe(document.querySelector("[data-role=scores]"), watched);
}"""
_COUNT = """() => {
    window.scored = 0;
    const watched = { subtree: true, attributes: true, attributeFilter: ["style"] };
    const count = () => window.scored++;
    new MutationObserver(count).observe(document.querySelector("[data-role=scores]"), watched);
}"""
_LIVE_AGAIN = """(before) => {
    const { state } = document.querySelector("[data-role=caption]").dataset;
    return window.scored > before && ["action", "idle", "unknown"].includes(state);
}"""


@dataclass(frozen=True)
class PageConfig:
    """Bench of the page."""

    source: str = "synthetic"
    """What the run watches."""
    loads: int = 8
    """Times the page is opened."""
    seconds: float = 60.0
    """How long decisions are followed to the screen, seconds."""
    minutes: float = 60.0
    """How long memory is watched, minutes."""


def run(config: PageConfig) -> dict[str, Any]:
    """First paint, decision to screen, memory by the minute, and the return of a killed engine."""
    with (
        real_page("--source", config.source) as page,
        chromium(["--enable-precise-memory-info"]) as browser,
    ):
        paints = [_first_paint(browser, page.url) for _ in range(config.loads + 1)][1:]
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(page.url)
        tab.wait_for_selector(_READY, timeout=_PATIENCE_MS)
        updates = _updates(tab, page, config.seconds)
        killed_s = _killed_engine(tab, page)
        memory = _memory(tab, config.minutes)
    return {
        "source": config.source,
        "first_contentful_paint_ms": percentiles([paint for paint, _ in paints]),
        "caption_shown_ms": percentiles([stands for _, stands in paints]),
        "target_paint_ms": TARGET_PAINT_MS,
        "decision_to_screen_ms": percentiles(updates),
        "target_update_ms": TARGET_UPDATE_MS,
        "engine_killed_to_caption_s": round(killed_s, 2),
        "memory": memory,
    }


def _first_paint(browser: Browser, url: str) -> tuple[float, float]:
    """First contentful paint, and the caption's box standing, milliseconds since the navigation began."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.goto(url, wait_until="commit")
    tab.wait_for_selector(_READY, timeout=_PATIENCE_MS)
    stands = float(tab.evaluate("performance.now()"))
    paint = float(tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
    context.close()
    return paint, stands


def _updates(tab: Page, page: RealPage, seconds: float) -> list[float]:
    """Milliseconds from each decision to the repaint that shows its best probability."""
    decided: list[tuple[float, str]] = []

    def note(prediction: Prediction, transit_ms: float) -> None:
        if prediction.top and prediction.state != "idle":
            decided.append((time.monotonic() * 1e3 - transit_ms, f"{prediction.top[0].probability:.3f}"))

    tab.evaluate(_WATCH)
    reader = PredictionReader(page.endpoints, on_prediction=note, on_event=lambda event: None)
    reader.start(10.0)
    tab.wait_for_timeout(1e3 * seconds)
    reader.close()
    asked = time.monotonic() * 1e3
    theirs = float(tab.evaluate("performance.now()"))
    offset = (asked + time.monotonic() * 1e3) / 2 - theirs
    shown = [(at + offset, set(shares)) for at, shares in tab.evaluate("window.shown")]
    found = [
        min((at - then for at, shares in shown if at >= then - 5 and share in shares), default=None)
        for then, share in decided
    ]
    return [ms for ms in found if ms is not None and ms < 5_000]


def _killed_engine(tab: Page, page: RealPage) -> float:
    """Seconds from killing the engine until the page shows scores of the one that took its place."""
    tab.evaluate(_COUNT)
    killed = _engine(page)
    assert killed is not None
    began = time.monotonic()
    killed.send_signal(signal.SIGKILL)
    # A new one may be there before the page has said that there is none.
    while (found := _engine(page)) is None or found.pid == killed.pid:
        time.sleep(0.01)
    tab.wait_for_function(_LIVE_AGAIN, arg=tab.evaluate("window.scored"), timeout=_PATIENCE_MS)
    return time.monotonic() - began


def _engine(page: RealPage) -> psutil.Process | None:
    """The engine's process, if there is one."""
    for child in psutil.Process(page.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.cmdline()[2:4] == ["app.leash", "engine"]:
                return child
    return None


def _memory(tab: Page, minutes: float) -> dict[str, Any]:
    """Heap and nodes by the minute, and how many MB an hour the heap grows by (least squares)."""
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable")
    samples = [_held(session)]
    for _ in range(max(1, round(minutes))):
        tab.wait_for_timeout(60_000 * min(1.0, minutes))
        samples.append(_held(session))
    heaps = [heap for heap, _ in samples]
    slope = statistics.linear_regression(range(len(heaps)), heaps).slope
    return {
        "minutes": round(minutes, 1),
        "heap_mb": [round(heap, 2) for heap in heaps],
        "nodes": [nodes for _, nodes in samples],
        "growth_mb_per_hour": round(60 * slope / min(1.0, minutes), 2),
    }


def _held(session: CDPSession) -> tuple[float, int]:
    """Megabytes of the heap and nodes of the document, garbage collected."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"])
