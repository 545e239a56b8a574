"""Sends the bodies an Azure Kinect or Femto sees to anymove; a pattern for any other sensor.

Needs numpy and pyzmq, and pykinect_azure for ``azure_kinect()``. Run anymove first:

    anymove run --source kinect:tcp://127.0.0.1:5590
    python send_skeletons.py

``docs/sensors.md`` describes the message.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import zmq

CONFIDENCE = {0: 0.0, 1: 0.3, 2: 1.0, 3: 1.0}
"""Of k4abt's levels none, low (guessed), medium (seen), high (not used by the SDK)."""


def message(layout: str, bodies: dict[int, np.ndarray], time_us: int, **more: Any) -> list[bytes]:
    """The two parts of a message; each body is (joints, 4): x, y, z and a confidence."""
    header = {"v": 1, "layout": layout, "bodies": list(bodies), "time_us": time_us, **more}
    return [json.dumps(header).encode(), b"".join(np.asarray(b, "<f4").tobytes() for b in bodies.values())]


def send(frames: Iterable[dict[int, np.ndarray]], address: str, layout: str) -> None:
    """Send each frame as it comes; one that nobody takes is dropped, never queued."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger, socket.sndhwm, socket.immediate = 0, 2, 1
        socket.connect(address)
        for bodies in frames:
            with contextlib.suppress(zmq.Again):
                socket.send_multipart(message(layout, bodies, time.monotonic_ns() // 1000), zmq.NOBLOCK)


def k4abt_joints(skeleton: Any) -> np.ndarray:
    """(32, 4) of a ``k4abt_skeleton_t``: millimetres as the SDK gives them, and a confidence."""
    return np.array(
        [(*(getattr(j.position.xyz, axis) for axis in "xyz"), CONFIDENCE[j.confidence_level])
         for j in skeleton.joints], np.float32)  # fmt: skip


def azure_kinect() -> Iterator[dict[int, np.ndarray]]:
    """Frames of the first Azure Kinect or, through Orbbec's K4A wrapper, Femto."""
    import pykinect_azure as pykinect

    pykinect.initialize_libraries(track_body=True)
    config = pykinect.default_configuration
    config.color_resolution = pykinect.K4A_COLOR_RESOLUTION_OFF
    config.depth_mode = pykinect.K4A_DEPTH_MODE_NFOV_UNBINNED
    device = pykinect.start_device(config=config)
    tracker = pykinect.start_body_tracker()
    while True:
        device.update()
        frame = tracker.update()
        count = min(6, frame.get_num_bodies())
        yield {frame.get_body_id(i): k4abt_joints(frame.get_body_skeleton(i)) for i in range(count)}


if __name__ == "__main__":
    send(azure_kinect(), sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5590", "k4abt32")
