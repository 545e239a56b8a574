"""A recorded session through windows and recogniser, as the live program would take it."""

from pathlib import Path
from typing import Any

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import ActionEvent
from engine.replay import recognizer_of
from engine.text.encoders import TextEncoder
from streams.smoothing import Smoother
from streams.sources.session import SessionSource
from streams.windowing import Windower

FOLDER = Path(__file__).parent
SESSION = FOLDER / "show.session"
EVENTS = FOLDER / "show.events.json"
ACTIONS = (
    "wave the right hand",
    "squat",
    "jumping jacks",
    "bow",
    "punch",
    "walk in place",
    "raise both arms",
    "clap",
    "kick",
)
_HOP_S = 0.2


def replay(session: Path, encoder: TextEncoder) -> list[dict[str, Any]]:
    """Events of the session, times in seconds since its first frame, rounded to a tenth."""
    bundle = load_bundle(DEFAULT_BUNDLE)
    recognizer = recognizer_of(ACTIONS, bundle, encoder)
    windower = Windower("golden", bundle.manifest.window, hop_s=_HOP_S)
    smoother = Smoother()
    events: list[dict[str, Any]] = []
    first_ns = last_ns = None
    for frame in SessionSource(session, fast=True):
        first_ns = first_ns or frame.captured_ns
        last_ns = frame.captured_ns
        for person in frame.persons:
            smooth = smoother(0, person.positions, frame.captured_ns / 1e9)
            window = windower.push(0, smooth, person.confidence, captured_ns=frame.captured_ns)
            if window is not None:
                found = recognizer.recognize(window, now_ns=frame.captured_ns).events
                events += [_plain(event, frame.captured_ns - first_ns) for event in found]
    assert first_ns is not None
    assert last_ns is not None
    events += [_plain(event, last_ns - first_ns) for event in recognizer.finish(last_ns)]
    return events


def _plain(event: ActionEvent, now_ns: int) -> dict[str, Any]:
    return {
        "phase": event.phase,
        "name": event.name,
        "at_s": round(now_ns / 1e9, 1),
        "duration_s": round(event.duration_ms / 1e3, 1),
    }
