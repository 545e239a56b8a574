"""The live engine's own verdicts, offline: captions over recordings, false events of idle people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.backends.base import Backend
from engine.bank.select import bank_settings, open_bank
from engine.bundle import Bundle
from engine.decision import DecisionConfig
from engine.messages import Action
from engine.recognizer import Recognizer
from engine.text.contract import TextEncoder
from engine.text.descriptions import class_feature
from engine.text.projection import TextProjection
from streams.skeleton.window import Window, WindowSpec
from streams.sources.synthetic import SyntheticSource
from training.grammar import motion_of
from training.grammar.playing import FPS
from training.sequences import Sequences
from training.windows import sliding_windows

HOP_S = 0.2
"""Time between two windows, as live."""
_HELD_S = 1.2
"""A recording is held still this long at both ends: people stand before and after what they do."""
_STRANGER = "stranger"


@dataclass(frozen=True)
class CaptionShares:
    """What was shown while somebody acted, shares of windows, together 1."""

    right: float
    wrong: float
    unknown: float
    idle: float
    windows: int


def recognizer_of(
    bundle: Bundle,
    backend: Backend,
    names: Sequence[str],
    *,
    encoder: TextEncoder,
    describe: Callable[[str], Sequence[str]],
    rule: str = "anchored",
    decision: DecisionConfig | None = None,
) -> Recognizer:
    """A recogniser of these actions as the engine builds it, which learns nothing unless it is told to.

    The id of an action is its name.
    """
    manifest = bundle.manifest
    bank = open_bank(rule, bank_settings(manifest, fingerprint=bundle.fingerprint))
    recognizer = Recognizer(
        manifest, backend, bank, config=decision or DecisionConfig(), background=bundle.background
    )
    recognizer.frozen = True
    projection = TextProjection(bundle)
    for version, name in enumerate(names, start=1):
        texts = tuple(describe(name))
        rows = projection.rows(class_feature(texts, encoder)[None])[0]
        action = Action(id=name, name=name, texts=texts, source="template")
        recognizer.set_action(action, rows, version=version)
    return recognizer


def caption_shares(recognizer: Recognizer, sequences: Sequences, *, spec: WindowSpec) -> CaptionShares:
    """Shares of captions over the windows of every sequence whose middle lies within it.

    Args:
        recognizer: Its actions' ids are the sequences' labels; a label without an action is right
            where nothing is named.
        sequences: Each a track of its own.
        spec: Of the windows.
    """
    counts = dict.fromkeys(("right", "wrong", "unknown", "idle"), 0)
    now_ns = 0
    for n, (positions, fps, label) in enumerate(
        zip(sequences.positions, sequences.fps, sequences.labels, strict=True)
    ):
        length_s = (len(positions) - 1) / fps
        windows = sliding_windows(_held(positions, float(fps)), fps=float(fps), spec=spec, hop_s=HOP_S)
        for k, window in enumerate(windows):
            now_ns += round(HOP_S * 1e9)
            seen = recognizer.recognize(_window(window, n, k, spec, now_ns), now_ns=now_ns).prediction
            # The last window ends _HELD_S after the sequence does.
            middle_s = length_s + _HELD_S - (len(windows) - 1 - k) * HOP_S - spec.length_s / 2
            if not 0 <= middle_s <= length_s:
                continue
            if seen.state == "action":
                assert seen.caption is not None
                counts["right" if seen.caption.id == label else "wrong"] += 1
            else:
                counts[seen.state] += 1
        now_ns += round(10e9)
    recognizer.finish(now_ns)
    total = sum(counts.values())
    return CaptionShares(**{name: count / total for name, count in counts.items()}, windows=total)


def false_events(recognizer: Recognizer, stream: Iterator[NDArray[np.float32]], *, spec: WindowSpec) -> int:
    """Actions that began while people did none of them.

    Args:
        recognizer: With its actions.
        stream: Raw windows (T, 25, 3), ``HOP_S`` apart.
        spec: Of the windows.
    """
    begun, now_ns = 0, 0
    for k, window in enumerate(stream):
        now_ns += round(HOP_S * 1e9)
        found = recognizer.recognize(_window(window, 0, k, spec, now_ns), now_ns=now_ns)
        begun += sum(event.phase == "onset" for event in found.events)
    recognizer.finish(now_ns)
    return begun


def idle_stream(
    kind: str, seconds: float, *, spec: WindowSpec, seed: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Raw windows (T, 25, 3) of synthetic people who stand, fidget or walk by, ``HOP_S`` apart.

    Args:
        kind: "standing"; "fidgeting": small restless movements, standing in between; "walking by".
        seconds: Time that passes.
        spec: Of the windows.
        seed: Of the performances.
    """
    rng = np.random.default_rng(seed)
    while seconds > 0:
        positions = _idle_positions(kind, rng)
        yield from sliding_windows(positions, fps=FPS, spec=spec, hop_s=HOP_S)
        seconds -= len(positions) / FPS


def _idle_positions(kind: str, rng: np.random.Generator) -> NDArray[np.float32]:
    if kind == "standing":
        source = SyntheticSource("synthetic:standing", realtime=False)
        frames = [
            frame.persons[0].positions for frame, _ in zip(source, range(round(60 * FPS)), strict=False)
        ]
        source.close()
        return np.stack(frames)
    return motion_of({"fidgeting": "fidget", "walking by": "walk"}[kind], "", rng).positions


def _held(positions: NDArray[np.float32], fps: float) -> NDArray[np.float32]:
    count = round(_HELD_S * fps)
    return np.concatenate([positions[:1].repeat(count, 0), positions, positions[-1:].repeat(count, 0)])


def _window(
    positions: NDArray[np.float32], track: int, sequence: int, spec: WindowSpec, now_ns: int
) -> Window:
    return Window(
        stream=_STRANGER,
        track=track,
        sequence=sequence,
        positions=positions[None],
        confidence=np.ones((1, *positions.shape[:2]), np.float32),
        length_s=spec.length_s,
        source_fps=FPS,
        captured_ns=now_ns,
    )
