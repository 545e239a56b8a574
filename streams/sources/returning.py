"""A live source that is opened again whenever it goes away: an unplugged camera, a cut stream."""

import threading
from collections.abc import Callable, Iterator

from streams.skeleton.errors import SourceError
from streams.sources.base import Picture, PictureSource
from streams.sources.presence import Presence


class ReturningSource:
    """Pictures of a source that may go and come back.

    The first opening is the caller's to see fail. Later ones are tried again and again; meanwhile
    nothing is given. Times keep increasing, since all are read off one clock.

    Args:
        opened_by: Opens the source; raises ``SourceError`` where it is not there.
        retry_s: Time between two attempts, seconds.

    Raises:
        SourceError: It is not there to begin with.
    """

    def __init__(self, opened_by: Callable[[], PictureSource], *, retry_s: float = 1.0) -> None:
        self._opened_by = opened_by
        self._retry_s = retry_s
        self._closed = threading.Event()
        self._changing = threading.Lock()
        self._source: PictureSource | None = opened_by()
        self._dropped_before = 0
        self.name = self._source.name
        self.live = True
        self.presence = Presence(self.name)
        """Whether it is there."""

    @property
    def dropped(self) -> int:
        """Pictures that nobody took in time."""
        source = self._source
        return self._dropped_before + (source.dropped if source is not None else 0)

    def __iter__(self) -> Iterator[Picture]:
        """Pictures in order of time, until ``close``."""
        while not self._closed.is_set():
            source = self._source
            if source is None:
                self._reopen()
                continue
            try:
                for picture in source:
                    self.presence.find()
                    yield picture
            except SourceError as error:
                self._lose(source, error)
            else:
                # Only a closed source ends: a live one that is gone says so.
                return

    def close(self) -> None:
        """End the iteration and give the device back; from any thread."""
        self._closed.set()
        with self._changing:
            if self._source is not None:
                self._source.close()

    def _lose(self, source: PictureSource, error: SourceError) -> None:
        with self._changing:
            source.close()
            self._dropped_before += source.dropped
            self._source = None
        self.presence.lose(str(error))

    def _reopen(self) -> None:
        try:
            source = self._opened_by()
        except SourceError:
            self._closed.wait(self._retry_s)
            return
        with self._changing:
            if self._closed.is_set():
                source.close()
                return
            self._source = source
