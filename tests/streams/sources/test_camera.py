import threading
from contextlib import closing

import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.sources.camera import CameraSource
from tests.streams.fakes import WAIT_S


class FakeDevice:
    """A camera whose pictures come when the test says so; each is filled with its number."""

    def __init__(self, *, there: bool = True) -> None:
        self.released = threading.Event()
        self.read_count = 0
        self._there = there
        self._changed = threading.Condition()
        self._ready: list[np.ndarray | None] = []

    def isOpened(self) -> bool:
        return self._there

    def expose(self, *numbers: int | None) -> None:
        """Let pictures of these numbers come; None is a read that fails. Returns once they were read."""
        with self._changed:
            for number in numbers:
                picture = None if number is None else np.zeros((4, 6, 3), np.uint8)
                if picture is not None and number is not None:
                    picture[..., 0] = number
                self._ready.append(picture)
            target = self.read_count + len(self._ready)
            self._changed.notify_all()
            # One read more has begun: what came before has been put where it belongs.
            assert self._changed.wait_for(lambda: self.read_count >= target and self._waiting, WAIT_S)

    _waiting = False

    def read(self) -> tuple[bool, np.ndarray | None]:
        with self._changed:
            self._waiting = True
            self._changed.notify_all()
            while not self._ready:
                self._changed.wait(0.02)
                if self._stopping and not self._ready:
                    return False, None
            self._waiting = False
            self.read_count += 1
            picture = self._ready.pop(0)
            return picture is not None, picture

    _stopping = False

    def unplug(self) -> None:
        self._stopping = True

    def release(self) -> None:
        self.released.set()


def opened(device: FakeDevice, *, silent_s: float = WAIT_S) -> CameraSource:
    return CameraSource(3, opened_by=lambda index: device, silent_s=silent_s, first_s=silent_s)


def test_no_camera_says_what_to_do() -> None:
    device = FakeDevice(there=False)
    with pytest.raises(
        SourceError, match=r"wanted camera 3, got none \(here: .*\); plug it in, .*synthetic"
    ):
        opened(device)
    assert device.released.is_set()


def test_pictures_come_as_rgb_with_rising_times() -> None:
    device = FakeDevice()
    with closing(opened(device)) as source:
        pictures = iter(source)
        device.expose(7)
        first = next(pictures)
        device.expose(8)
        second = next(pictures)
        device.unplug()
    # OpenCV gives blue first.
    assert first.rgb[0, 0].tolist() == [0, 0, 7]
    assert second.rgb[0, 0].tolist() == [0, 0, 8]
    assert second.captured_ns > first.captured_ns
    assert source.dropped == 0
    assert device.released.is_set()


def test_the_newest_is_taken_and_the_others_are_counted() -> None:
    device = FakeDevice()
    with closing(opened(device)) as source:
        device.expose(1, 2, 3)
        assert next(iter(source)).rgb[0, 0, 2] == 3
        assert source.dropped == 2
        device.unplug()


def test_a_failed_read_is_tried_again() -> None:
    device = FakeDevice()
    with closing(opened(device)) as source:
        device.expose(None, None, 5)
        assert next(iter(source)).rgb[0, 0, 2] == 5
        device.unplug()


def test_a_camera_that_falls_silent_is_noticed() -> None:
    device = FakeDevice()
    with closing(opened(device, silent_s=0.05)) as source:
        device.expose(1)
        pictures = iter(source)
        next(pictures)
        with pytest.raises(SourceError, match=r"got none for 0\.05 s; plug it in"):
            next(pictures)
        device.unplug()


def test_a_silent_camera_counts_as_gone_within_two_seconds() -> None:
    device = FakeDevice()
    with closing(CameraSource(0, opened_by=lambda index: device)) as source:
        assert source._silent_s <= 2.0
        device.unplug()


def test_closing_ends_the_iteration_of_another_thread() -> None:
    device = FakeDevice()
    source = opened(device)
    ended = threading.Event()

    def take() -> None:
        assert list(source) == []
        ended.set()

    threading.Thread(target=take).start()
    device.unplug()
    source.close()
    assert ended.wait(WAIT_S)
