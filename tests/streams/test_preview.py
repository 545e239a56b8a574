from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from streams.jpeg import jpeg
from streams.preview import Preview, PreviewReader, preview_from
from streams.preview_publisher import PreviewPublisher
from streams.skeleton.errors import ConfigError, WireError
from streams.sources.base import Person, Picture, SkeletonFrame
from streams.tracking import Tracked
from streams.wire import pack, unpack
from tests.streams.fakes import WAIT_S, standing

JPEG_START = b"\xff\xd8\xff"


def seen(count: int = 1, *, picture: bool = True) -> tuple[SkeletonFrame, tuple[Tracked, ...]]:
    points = np.linspace(0, 1, 50, dtype=np.float32).reshape(25, 2) if picture else None
    persons = tuple(
        Person(standing() + np.float32(i), np.full(25, 0.5, np.float32), points) for i in range(count)
    )
    rgb = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    frame = SkeletonFrame(persons, captured_ns=1, picture=Picture(rgb, 1) if picture else None)
    return frame, tuple(Tracked(10 + i, p, quality=0.5) for i, p in enumerate(persons))


class Wire:
    """A subscriber that sees the very bytes."""

    def __init__(self, address: str) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.subscribe(b"")
        self._socket.rcvtimeo = 50
        self._socket.connect(address)

    def frames(
        self, publisher: PreviewPublisher, *shown: tuple[SkeletonFrame, tuple[Tracked, ...]]
    ) -> list[bytes]:
        """The first message that arrives while these are shown again and again."""
        for _ in range(int(WAIT_S * 20)):
            for frame, tracked in shown:
                publisher.show(frame, tracked, fps=30.0)
            try:
                return self._socket.recv_multipart()
            except zmq.Again:
                continue
        raise AssertionError("nothing was published")

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()


@pytest.fixture
def wire(address: str) -> Iterator[Wire]:
    with closing(Wire(address)) as wire:
        yield wire


def first(
    reader: PreviewReader, publisher: PreviewPublisher, *, count: int = 1, picture: bool = True
) -> Preview:
    frame, tracked = seen(count, picture=picture)
    for _ in range(int(WAIT_S * 20)):
        publisher.show(frame, tracked, fps=29.97, dropped=4)
        if (preview := reader.newer_than(None, 0.05)) is not None:
            return preview
    raise AssertionError("nothing was received")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_shown_is_received(address: str, count: int) -> None:
    with (
        closing(PreviewPublisher(address, "cam", encode=jpeg)) as publisher,
        closing(PreviewReader(address)) as reader,
    ):
        preview = first(reader, publisher, count=count)
        assert reader.latest() is not None
    frame, tracked = seen(count)
    assert (preview.stream, preview.width, preview.height, preview.fps) == ("cam", 160, 120, 29.97)
    assert [t.track for t in preview.tracks] == [t.track for t in tracked]
    assert all(t.quality == 0.5 for t in preview.tracks)
    assert preview.joints.shape == (count, 25, 3)
    assert preview.image_points is not None
    for i, person in enumerate(frame.persons):
        np.testing.assert_array_equal(preview.joints[i], person.positions)
        np.testing.assert_array_equal(preview.confidence[i], person.confidence)
        np.testing.assert_array_equal(preview.image_points[i], person.image_points)
    assert preview.jpeg is not None
    assert preview.jpeg.startswith(JPEG_START)
    assert not preview.joints_only
    assert preview.frames_dropped == 4


def test_in_joints_only_mode_no_picture_is_on_the_wire(address: str, wire: Wire) -> None:
    with closing(PreviewPublisher(address, "cam", encode=None, max_fps=1.0)) as publisher:
        frames = wire.frames(publisher, seen())
        # Not even the thread that sends gets to see it.
        publisher.show(*seen(), fps=30.0)
        assert publisher._next is not None
        assert publisher._next.rgb is None
    message = unpack(frames)
    assert set(message.arrays) == {"joints", "confidence", "image_points"}
    assert message.header["joints_only"] is True
    assert sum(map(len, frames)) < 4096
    assert not any(JPEG_START in frame for frame in frames)
    # The size is no picture: it tells the shape the image points are shares of.
    assert (message.header["width"], message.header["height"]) == (160, 120)


def test_with_pictures_one_is_on_the_wire(address: str, wire: Wire) -> None:
    with closing(PreviewPublisher(address, "cam", encode=jpeg)) as publisher:
        frames = wire.frames(publisher, seen())
    assert any(JPEG_START in frame for frame in frames)


