"""Looks at the first two seconds, and every two after them, and says what is wrong with the view."""

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.quality import LARGE_ENOUGH
from streams.sighting import sighting
from streams.skeleton.layouts import Joint
from streams.skeleton.mirroring import looks_mirrored
from streams.skeleton.normalize import body_size
from streams.sources.base import SkeletonFrame
from streams.tracking import Tracked

LOOK_S = 2.0
"""Time looked at before anything is said, seconds."""
_LEAST_GAP_NS = 12_000_000
_MOST_FRAMES = 180
_FARTHEST_M = 4.5
_DARKEST = 40.0
_SLOWEST_FPS = 8.0
_MOSTLY = 0.5
_FEET = [Joint.ANKLE_LEFT, Joint.ANKLE_RIGHT, Joint.FOOT_LEFT, Joint.FOOT_RIGHT]
_ADVICE = {
    "feet": "feet are out of sight: step back, or tilt the camera down",
    "head": "heads are out of sight: step back, or tilt the camera up",
    "far": "people are too far away to be made out well: come closer",
    "dark": "the picture is too dark: put on a light, and have none behind you",
    "slow": "too few pictures a second arrive: close other programs, or use a lower resolution",
    "mirrored": "people look mirrored, left and right may be swapped: switch the camera's mirroring off",
}


@dataclass(frozen=True, eq=False)
class _Look:
    captured_ns: int
    faults: frozenset[str]
    bright: float | None
    positions: NDArray[np.float32] | None
    confidence: NDArray[np.float32] | None


class ViewCheck:
    """What is odd about the view of one source. Not thread-safe."""

    def __init__(self) -> None:
        self._looks: deque[_Look] = deque(maxlen=_MOST_FRAMES)
        self.warnings: tuple[str, ...] = ()
        """What is wrong now, a sentence of advice each."""
        self.estimates: dict[str, Any] = {}
        """Of the last two seconds, JSON-safe: ``fps``; and where somebody was seen ``body_size_m``
        (trunk and leg) and ``noise_mm`` (joints of one frame against the two around it, the median)."""

    def __call__(self, frame: SkeletonFrame, tracked: tuple[Tracked, ...]) -> tuple[str, ...]:
        """Warnings that were not there before this frame; mostly none.

        Args:
            frame: Later than the frame before.
            tracked: Its persons as estimated; the one known for longest is looked at.
        """
        last_ns = self._looks[-1].captured_ns if self._looks else None
        if last_ns is not None and frame.captured_ns - last_ns < _LEAST_GAP_NS:
            return ()
        self._looks.append(_look(frame, tracked))
        if frame.captured_ns - self._looks[0].captured_ns < LOOK_S * 1e9:
            return ()
        before, self.warnings = self.warnings, self._judged()
        self._looks.clear()
        return tuple(warning for warning in self.warnings if warning not in before)

    def _judged(self) -> tuple[str, ...]:
        looks = list(self._looks)
        seconds = (looks[-1].captured_ns - looks[0].captured_ns) / 1e9
        fps = (len(looks) - 1) / seconds
        self.estimates = {"fps": round(fps, 1)}
        seen = [look for look in looks if look.positions is not None]
        wrong = {
            fault
            for fault in ("feet", "head", "far")
            if sum(fault in look.faults for look in seen) > _MOSTLY * max(1, len(seen))
        }
        bright = [look.bright for look in looks if look.bright is not None]
        if bright and float(np.median(bright)) < _DARKEST:
            wrong.add("dark")
        if fps < _SLOWEST_FPS:
            wrong.add("slow")
        if len(seen) > 2:
            positions = np.stack([look.positions for look in seen if look.positions is not None])
            confidence = np.stack([look.confidence for look in seen if look.confidence is not None])
            if looks_mirrored(positions, confidence):
                wrong.add("mirrored")
            between = positions[1:-1] - (positions[:-2] + positions[2:]) / 2
            noise = float(np.median(np.linalg.norm(between, axis=-1)))
            self.estimates |= {
                "body_size_m": round(body_size(positions), 2),
                "noise_mm": round(1000 * noise, 1),
            }
        return tuple(advice for fault, advice in _ADVICE.items() if fault in wrong)


def _look(frame: SkeletonFrame, tracked: tuple[Tracked, ...]) -> _Look:
    picture = frame.picture
    # Every sixteenth pixel each way tells as much.
    bright = float(picture.rgb[::16, ::16].mean()) if picture is not None else None
    if not tracked:
        return _Look(frame.captured_ns, frozenset(), bright, None, None)
    # The same one each time: the order of persons is no identity.
    person = min(tracked, key=lambda one: one.track).person
    faults: set[str] = set()
    if float(person.confidence[_FEET].min()) < 0.5:
        faults.add("feet")
    if float(person.confidence[Joint.HEAD]) < 0.5:
        faults.add("head")
    if person.image_points is None:
        far = float(person.positions[Joint.SPINE_BASE, 2]) > _FARTHEST_M
    else:
        far = sighting(person, frame).trunk < LARGE_ENOUGH
        faults |= {"feet"} if float(person.image_points[_FEET, 1].max()) > 1.0 else set()
        faults |= {"head"} if float(person.image_points[Joint.HEAD, 1]) < 0.0 else set()
    faults |= {"far"} if far else set()
    return _Look(frame.captured_ns, frozenset(faults), bright, person.positions, person.confidence)
