"""What was seen a moment ago, so that people can point at it: "this is it", "this is not it"."""

from collections import deque

from streams.skeleton.errors import BankError
from streams.skeleton.window import Window

REMEMBERED_S = 10.0
"""How far back one can point, seconds."""
MOST_WINDOWS = 64
"""Windows of one track remembered."""
MOST_TRACKS = 32
"""Tracks remembered; one more, and the one unheard of for longest is forgotten."""


class Recent:
    """The last windows of every track. Not thread-safe; one owner. Memory is bounded."""

    def __init__(self) -> None:
        # The track heard of last comes last.
        self._tracks: dict[tuple[str, int], deque[tuple[Window, bool]]] = {}

    def remember(self, window: Window, *, idle: bool) -> None:
        """Keep a window, in the place of one too old to be pointed at."""
        key = (window.stream, window.track)
        held = self._tracks.pop(key, None) or deque(maxlen=MOST_WINDOWS)
        self._tracks[key] = held
        held.append((window, idle))
        while window.captured_ns - held[0][0].captured_ns > REMEMBERED_S * 1e9:
            held.popleft()
        if len(self._tracks) > MOST_TRACKS:
            del self._tracks[next(iter(self._tracks))]

    def last(
        self, *, stream: str | None, track: int | None, seconds: float, now_ns: int
    ) -> tuple[Window, ...]:
        """One to three windows of one track that ended within ``seconds`` of its newest, none idle.

        Args:
            stream: Its stream; None for any.
            track: Its track; None for any. Of several, the one heard of last.
            seconds: How far back, seconds.
            now_ns: The time, on the clock of ``window.captured_ns``.

        Raises:
            BankError: Nobody fits, the newest window is too old, or nobody moved.
        """
        fitting = [
            held
            for (name, number), held in self._tracks.items()
            if stream in (None, name) and track in (None, number)
        ]
        newest = fitting[-1][-1][0] if fitting else None
        if newest is None or now_ns - newest.captured_ns > REMEMBERED_S * 1e9:
            raise BankError(
                f"wanted somebody seen within the last {REMEMBERED_S:g} s, got nobody; "
                "step into the picture and try again"
            )
        begin_ns = newest.captured_ns - round(seconds * 1e9)
        meant = [window for window, idle in fitting[-1] if window.captured_ns >= begin_ns and not idle]
        if not meant:
            raise BankError(
                f"wanted somebody who moved within the last {seconds:g} s, got somebody who stood still; "
                "do the action and try again"
            )
        return tuple(dict.fromkeys((meant[0], meant[len(meant) // 2], meant[-1])))