def test_a_source_without_pictures_has_neither_size_nor_points(address: str) -> None:
    with (
        closing(PreviewPublisher(address, "cam", encode=jpeg)) as publisher,
        closing(PreviewReader(address)) as reader,
    ):
        preview = first(reader, publisher, picture=False)
    assert (preview.width, preview.height, preview.image_points, preview.jpeg) == (0, 0, None, None)


def test_the_latest_is_published_and_the_rest_is_counted(address: str, wire: Wire) -> None:
    with closing(PreviewPublisher(address, "cam", encode=None, max_fps=1.0)) as publisher:
        wire.frames(publisher, seen())
        before = publisher.passed_over
        for _ in range(10):
            publisher.show(*seen(), fps=1.0)
        assert publisher.passed_over - before >= 9
        assert publisher.sent <= 3


def test_an_address_in_use_is_explained(address: str) -> None:
    tcp = "tcp://127.0.0.1:0"
    context = zmq.Context()
    blocker = context.socket(zmq.PUB)
    blocker.bind(tcp)
    taken = blocker.getsockopt(zmq.LAST_ENDPOINT).decode().rstrip("\0")
    with pytest.raises(ConfigError, match=r"wanted to publish previews at .*, got .*; end the other"):
        PreviewPublisher(taken, "cam", encode=None)
    blocker.close(linger=0)
    context.term()


def test_a_publisher_that_comes_back_is_followed(address: str) -> None:
    with closing(PreviewReader(address)) as reader:
        for stream in ("one", "two"):
            with closing(PreviewPublisher(address, stream, encode=None)) as publisher:
                preview = first_of(reader, publisher, stream)
            assert preview.stream == stream
        assert reader.missed >= 0


def first_of(reader: PreviewReader, publisher: PreviewPublisher, stream: str) -> Preview:
    last: Preview | None = None
    for _ in range(int(WAIT_S * 20)):
        publisher.show(*seen(), fps=1.0)
        newer = reader.newer_than(last, 0.05)
        if newer is not None and newer.stream == stream:
            return newer
        last = newer or last
    raise AssertionError("nothing was received")


def test_previews_missed_are_counted(address: str) -> None:
    with closing(PreviewReader(address)) as reader:
        frames = _message()
        for sequence in (5, 6, 9):
            message = unpack(frames)
            message.header["sequence"] = sequence
            reader._keep(preview_from(message, received_ns=0))
        assert (reader.received, reader.missed) == (3, 2)


def _message(**changes: object) -> list[bytes]:
    header: dict[str, object] = {
        "stream": "s",
        "sequence": 0,
        "age_ns": 0,
        "width": 0,
        "height": 0,
        "tracks": [{"track": 1, "quality": 1.0}],
        "fps": 30.0,
        "frames_dropped": 0,
        "joints_only": True,
    }
    header.update(changes)
    joints, confidence = np.zeros((1, 25, 3), np.float32), np.ones((1, 25), np.float32)
    return pack("preview", header, joints=joints, confidence=confidence)


@pytest.mark.parametrize(
    "frames",
    [
        pack("window"),
        pack("preview"),
        _message(tracks=[]),
        _message(tracks=[{"track": "x"}]),
        _message(tracks=[3]),
        _message(width="wide"),
        _message(fps=None),
    ],
)
def test_what_is_no_preview_is_a_wire_error(frames: list[bytes]) -> None:
    with pytest.raises(WireError):
        preview_from(unpack(frames), received_ns=0)


@given(st.integers(1, 700), st.integers(1, 700), st.integers(16, 640))
def test_jpegs_fit_and_keep_their_shape(height: int, width: int, side: int) -> None:
    encoded = jpeg(np.zeros((height, width, 3), np.uint8), max_side=side)
    found_height, found_width = _size(encoded)
    assert max(found_height, found_width) <= max(side, 1)
    scale = min(1.0, side / max(height, width))
    assert abs(found_width - width * scale) <= 1
    assert abs(found_height - height * scale) <= 1


def _size(encoded: bytes) -> tuple[int, int]:
    """Height and width from the start-of-frame segment."""
    at = 2
    while encoded[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    return int.from_bytes(encoded[at + 5 : at + 7], "big"), int.from_bytes(encoded[at + 7 : at + 9], "big")
