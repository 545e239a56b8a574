import json
import threading
from typing import cast

import numpy as np
import pytest

from app.board import Board
from app.preview import PreviewPump, frame_of
from app.vitals import Vitals
from streams.preview import Preview, PreviewReader, SeenTrack
from tests.app.fakes import STANDING

TIMEOUT_S = 20.0


def _preview(*, sequence: int = 0, picture: bool = True, jpeg: bytes | None = b"jpeg") -> Preview:
    points = np.clip(STANDING[None, :, :2] / 4 + 0.5, 0, 1).astype(np.float32)
    return Preview(
        stream="main",
        sequence=sequence,
        captured_ns=0,
        width=640 if picture else 0,
        height=480 if picture else 0,
        tracks=(SeenTrack(7, 0.9),),
        joints=STANDING[None],
        confidence=np.ones((1, 25), np.float32),
        image_points=points if picture else None,
        fps=30.0,
        joints_only=jpeg is None,
        jpeg=jpeg,
    )


def _header(frame: bytes) -> dict[str, object]:
    return json.loads(frame[4 : 4 + int.from_bytes(frame[:4], "little")])


def test_a_picture_with_somebody_in_it() -> None:
    frame = frame_of(_preview(), 3)
    header = _header(frame)
    assert header["n"] == 3
    assert header["aspect"] == pytest.approx(4 / 3)
    (person,) = cast(list[dict[str, object]], header["people"])
    assert person["track"] == 7
    assert person["points"] is not None
    assert frame.endswith(b"jpeg")


def test_joints_only_sends_points_and_no_picture() -> None:
    frame = frame_of(_preview(jpeg=None), 1)
    assert b"jpeg" not in frame
    assert cast(list[dict[str, object]], _header(frame)["people"])[0]["points"] is not None


def test_a_source_without_pictures() -> None:
    header = _header(frame_of(_preview(picture=False, jpeg=None), 1))
    assert header["aspect"] is None
    assert cast(list[dict[str, object]], header["people"])[0]["points"] is None


class _Reader:
    """Gives each preview once."""

    missed = 2

    def __init__(self, *previews: Preview) -> None:
        self._previews = list(previews)
        self.closed = False

    def newer_than(self, seen: Preview | None, timeout_s: float) -> Preview | None:
        return self._previews.pop(0) if self._previews else None

    def close(self) -> None:
        self.closed = True


def test_the_pump_puts_each_preview_on_the_board() -> None:
    board, posted = Board(), threading.Semaphore(0)
    board.subscribe(posted.release)
    reader = _Reader(_preview(sequence=0), _preview(sequence=1))
    vitals = Vitals(dict)
    pump = PreviewPump(cast(PreviewReader, reader), board, vitals)
    for _ in range(2):
        assert posted.acquire(timeout=TIMEOUT_S)
    pump.close()
    assert reader.closed
    assert board.frame()[0] == 2
    meters = {meter["after"]: meter["value"] for meter in vitals.message()["meters"]}
    assert meters["pictures"] == "2"
