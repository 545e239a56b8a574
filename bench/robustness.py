"""How captions hold out against turning away, distance, few pictures, unseen joints and jitter.

Recordings are disturbed one way at a time and go through the live stages (``engine.replay``) from
the tracker on. Counted are the windows in which a known action fills at least the last half:
``best`` is the share whose best class is right, ``shown`` the share under the right caption.

What the disturbances are not: a turned body is turned as a whole, so nothing of it is hidden
behind the rest; distance is the growing noise of a depth sensor, with its square; an unseen joint
stays where it was seen last, without confidence, for half a second at a time.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import ROOT
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import Prediction
from engine.recognizer import Recognizer
from engine.replay import recognizer_of, replay_frames
from engine.text.encoders import load_text_encoder
from streams.skeleton.normalize import yaw_matrix
from streams.skeleton.resample import resample
from streams.skeleton.window import WindowSpec
from streams.sources.base import Person, SkeletonFrame
from streams.sources.synthetic import ACTIONS, STANDING, performance
from training.datasets.packed import load_packed

Array = NDArray[np.float32]
_HELD_S = 0.5
_SENSOR_MM, _SENSOR_M = 3.0, 2.6
"""Jitter of the synthetic sensor, at its distance."""


@dataclass(frozen=True)
class RobustnessConfig:
    """How captions hold out against disturbances of the skeleton."""

    data: Path = ROOT.parent / "shared" / "data"
    """Folder with open/hdm05.npz; without it only the synthetic person is measured."""
    bundle: Path = DEFAULT_BUNDLE
    """Folder of the model bundle."""
    seconds: float = 12.0
    """Of each synthetic action, seconds."""
    sequences: int = 4
    """Of each class of HDM05."""
    hop_s: float = 0.4
    """Time between two windows, seconds."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording with its truth."""

    positions: Array
    """(T, 25, 3) metres."""
    fps: float
    names: tuple[str, ...]
    """(T,) what is done in each frame."""


@dataclass(frozen=True)
class Disturbance:
    """One way of making a recording worse."""

    kind: str
    value: float
    unit: str


DISTURBANCES = (
    Disturbance("none", 0, ""),
    *(Disturbance("yaw", v, "degrees") for v in (45, 90, 135, 180)),
    *(Disturbance("distance", v, "m") for v in (4, 6, 8)),
    *(Disturbance("rate", v, "frames/s") for v in (8, 12, 15, 60)),
    *(Disturbance("unseen joints", v, "%") for v in (10, 20, 40)),
    *(Disturbance("jitter", v, "mm") for v in (10, 20, 40)),
)


def run(config: RobustnessConfig) -> dict[str, Any]:
    """Shares of windows by corpus and disturbance, JSON-safe."""
    # That people are too far away is what is asked for here.
    logging.getLogger("streams.pipeline").setLevel(logging.ERROR)
    bundle = load_bundle(config.bundle)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    spec = bundle.manifest.window
    corpora = {"synthetic person": synthetic_clips(config.seconds)}
    hdm05 = config.data / "open" / "hdm05.npz"
    if hdm05.is_file():
        corpora["HDM05"] = packed_clips(hdm05, config.sequences)
    results: dict[str, Any] = {"bundle": bundle.fingerprint[:12], "hop_s": config.hop_s}
    for name, clips in corpora.items():
        actions = sorted({action for clip in clips for action in clip.names} - {STANDING})
        recognizer = recognizer_of(actions, bundle, encoder)
        results[name] = {
            "clips": len(clips),
            "actions": len(actions),
            "rows": [
                {
                    "kind": way.kind,
                    "value": way.value,
                    "unit": way.unit,
                    **measured(clips, way, recognizer, spec, config.hop_s),
                }
                for way in DISTURBANCES
            ],
        }
    return results


def synthetic_clips(seconds: float) -> list[Clip]:
    """Each action of the synthetic person, again and again."""
    clips: list[Clip] = []
    for seed, action in enumerate(ACTIONS):
        moments = performance((STANDING, action), fps=30.0, rng=np.random.default_rng(seed))
        taken = [next(moments) for _ in range(round(seconds * 30))]
        names = tuple(name for name, _ in taken)
        clips.append(Clip(np.stack([positions for _, positions in taken]), 30.0, names))
    return clips


