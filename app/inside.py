"""How the engine comes to its word: explanations, the map of actions, a second look, tuning, stages."""

from dataclasses import asdict
from typing import Any, Protocol

from app.controller import Controller
from engine.inside_client import InsideRequests, Tuned
from streams.skeleton.layouts import NTU_25


class Insider(Protocol):
    """What is asked of the engine, as ``engine.client.EngineClient`` answers it."""

    inside: InsideRequests

    def health(self) -> dict[str, Any]:
        """What the engine is."""
        ...

    def stats(self) -> dict[str, Any]:
        """What it has counted and timed."""
        ...


class Inside:
    """The page's commands for the inside; like ``Controller``, each answers with JSON. Thread-safe.

    Args:
        engine: Knows.
        controller: Answers in the page's words.
    """

    def __init__(self, engine: Insider, controller: Controller) -> None:
        self._engine = engine
        self._controller = controller

    def explain(self, action_id: str | None, *, stream: str | None, track: int | None) -> dict[str, Any]:
        """The ``explanation`` of a caption, and the ``bones`` and ``names`` of its joints.

        Args:
            action_id: Of the action; the likeliest if None.
            stream: Stream of the person; None for any.
            track: Track of the person; None for the one seen last.
        """

        def explain() -> dict[str, Any]:
            found = self._engine.inside.explain(action_id, stream=stream, track=track)
            return {
                "explanation": asdict(found),
                "bones": [list(bone) for bone in NTU_25.bones],
                "names": [_spoken(joint) for joint in NTU_25.joints],
            }

        return self._controller.answer(explain)

    def map(self) -> dict[str, Any]:
        """The ``map`` of the actions."""
        return self._controller.answer(lambda: {"map": asdict(self._engine.inside.map())})

    def rescore(self, name: str, description: str, *, last_s: float) -> dict[str, Any]:
        """The ``look`` at the last minutes with an action nobody has added."""
        return self._controller.answer(
            lambda: {
                "look": asdict(
                    self._engine.inside.rescore(name, description.strip() or None, last_s=last_s)
                )
            }
        )

    def tuning(self) -> dict[str, Any]:
        """The ``balance``, the ``thresholds`` by id, and the ``standard`` threshold."""
        return self._controller.answer(lambda: _told(self._engine.inside.tuning()))

    def set_balance(self, balance: float) -> dict[str, Any]:
        """The tuning with another balance between taught and typed actions."""
        return self._controller.answer(lambda: _told(self._engine.inside.set_balance(balance)))

    def set_threshold(self, action_id: str, threshold: float | None) -> dict[str, Any]:
        """The tuning with another threshold of one action; None is the standard one."""
        return self._controller.answer(
            lambda: _told(self._engine.inside.set_threshold(action_id, threshold))
        )

    def stages(self) -> dict[str, Any]:
        """What the engine is (``health``), and what it has counted and timed (``stats``)."""
        return self._controller.answer(
            lambda: {"health": self._engine.health(), "stats": self._engine.stats()}
        )


def _told(tuned: Tuned) -> dict[str, Any]:
    return {**asdict(tuned.tuning), "standard": tuned.standard}


def _spoken(joint: str) -> str:
    """A joint as people say it: "elbow_right" is the "right elbow"."""
    *words, last = joint.split("_")
    return " ".join([last, *words] if last in ("left", "right") else [*words, last])
