"""Carries previews of the capture process to the board, newest first."""

import threading

from app import drawing
from app.board import Board
from app.vitals import Vitals
from streams.preview import Preview, PreviewReader

_WAIT_S = 0.25


def frame_of(preview: Preview, number: int) -> bytes:
    """The preview as a frame of the live channel; see ``app.drawing``."""
    points = preview.image_points
    people = [
        drawing.person(
            seen.track,
            preview.joints[index],
            confidence=preview.confidence[index],
            points=None if points is None else points[index],
        )
        for index, seen in enumerate(preview.tracks)
    ]
    aspect = preview.width / preview.height if preview.width and preview.height else None
    return drawing.frame(number, people, aspect=aspect, jpeg=preview.jpeg)


class PreviewPump:
    """A thread that puts each new preview on the board.

    Args:
        reader: Where previews come from; closed with the pump.
        board: Where frames go.
        vitals: What counts them.
    """

    def __init__(self, reader: PreviewReader, board: Board, vitals: Vitals) -> None:
        self._reader = reader
        self._board = board
        self._vitals = vitals
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preview-pump", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and close the reader."""
        self._closing.set()
        self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        seen: Preview | None = None
        while not self._closing.is_set():
            newer = self._reader.newer_than(seen, _WAIT_S)
            if newer is not None:
                seen = newer
                self._board.post_frame(lambda number, preview=newer: frame_of(preview, number))
                self._vitals.on_preview(
                    camera_fps=newer.fps, missed=self._reader.missed, advice=newer.warnings
                )
