"""What people teach the engine: examples, corrections, and what to expect of a name."""

from dataclasses import asdict
from typing import Any, Protocol

from app.controller import Controller
from engine.messages import BankMark, BankState, Learnt, NameCheck, to_json
from streams.skeleton.errors import InputError


class Teacher(Protocol):
    """What is asked of the engine's bank, as ``engine.client.EngineClient`` answers it."""

    def check_action(self, name: str, description: str | None = None) -> NameCheck:
        """What is to be expected of an action nobody has added yet."""
        ...

    def bank(self) -> BankState:
        """What the bank has learnt."""
        ...

    def show_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        """What the bank knows now of an action somebody has just done."""
        ...

    def reject_example(
        self, action_id: str, *, stream: str | None = None, track: int | None = None, last_s: float = 2.0
    ) -> Learnt:
        """What the bank knows now of an action somebody has just not done."""
        ...

    def reset_bank(self, action_id: str | None = None) -> None:
        """Back to the text of one action, or of all."""
        ...

    def roll_back_bank(self, number: int | None = None) -> BankMark:
        """Back to a mark."""
        ...

    def mark_bank(self) -> BankMark:
        """A mark of the bank's present state."""
        ...

    def freeze_bank(self, *, frozen: bool = True) -> None:
        """Keep the bank from learning by itself, or let it."""
        ...


class Teaching:
    """The page's commands for teaching; like ``Controller``, each answers with JSON. Thread-safe.

    What a command did to the bank is taken back by ``roll_back`` with the ``mark`` of its ``undo``.

    Args:
        engine: Holds the bank.
        controller: Answers in the page's words.
    """

    def __init__(self, engine: Teacher, controller: Controller) -> None:
        self._engine = engine
        self._controller = controller

    def check(self, name: str, description: str) -> dict[str, Any]:
        """The ``check`` of a name: verdict, notices, rivals, suggestions."""
        return self._controller.answer(
            lambda: {"check": to_json(self._engine.check_action(name, description.strip() or None))}
        )

    def state(self) -> dict[str, Any]:
        """The bank: ``rule``, ``frozen``, ``marks``, ``classes``."""
        return self._controller.answer(lambda: asdict(self._engine.bank()))

    def point(
        self, *, right: str | None, wrong: str | None, stream: str | None, track: int | None, last_s: float
    ) -> dict[str, Any]:
        """What the bank has ``learnt`` from what somebody did just now, and how to take it back.

        Args:
            right: Id of the action it is; None where nobody says.
            wrong: Id of the action it is not.
            stream: Stream of the person; None for any.
            track: Track of the person; None for the one seen last.
            last_s: How far back "just now" reaches, seconds.
        """

        def point() -> dict[str, Any]:
            if right is None and wrong is None:
                raise InputError("wanted an action that it is or is not, got neither; name one")
            who: dict[str, Any] = {"stream": stream, "track": track, "last_s": last_s}
            learnt: list[Learnt] = []
            if wrong is not None:
                learnt.append(self._engine.reject_example(wrong, **who))
            if right is not None:
                learnt.append(self._engine.show_example(right, **who))
            return {"learnt": [asdict(entry) for entry in learnt], "undo": self._undo(len(learnt))}

        return self._controller.answer(point)

    def reset(self, action_id: str | None) -> dict[str, Any]:
        """How to take it back: the bank knows of the action, or of all, no more than the text."""

        def reset() -> dict[str, Any]:
            self._engine.reset_bank(action_id)
            return {"undo": self._undo(1)}

        return self._controller.answer(reset)

    def roll_back(self, mark: int | None) -> dict[str, Any]:
        """The mark that was ``undone``: the bank is as it was at it."""
        return self._controller.answer(lambda: {"undone": asdict(self._engine.roll_back_bank(mark))})

    def mark(self) -> dict[str, Any]:
        """The new ``mark``, to roll back to."""
        return self._controller.answer(lambda: {"mark": asdict(self._engine.mark_bank())})

    def freeze(self, *, frozen: bool) -> dict[str, Any]:
        """Whether the bank is ``frozen`` now."""

        def freeze() -> dict[str, Any]:
            self._engine.freeze_bank(frozen=frozen)
            return {"frozen": frozen}

        return self._controller.answer(freeze)

    def _undo(self, steps: int) -> dict[str, Any]:
        """The mark the bank had before the last ``steps`` changes."""
        return {"mark": self._engine.bank().marks[-steps].number}
