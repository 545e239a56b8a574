"""A recorded session through windows and recogniser, as the live program would take it."""

from pathlib import Path
from typing import Any

from engine.backends.select import open_backend
from engine.bank.contract import BankSettings
from engine.bank.select import open_bank
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.decision import DecisionConfig
from engine.messages import Action, ActionEvent
from engine.recognizer import Recognizer
from engine.text.descriptions import class_feature, describe
from engine.text.encoders import TextEncoder
from engine.text.projection import TextProjection
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
    recognizer = _recognizer(encoder)
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


def _recognizer(encoder: TextEncoder) -> Recognizer:
    bundle = load_bundle(DEFAULT_BUNDLE)
    manifest = bundle.manifest
    settings = BankSettings(parts=manifest.parts, dim=manifest.dim, fingerprint="golden")
    recognizer = Recognizer(
        manifest, open_backend(bundle), open_bank("text-only", settings), config=DecisionConfig()
    )
    projection = TextProjection(bundle)
    for number, name in enumerate(ACTIONS, start=1):
        text = describe(name, encoder)
        rows = projection.rows(class_feature(text.texts, encoder)[None])[0]
        action = Action(id=str(number), name=name, texts=text.texts, source=text.source)
        recognizer.set_action(action, rows, version=number)
    return recognizer


def _plain(event: ActionEvent, now_ns: int) -> dict[str, Any]:
    return {
        "phase": event.phase,
        "name": event.name,
        "at_s": round(now_ns / 1e9, 1),
        "duration_s": round(event.duration_ms / 1e3, 1),
    }
