"""Skeletons that another program sends: a Kinect v2, an Azure Kinect or Femto, or anything else.

The vendors' bindings want environments of their own, so they run in a program of their own and
send frames here over ZeroMQ: a PUSH socket that connects to the address this source binds. A
message has two parts. The first is a JSON object:

    v        1
    layout   "ntu25" (also Kinect v2), "k4abt32", "kinect_v1_20", "blazepose33" or "coco17"
    bodies   [id, ...], the sensor's own whole numbers; [] for nobody, at most 6
    time_us  the sensor's clock, microseconds, increasing
    age_us   time between exposure and sending, microseconds; 0 where it is not known
    size     [width, height] of the picture in pixels; of coco17 only

The second is float32, little-endian, (bodies, joints, 4): x, y, z and a confidence in [0, 1], in
the joint order of ``streams.skeleton.layouts``. Unit and axes are those of the layout's vendor:

    ntu25, kinect_v1_20   metres; x to the sensor's left, y up, z away from it (Kinect SDK)
    k4abt32               millimetres; x right, y down, z away (Azure Kinect body tracking)
    blazepose33           metres; x right, y down, z away (MediaPipe world landmarks)
    coco17                pixels; x right, y down, z ignored (any 2-D estimator; lifted here)
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.lifting import coco_person
from streams.skeleton.errors import InputError, WireError, WireVersionError
from streams.skeleton.layouts import COCO_17, NTU_25
from streams.skeleton.normalize import body_size
from streams.skeleton.retarget import (
    BLAZEPOSE_FRAME,
    BLAZEPOSE_TO_NTU,
    COCO_TO_NTU,
    K4ABT_FRAME,
    K4ABT_TO_NTU,
    KINECT_V1_TO_NTU,
    Retargeting,
)
from streams.sources.base import Person, SkeletonFrame
from streams.sources.inbox import Inbox

VERSION = 1
MAX_BODIES = 6
SCHEME = "kinect:"

_MAX_HEADER = 4096
_MAX_BYTES = MAX_BODIES * 33 * 16
_MOST_US = 2**52
_KINECT = np.ones(3, np.float32)
_LAYOUTS: dict[str, tuple[Retargeting | None, NDArray[np.float32]]] = {
    NTU_25.name: (None, _KINECT),
    "kinect_v1_20": (KINECT_V1_TO_NTU, _KINECT),
    "k4abt32": (K4ABT_TO_NTU, K4ABT_FRAME),
    "blazepose33": (BLAZEPOSE_TO_NTU, BLAZEPOSE_FRAME),
    COCO_17.name: (COCO_TO_NTU, _KINECT),
}


@dataclass(frozen=True, eq=False)
class SentFrame:
    """One message, decoded.

    Attributes:
        persons: NTU-25 joints, metres, Kinect camera space.
        time_us: The sensor's clock.
        age_us: Time between exposure and sending.
    """

    persons: tuple[Person, ...]
    time_us: int
    age_us: int


def frame_from(parts: list[bytes]) -> SentFrame:
    """The frame these parts of a message hold.

    Raises:
        WireError: Not a frame, or one of another version; says what was wanted.
    """
    if len(parts) != 2 or len(parts[0]) > _MAX_HEADER or len(parts[1]) > _MAX_BYTES:
        raise WireError(
            f"wanted a header of up to {_MAX_HEADER} bytes and one buffer of up to {_MAX_BYTES}, "
            f"got {len(parts)} parts of {[len(part) for part in parts[:4]]} bytes; see docs/sensors.md"
        )
    header = _header(parts[0])
    layout = header.get("layout")
    if not isinstance(layout, str) or layout not in _LAYOUTS:
        raise WireError(f"wanted a layout ({', '.join(_LAYOUTS)}), got {layout!r:.40}")
    retargeting, axes = _LAYOUTS[layout]
    ids = header.get("bodies")
    if not isinstance(ids, list) or len(ids) > MAX_BODIES or not all(_is_id(one) for one in ids):
        raise WireError(f"wanted bodies as a list of up to {MAX_BODIES} whole numbers, got {ids!r:.60}")
    joints = len(NTU_25 if retargeting is None else retargeting.source_joints)
    if len(parts[1]) != len(ids) * joints * 16:
        raise WireError(
            f"wanted {len(ids)} bodies of {joints} joints, 16 bytes each, got {len(parts[1])} bytes; "
            "send x, y, z and a confidence as float32"
        )
    values = np.frombuffer(parts[1], "<f4").astype(np.float32).reshape(len(ids), joints, 4)
    named = zip(ids, values, strict=True)
    if layout == COCO_17.name:
        size = _size(header.get("size"))
        seen = [coco_person(body[:, [0, 1, 3]], size=size, track=identity) for identity, body in named]
        persons = tuple(person for person in seen if person is not None)
    else:
        persons = tuple(_person(body, identity, retargeting, axes) for identity, body in named)
    return SentFrame(persons, time_us=_count(header, "time_us"), age_us=_count(header, "age_us"))


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"wanted a JSON header, got {text[:40]!r}: {error}") from None
    if not isinstance(header, dict):
        raise WireError(f"wanted a JSON object as header, got {type(header).__name__}")
    if header.get("v") != VERSION:
        raise WireVersionError(f"wanted frames of version {VERSION}, got {header.get('v')!r:.40}")
    return header


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _size(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(_is_id(n) and 1 <= n <= 32768 for n in value):
        return value[0], value[1]
    raise WireError(f"wanted size as [width, height] in pixels with coco17, got {value!r:.40}")


def _count(header: dict[str, Any], name: str) -> int:
    value = header.get(name, 0)
    if not _is_id(value) or not 0 <= value < _MOST_US:
        raise WireError(f"wanted {name} as whole microseconds, got {value!r:.40}")
    return value


def _person(
    body: NDArray[np.float32], identity: int, retargeting: Retargeting | None, axes: NDArray[np.float32]
) -> Person:
    # Kept finite here, judged by the pipeline: one bad body must not cost the others their frame.
    joints = np.where(np.abs(body[:, :3]) < 1e6, body[:, :3], np.nan) * axes
    confidence = np.nan_to_num(body[:, 3], nan=0.0).clip(0.0, 1.0)
    if retargeting is None:
        return Person(joints, confidence, track=identity)
    return Person(retargeting.positions(joints), retargeting.confidence(confidence), track=identity)


class RemoteSource:
    """Skeletons sent by another program; the newest frame is given, older ones are dropped and counted.

    The sensor's clock sets the distances between frames; how it lies to ours is taken from the
    frame that was on its way for the shortest time.

    Args:
        address: "kinect:tcp://127.0.0.1:5590", where to bind; loopback or ipc.

    Raises:
        SourceError: The address is none, is taken, or can be reached from other machines.
    """

    def __init__(self, address: str) -> None:
        self.name = address
        self.live = True
        self._inbox = Inbox(
            address,
            address.removeprefix(SCHEME),
            decode=self._frame,
            max_bytes=max(_MAX_HEADER, _MAX_BYTES),
            what="skeletons",
            start="start the sensor's program (docs/sensors.md)",
        )
        self.presence = self._inbox.presence
        """Whether somebody sends."""
        self.refused = self._inbox.refused
        """Messages that were no frame, by the code of their error."""
        self._offset_ns: int | None = None
        self._last_us = -1
        self._last_ns = 0

    @property
    def endpoint(self) -> str:
        """The address bound, a free port filled in."""
        return self._inbox.endpoint

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before they were taken."""
        return self._inbox.dropped

    def __iter__(self) -> Iterator[SkeletonFrame]:
        """Frames in order of time, until ``close``; nothing while nobody sends."""
        return iter(self._inbox)

    def close(self) -> None:
        """End the iteration; from any thread. The address is free once it has ended."""
        self._inbox.close()

    def _frame(self, parts: list[bytes], now_ns: int) -> SkeletonFrame:
        sent = frame_from(parts)
        _check_sizes(sent)
        return SkeletonFrame(sent.persons, captured_ns=self._captured_ns(sent, now_ns))

    def _captured_ns(self, sent: SentFrame, now_ns: int) -> int:
        """The instant of exposure on our clock, later than the one before."""
        exposed_ns, told_ns = now_ns - sent.age_us * 1000, sent.time_us * 1000
        # A clock that stands still or goes back is another sender's, or none.
        if self._offset_ns is None or sent.time_us <= self._last_us or not sent.time_us:
            self._offset_ns = exposed_ns - told_ns
        self._offset_ns = min(self._offset_ns, exposed_ns - told_ns)
        if exposed_ns - (told_ns + self._offset_ns) > 1e9:
            # A second late is no jitter: the two clocks have parted.
            self._offset_ns = exposed_ns - told_ns
        self._last_us = sent.time_us
        self._last_ns = max(self._last_ns + 1000, told_ns + self._offset_ns)
        return self._last_ns


def _check_sizes(sent: SentFrame) -> None:
    """Refuse bodies of no human size: the unit is another.

    Raises:
        InputError: Says the unit that fits.
    """
    for person in sent.persons:
        size = body_size(person.positions[None])
        if size > 20.0:
            raise InputError(
                f"wanted a body whose trunk and leg measure some 1.3 m, got {size:.0f}; "
                "these are millimetres in a layout that counts in metres: divide by 1000"
            )
        if 0.0 < size < 0.02:
            raise InputError(
                f"wanted a body whose trunk and leg measure some 1.3 m, got {1000 * size:.1f} mm; "
                "these are metres in a layout that counts in millimetres: multiply by 1000"
            )
