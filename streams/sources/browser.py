"""The camera of a browser: pictures its page hands to the server, and the server sends here."""

from collections.abc import Iterator

from streams.jpeg import picture_in
from streams.picture_wire import MAX_JPEG_BYTES, unpack_picture
from streams.sources.base import Picture
from streams.sources.inbox import Inbox

SCHEME = "browser:"


class BrowserSource:
    """Pictures of a browser's camera, the newest first; older ones are dropped and counted.

    Args:
        address: "browser:ipc://PATH" or "browser:tcp://127.0.0.1:PORT", where to bind.

    Raises:
        SourceError: The address is none, is taken, or can be reached from other machines.
    """

    def __init__(self, address: str) -> None:
        self.name = address
        self.live = True
        self._inbox = Inbox(
            address,
            address.removeprefix(SCHEME),
            decode=self._picture,
            max_bytes=MAX_JPEG_BYTES,
            what="pictures of a browser's camera",
            start='press "Use this camera" on the page',
        )
        self.presence = self._inbox.presence
        """Whether a browser sends."""
        self.refused = self._inbox.refused
        """Messages that were no picture, by the code of their error."""
        self._last_ns = 0

    @property
    def endpoint(self) -> str:
        """The address bound, a free port filled in."""
        return self._inbox.endpoint

    @property
    def dropped(self) -> int:
        """Pictures that a newer one replaced before they were taken."""
        return self._inbox.dropped

    def __iter__(self) -> Iterator[Picture]:
        """Pictures in order of time, until ``close``; nothing while no browser sends."""
        return iter(self._inbox)

    def close(self) -> None:
        """End the iteration; from any thread."""
        self._inbox.close()

    def _picture(self, parts: list[bytes], now_ns: int) -> Picture:
        jpeg, taken_ns = unpack_picture(parts, received_ns=now_ns)
        rgb = picture_in(jpeg)
        self._last_ns = max(self._last_ns + 1000, taken_ns)
        return Picture(rgb=rgb, captured_ns=self._last_ns)