def packed_clips(path: Path, sequences: int) -> list[Clip]:
    """The first sequences of each class of a packed set, 2.6 m away."""
    packed = load_packed(path)
    counts: dict[str, int] = {}
    clips: list[Clip] = []
    for positions, label in zip(packed.sequences, packed.labels, strict=True):
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= sequences:
            there = positions + np.array([0, 0, _SENSOR_M], np.float32)
            clips.append(Clip(there, packed.fps, (label,) * len(positions)))
    return clips


def measured(
    clips: list[Clip], way: Disturbance, recognizer: Recognizer, spec: WindowSpec, hop_s: float
) -> dict[str, Any]:
    """Windows counted, and the shares whose best class, and whose caption, is right."""
    counts = np.zeros(3, int)
    for seed, clip in enumerate(clips):
        worse = disturbed(clip, way, np.random.default_rng(seed))

        def judge(prediction: Prediction, at_s: float, clip: Clip = worse) -> None:
            end, half = round(at_s * clip.fps), round(spec.length_s / 2 * clip.fps)
            during = set(clip.names[max(0, end - half) : end + 1])
            if len(during) != 1 or during == {STANDING}:
                return
            (truth,) = during
            best = prediction.top[0].name if prediction.top else None
            shown = prediction.caption.name if prediction.caption else None
            counts[:] += (1, best == truth, shown == truth)

        replay_frames(way.kind, frames_of(worse), recognizer, spec, hop_s=hop_s, on_prediction=judge)
    windows = int(counts[0])
    shares = (counts[1:] / max(1, windows)).round(4).tolist()
    return {"windows": windows, "best": shares[0], "shown": shares[1]}


def disturbed(clip: Clip, way: Disturbance, rng: np.random.Generator) -> Clip:
    """The clip made worse."""
    return _WAYS[way.kind](clip, way.value, rng)


def frames_of(clip: Clip) -> Iterator[SkeletonFrame]:
    """The clip as a source gives it; a joint that is NaN is held, without confidence."""
    held = clip.positions[0].copy()
    for i, positions in enumerate(clip.positions):
        seen = np.isfinite(positions).all(axis=1)
        held = np.where(seen[:, None], positions, held)
        person = Person(np.nan_to_num(held), seen.astype(np.float32))
        yield SkeletonFrame((person,), captured_ns=round(i * 1e9 / clip.fps))


def _turned(clip: Clip, degrees: float, rng: np.random.Generator) -> Clip:
    middle = clip.positions[:1, :1]
    turned = (clip.positions - middle) @ yaw_matrix(np.deg2rad(degrees)).T + middle
    return Clip(turned.astype(np.float32), clip.fps, clip.names)


def _jittered(clip: Clip, millimetres: float, rng: np.random.Generator) -> Clip:
    noise = rng.normal(0, millimetres / 1000, clip.positions.shape)
    return Clip((clip.positions + noise).astype(np.float32), clip.fps, clip.names)


def _far(clip: Clip, metres: float, rng: np.random.Generator) -> Clip:
    away = Clip(clip.positions + np.array([0, 0, metres - _SENSOR_M], np.float32), clip.fps, clip.names)
    return _jittered(away, _SENSOR_MM * (metres / _SENSOR_M) ** 2, rng)


def _at_rate(clip: Clip, fps: float, rng: np.random.Generator) -> Clip:
    times = np.arange(len(clip.positions)) / clip.fps
    wanted = np.arange(0, times[-1], 1 / fps)
    names = tuple(clip.names[min(len(clip.names) - 1, round(t * clip.fps))] for t in wanted)
    return Clip(resample(clip.positions, times, wanted), fps, names)


def _unseen(clip: Clip, percent: float, rng: np.random.Generator) -> Clip:
    frames, joints = clip.positions.shape[:2]
    held = max(1, round(_HELD_S * clip.fps))
    gone = rng.random((frames // held + 1, joints)) < percent / 100
    hidden = np.repeat(gone, held, axis=0)[:frames]
    hidden[0] = False
    return Clip(np.where(hidden[..., None], np.float32(np.nan), clip.positions), clip.fps, clip.names)


_WAYS: dict[str, Callable[[Clip, float, np.random.Generator], Clip]] = {
    "none": lambda clip, value, rng: clip,
    "yaw": _turned,
    "distance": _far,
    "rate": _at_rate,
    "unseen joints": _unseen,
    "jitter": _jittered,
}
