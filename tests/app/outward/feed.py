"""An engine's memory of events; the oldest may be forgotten."""

from collections.abc import Sequence

from engine.messages import RecordedEvent
from streams.skeleton.errors import EngineUnavailableError
from tests.app.fakes import event


class FakeFeed:
    """Remembers what happened, unless it is gone."""

    def __init__(self) -> None:
        self.kept: list[RecordedEvent] = []
        self.number = 0
        self.gone = False

    def happen(self, count: int = 1) -> None:
        for _ in range(count):
            self.number += 1
            self.kept.append(RecordedEvent(self.number, "2026-11-24T00:00:00Z", event("wave")))

    def events(self, since: int | None = None, *, limit: int = 100) -> Sequence[RecordedEvent]:
        if self.gone:
            raise EngineUnavailableError("wanted an engine, got none")
        if since is None:
            return self.kept[-limit:]
        return [kept for kept in self.kept if kept.number > since][:limit]
