"""Stand-ins for the engine and for people, shared by the tests of the capture process."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zmq
from numpy.typing import NDArray

from streams.session_file import SessionHeader, encode_header, encode_record
from streams.skeleton.layouts import NTU_25, Joint
from streams.skeleton.window import Window, WindowSpec
from streams.sources.base import Person, SkeletonFrame
from streams.wire import pack, unpack, unpack_window

WAIT_S = 20.0


def standing() -> NDArray[np.float32]:
    """(25, 3): an adult who faces the sensor, hips at the origin, arms down; left has the smaller x."""
    at = {
        "spine_base": (0, 0, 0),
        "spine_mid": (0, 0.25, 0),
        "neck": (0, 0.58, 0),
        "head": (0, 0.72, 0),
        "spine_shoulder": (0, 0.5, 0),
    }
    for side, sign in (("left", -1.0), ("right", 1.0)):
        limb = {
            "shoulder": (0.18, 0.48),
            "elbow": (0.22, 0.2),
            "wrist": (0.24, -0.04),
            "hand": (0.24, -0.12),
            "hand_tip": (0.24, -0.2),
            "thumb": (0.2, -0.14),
            "hip": (0.09, -0.02),
            "knee": (0.1, -0.44),
            "ankle": (0.1, -0.84),
        }
        at |= {f"{part}_{side}": (sign * x, y, 0) for part, (x, y) in limb.items()}
        at[f"foot_{side}"] = (sign * 0.1, -0.9, -0.12)
    return np.array([at[name] for name in NTU_25.joints], np.float32)


def person_at(x: float, *, z: float = 2.5, track: int | None = None) -> Person:
    """Somebody standing ``x`` metres to the sensor's left."""
    positions = standing() + np.array([x, 0, z], np.float32)
    return Person(positions=positions, confidence=np.ones(25, np.float32), track=track)


def waving(seconds: float, *, fps: float = 30.0, begin_ns: int = 0) -> list[SkeletonFrame]:
    """Frames of one person whose right hand goes up and down once a second."""
    frames: list[SkeletonFrame] = []
    for i in range(round(seconds * fps)):
        positions = standing() + np.array([0, 0, 2.5], np.float32)
        positions[Joint.HAND_RIGHT, 1] += 0.4 * np.sin(2 * np.pi * i / fps)
        person = Person(positions, np.ones(25, np.float32))
        frames.append(SkeletonFrame((person,), captured_ns=begin_ns + round(i * 1e9 / fps)))
    return frames


def write_session(path: Path, frames: list[SkeletonFrame], *, each: int = 30) -> None:
    """A session file with so many frames in each record, as a recorder writes them once a second."""
    begin_ns = frames[0].captured_ns
    records = [
        encode_record([((f.captured_ns - begin_ns + 500) // 1000, f) for f in frames[at : at + each]])
        for at in range(0, len(frames), each)
    ]
    path.write_bytes(encode_header(SessionHeader(source="test")) + b"".join(records))


class ListSource:
    """A source that gives these frames, at once."""

    def __init__(self, frames: list[SkeletonFrame], *, live: bool = False) -> None:
        self.name = "list"
        self.live = live
        self.dropped = 0
        self._frames = frames
        self.closed = False

    def __iter__(self):
        for frame in self._frames:
            if self.closed:
                return
            yield frame

    def close(self) -> None:
        self.closed = True


class FakeEngine:
    """A ROUTER that follows the protocol and keeps every window.

    While ``taking`` is cleared windows pile up unanswered, as in an engine that is too slow.
    """

    def __init__(self, endpoint: str, *, spec: WindowSpec | None = None, credit: int = 2) -> None:
        self.windows: list[Window] = []
        self.hellos = 0
        self.taking = threading.Event()
        self.taking.set()
        self.refuse_code: str | None = None
        self.answer_hello = True
        self._spec, self._credit = spec or WindowSpec(), credit
        self._changed = threading.Condition()
        self._owed: list[bytes] = []
        self._stop = threading.Event()
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.linger = 0
        self._router.rcvtimeo = 20
        self._router.bind(endpoint)
        self.endpoint = self._router.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, condition: Callable[["FakeEngine"], bool]) -> bool:
        """Whether the condition comes true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), WAIT_S)

    def stop(self) -> None:
        """Gone, like a killed process."""
        self._stop.set()
        self._thread.join()
        self._router.close()
        self._context.term()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(zmq.Again):
                identity, *frames = self._router.recv_multipart()
                self._answer(identity, frames)
            while self._owed and self.taking.is_set():
                self._say(self._owed.pop(0), "credit", credit=1)

    def _answer(self, identity: bytes, frames: list[bytes]) -> None:
        message = unpack(frames)
        with self._changed:
            if message.type == "hello":
                self.hellos += 1
                if self.answer_hello:
                    self._say(
                        identity,
                        "welcome",
                        frames=self._spec.frames,
                        length_s=self._spec.length_s,
                        credit=self._credit,
                    )
            elif self.refuse_code:
                self._say(identity, "refused", code=self.refuse_code, message="not this one")
            else:
                self.windows.append(unpack_window(message, received_ns=time.monotonic_ns()))
                self._owed.append(identity)
            self._changed.notify_all()

    def _say(self, identity: bytes, kind: str, **header: object) -> None:
        self._router.send_multipart([identity, *pack(kind, dict(header))])
