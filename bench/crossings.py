"""Two people who do different things and cross each other's way: is each caption the right one's?

Simulated time, as fast as it goes: ``synthetic:two`` changes sides every six seconds, one hidden behind
the other for a moment, without identities, in random order. It is seen by a depth sensor, and by a
single camera, whose joints are centred on the hips. Tracker, windows, recogniser and decision are the
live ones.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import Prediction
from engine.replay import recognizer_of, replay_frames
from engine.text.encoders import load_text_encoder
from streams.sources.base import SkeletonFrame
from streams.sources.synthetic import ACTIONS
from streams.sources.synthetic_pair import CROSSING_S, SyntheticPairSource
from streams.tracking import Tracker


@dataclass(frozen=True)
class CrossingsConfig:
    """Captions and identities of two people who cross."""

    minutes: float = 10.0
    """Simulated, of each scene."""
    fps: float = 30.0
    """Frames a second."""
    hop_s: float = 1.0
    """Time between two windows of a person, seconds."""
    pairs: tuple[str, ...] = ("wave the right hand,jumping jacks", "squat,clap")
    """What the two do, in each scene."""
    bundle: Path = DEFAULT_BUNDLE
    """Folder of the model bundle."""


class Scene:
    """Frames of a pair, and who is who by the tracker's numbers."""

    def __init__(self, pair: str, config: CrossingsConfig, *, camera: bool) -> None:
        self.source = SyntheticPairSource(
            f"synthetic:two:{pair}", fps=config.fps, seed=1, realtime=False, camera=camera
        )
        self.frames = round(60 * config.minutes * config.fps)
        self.switches = 0
        self._fps = config.fps
        self._owner: dict[int, int] = {}
        self._tracker = Tracker()

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """The frames in a time of their own; a second tracker tells who has which number."""
        for count, frame in enumerate(islice(self.source, self.frames)):
            # The source stamps frames with the clock, and they come faster than that.
            timed = SkeletonFrame(frame.persons, captured_ns=round(count * 1e9 / self._fps))
            for one in self._tracker(timed):
                who = self.source.order[next(i for i, p in enumerate(timed.persons) if p is one.person)]
                # A new number for somebody who was lost is not a switch; another's number is.
                self.switches += self._owner.get(one.track, who) != who
                self._owner[one.track] = who
            yield timed

    def action_of(self, track: int) -> str:
        """What the owner of a number does."""
        return self.source.actions[self._owner[track]]

    @property
    def numbers(self) -> int:
        """How many identities the two were given; two if none was lost."""
        return len(self._owner)


def run(config: CrossingsConfig) -> dict[str, Any]:
    """Of each scene and view: crossings, switches, numbers given, and shares of windows by caption."""
    bundle = load_bundle(config.bundle)
    encoder = load_text_encoder(bundle.manifest.text_encoder.id)
    rows: list[dict[str, Any]] = []
    for pair in config.pairs:
        for view in ("depth sensor", "camera"):
            scene, counts = Scene(pair, config, camera=view == "camera"), Counter[str]()

            def judge(
                prediction: Prediction, at_s: float, scene: Scene = scene, counts: Counter[str] = counts
            ) -> None:
                named = prediction.caption.name if prediction.caption is not None else None
                other = {*scene.source.actions} - {scene.action_of(prediction.track)}
                right = named == scene.action_of(prediction.track)
                counts[
                    "right" if right else "other's" if named in other else "wrong" if named else "none"
                ] += 1

            recognizer = recognizer_of(tuple(ACTIONS), bundle, encoder)
            replay_frames(
                view, scene, recognizer, bundle.manifest.window, hop_s=config.hop_s, on_prediction=judge
            )
            windows = counts.total()
            rows.append(
                {
                    "pair": pair.replace(",", " / "),
                    "view": view,
                    "crossings": int(60 * config.minutes / CROSSING_S),
                    "switches": scene.switches,
                    "numbers": scene.numbers,
                    "windows": windows,
                    **{
                        kind: round(counts[kind] / max(1, windows), 4)
                        for kind in ("right", "other's", "wrong", "none")
                    },
                }
            )
    return {"bundle": bundle.fingerprint[:12], "fps": config.fps, "minutes": config.minutes, "rows": rows}
