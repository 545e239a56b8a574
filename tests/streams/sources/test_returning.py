import threading
from contextlib import closing

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.sources.camera import CameraSource
from streams.sources.returning import ReturningSource

TIMES = 50
EACH = 3


class Port:
    """Where a fake device is plugged in and out; remembers every one it gave."""

    def __init__(self) -> None:
        self.opened: list[Device] = []
        self.refusals = 0

    def open(self, index: int) -> "Device":
        # Every second attempt finds nothing, as while a device is away.
        self.refusals += len(self.opened) > self.refusals
        there = self.refusals < len(self.opened) or not self.opened or self._settled()
        device = Device(there=there)
        if there:
            self.opened.append(device)
        return device

    def _settled(self) -> bool:
        self._attempts = getattr(self, "_attempts", 0) + 1
        return self._attempts % 2 == 0


class Device:
    """A camera that gives a few pictures and then is gone."""

    def __init__(self, *, there: bool) -> None:
        self._there = there
        self._left = EACH
        self.released = threading.Event()

    def isOpened(self) -> bool:
        return self._there

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self._left == 0:
            return False, None
        self._left -= 1
        return True, np.zeros((4, 6, 3), np.uint8)

    def release(self) -> None:
        self.released.set()


def test_a_camera_pulled_out_fifty_times_comes_back_each_time_and_leaks_nothing() -> None:
    port = Port()
    threads = threading.active_count()

    def camera() -> CameraSource:
        return CameraSource(0, opened_by=port.open, silent_s=0.02, first_s=0.02)

    source = ReturningSource(camera, retry_s=0.001)
    times: list[int] = []
    with closing(source):
        for picture in source:
            times.append(picture.captured_ns)
            if source.presence.returns == TIMES:
                break
    assert (source.presence.losses, source.presence.returns) == (TIMES, TIMES)
    assert len(port.opened) == TIMES + 1
    assert all(device.released.wait(5) for device in port.opened)
    assert (np.diff(times) > 0).all()
    assert len(times) >= TIMES
    assert threading.active_count() == threads


def test_one_that_is_not_there_to_begin_with_is_an_error() -> None:
    def nothing() -> CameraSource:
        raise SourceError("wanted a camera, got none")

    with pytest.raises(SourceError, match="got none"):
        ReturningSource(nothing)


def test_closing_ends_the_wait_for_a_return() -> None:
    port = Port()
    opened = [CameraSource(0, opened_by=port.open, silent_s=0.02, first_s=0.02)]

    def once() -> CameraSource:
        if not opened:
            raise SourceError("gone for good")
        return opened.pop()

    source = ReturningSource(once, retry_s=3600.0)
    ended = threading.Event()

    def take() -> None:
        for _ in source:
            pass
        ended.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert port.opened[0].released.wait(20)
    source.close()
    assert ended.wait(20)
    thread.join()


def test_what_was_dropped_before_a_loss_still_counts() -> None:
    port = Port()
    source = ReturningSource(
        lambda: CameraSource(0, opened_by=port.open, silent_s=0.02, first_s=0.02), retry_s=0.001
    )
    taken = 0
    with closing(source):
        for _ in source:
            taken += 1
            if source.presence.returns == 3:
                break
    assert taken + source.dropped == pytest.approx(EACH * 4, abs=EACH)
