"""The score board of the day: what was named, how surely, how soon. No names of people."""

import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.shelf import write_atomically

logger = logging.getLogger(__name__)

MOST_SCORES = 10


@dataclass(frozen=True)
class Score:
    """One turn that was recognised."""

    action: str
    points: int
    """Highest probability the caption had, per cent."""
    after_s: float
    """From the start of the turn to the caption, seconds."""


def _today() -> str:
    # The calendar's day where the kiosk stands, not an age.
    return datetime.now().astimezone().date().isoformat()


class ScoreBoard:
    """The best ten scores of today, kept in a file. Not thread-safe.

    Args:
        path: The file; one that does not hold a score board counts as none.
        today: Gives the day, ISO 8601.
    """

    def __init__(self, path: Path, *, today: Callable[[], str] = _today) -> None:
        self._path = path
        self._now = today
        self._day, self._scores = _read(path)

    def today(self) -> tuple[Score, ...]:
        """Best first; empty on a new day."""
        self._turn_page()
        return tuple(self._scores)

    def add(self, score: Score) -> int | None:
        """The score's place, from 1; None where it is not among the best ten."""
        self._turn_page()
        better = sum(
            (kept.points, -kept.after_s) >= (score.points, -score.after_s) for kept in self._scores
        )
        if better >= MOST_SCORES:
            return None
        self._scores.insert(better, score)
        del self._scores[MOST_SCORES:]
        self._write()
        return better + 1

    def clear(self) -> None:
        """Begin anew."""
        self._scores = []
        self._write()

    def _turn_page(self) -> None:
        if self._day != self._now():
            self._day, self._scores = self._now(), []

    def _write(self) -> None:
        content = {"day": self._day, "scores": [asdict(score) for score in self._scores]}
        try:
            write_atomically(self._path, json.dumps(content, ensure_ascii=False).encode())
        except OSError as error:
            logger.warning("wanted to keep the score board in %s, got %s", self._path, error.strerror)


def _read(path: Path) -> tuple[str, list[Score]]:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        raw: dict[str, Any] = json.loads(path.read_bytes())
        scores = [Score(str(s["action"]), int(s["points"]), float(s["after_s"])) for s in raw["scores"]]
        return str(raw["day"]), scores[:MOST_SCORES]
    return "", []
