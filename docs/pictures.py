"""The README's pictures, from the real page over a real run with the synthetic person: ``make pictures``.

inside.png     why the caption was given
live.gif       the person goes through the show while somebody types another action; under 2 MB
"""

import base64
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from bench.real_page import chromium, real_page

IMAGES = Path(__file__).resolve().parent / "images"
ACTIONS = "wave, squat, jumping jacks, bow, punch, walk in place, clap"
TYPED = "raise both arms"
SIZE = {"width": 1280, "height": 800}
GIF_WIDTH = 720
GIF_S = 34.0
COLOURS = 64
ACCENTS = (
    "#d2f55a",
    "#8ba23c",
    "#58c4ff",
    "#2f6a8c",
    "#ff9f6b",
    "#8c573b",
    "#b9b2f0",
    "#46525e",
    "#f1f4f6",
)
LEAST_PAUSE_S = 0.15
KEY_MS = 150
MOST_BYTES = 2_000_000
_NAMED = "[data-role=caption][data-state=action]"
_PATIENCE_MS = 60_000

Frame = tuple[Image.Image, float]
"""A picture and the instant it was taken, seconds."""


def main() -> None:
    """Write the pictures.

    Raises:
        RuntimeError: The animation is larger than a README should load.
    """
    with (
        real_page("--actions", ACTIONS, "--source", "synthetic") as page,
        chromium() as browser,
    ):
        tab = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        tab.goto(page.url)
        tab.wait_for_selector(_NAMED, timeout=_PATIENCE_MS)
        frames = film(tab)
        size = write_gif(frames, IMAGES / "live.gif")
        tab.wait_for_selector(_NAMED, timeout=_PATIENCE_MS)
        tab.wait_for_timeout(1_200)
        tab.get_by_role("button", name="Why?").click()
        tab.wait_for_selector(".am-why-figure svg", timeout=_PATIENCE_MS)
        tab.wait_for_timeout(300)
        tab.screenshot(path=IMAGES / "inside.png")
    sys.stdout.write(f"live.gif: {len(frames)} frames, {size / 1e6:.2f} MB\n")
    if size > MOST_BYTES:
        raise RuntimeError(f"wanted an animation of up to {MOST_BYTES} bytes, got {size}; film less")


def film(tab: Page) -> list[Frame]:
    """What the page shows for half a minute, somebody typing an action in the middle of it."""
    raw: list[tuple[str, float]] = []
    session = tab.context.new_cdp_session(tab)

    def take(message: dict[str, Any]) -> None:
        raw.append((message["data"], message["metadata"]["timestamp"]))
        session.send("Page.screencastFrameAck", {"sessionId": message["sessionId"]})

    session.on("Page.screencastFrame", take)
    tab.locator("#am-name").focus()
    session.send(
        "Page.startScreencast",
        {"format": "jpeg", "quality": 92, "maxWidth": SIZE["width"], "maxHeight": SIZE["height"]},
    )
    tab.wait_for_timeout(3_000)
    for letter in TYPED:
        tab.keyboard.type(letter)
        tab.wait_for_timeout(KEY_MS)
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(1e3 * GIF_S - 3_000 - KEY_MS * len(TYPED))
    session.send("Page.stopScreencast")
    frames: list[Frame] = []
    for data, at in raw:
        if frames and at - frames[-1][1] < LEAST_PAUSE_S:
            continue
        picture = Image.open(BytesIO(base64.b64decode(data))).convert("RGB")
        height = round(picture.height * GIF_WIDTH / picture.width)
        frames.append((picture.resize((GIF_WIDTH, height), Image.Resampling.LANCZOS), at))
    return frames


def write_gif(frames: list[Frame], path: Path) -> int:
    """Bytes of the animation now at this path: one palette, at the pace it was filmed."""
    palette = _with_accents(frames[len(frames) // 2][0]).quantize(COLOURS)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture, _ in frames]
    ends = [*(at for _, at in frames[1:]), frames[-1][1] + 1.0]
    # Hundredths of a second are all the format knows.
    pauses = [max(20, 10 * round(100 * (end - at))) for (_, at), end in zip(frames, ends, strict=True)]
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=pauses, loop=0, optimize=True, disposal=1
    )
    return path.stat().st_size


def _with_accents(picture: Image.Image) -> Image.Image:
    """The picture with broad stripes of the page's few bright colours, which a palette would leave out."""
    made = picture.copy()
    for place, accent in enumerate(ACCENTS):
        made.paste(accent, (0, 16 * place, made.width, 16 * place + 16))
    return made


if __name__ == "__main__":
    main()
