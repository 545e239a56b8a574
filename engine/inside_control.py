"""What clients may ask about how the engine comes to its word: a part of the control plane.

    inside.explain  {id, stream, track}         -> {explanation}, see ``engine.explanation``
    inside.map      {}                          -> {map}, see ``engine.class_map``
    inside.rescore  {name, description, last_s} -> {look}, see ``engine.second_look``

Everything but ``name`` may be left out. None of it changes anything. What needs the encoder goes through it
in slices between two live windows; the rest is worked out beside the recogniser's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.background import Background
from engine.bank.contract import Bank, BankSnapshot, Rows
from engine.bundle import Calibration
from engine.class_map import MOST_MAPPED, class_map
from engine.decision import DecisionConfig
from engine.embedding import Prepared
from engine.explanation import explained, variants
from engine.messages import Action
from engine.past import REMEMBERED_S, Moment
from engine.recognizer import Recognizer
from engine.requests import Arguments
from engine.second_look import look_again
from engine.worker import Command, ask
from streams.skeleton.errors import BankError

T = TypeVar("T")

SLICE = 8
"""Windows embedded at once for an explanation: a live window waits for no more than these."""
LONGEST_DESCRIPTION = 4000
LAST_S = 2.0
"""Age of the newest movement that can be explained, seconds."""
_TRIED = "tried"


@dataclass(frozen=True, eq=False)
class _Recalled:
    """What a second look needs of the recogniser."""

    moments: tuple[Moment, ...]
    snapshot: BankSnapshot
    calibration: Calibration
    background: Background
    config: DecisionConfig
    now_ns: int


class InsideControl:
    """Carries these operations out. Not thread-safe; one owner, the same as the control's.

    Args:
        change: Hands a call to the recogniser and returns once it was carried out.
        actions: All actions, oldest first.
        rows: Class rows of an action nobody has added, from its name and description.
        new_bank: An empty bank such as the recogniser's.
    """

    def __init__(
        self,
        change: Callable[[Command], None],
        *,
        actions: Callable[[], tuple[Action, ...]],
        rows: Callable[[str, str], Rows],
        new_bank: Callable[[], Bank],
    ) -> None:
        self._change = change
        self._actions = actions
        self._rows = rows
        self._new_bank = new_bank
        self.operations: dict[str, Callable[[Arguments], dict[str, Any]]] = {
            "inside.explain": self._explain,
            "inside.map": self._map,
            "inside.rescore": self._rescore,
        }

    def _explain(self, args: Arguments) -> dict[str, Any]:
        wanted = args.text("id", default="")
        stream = args.text("stream", default="") or None
        track = args.integer("track", low=0, high=2**53, default=None)
        args.end()

        def look(recognizer: Recognizer, now_ns: int) -> Prepared:
            windows = recognizer.point_at(stream=stream, track=track, seconds=LAST_S, now_ns=now_ns)
            return recognizer.prepare(windows[-1])

        prepared = ask(self._change, look)
        ids, scores = self._weigh(prepared)
        if not ids:
            raise BankError("wanted an action to explain, got none; add one")
        if wanted and wanted not in ids:
            raise BankError(f"wanted one of the actions, got {wanted!r:.40}; it may have been removed")
        place = ids.index(wanted) if wanted else int(scores[0].argmax())
        unknown = ask(self._change, lambda recognizer, _: recognizer.manifest.calibration.unknown_cosine)
        names = {action.id: action.name for action in self._actions()}
        labels = [names.get(action_id, action_id) for action_id in ids]
        found = explained(prepared, ids[place], place, labels, scores, unknown_cosine=unknown)
        return {"explanation": asdict(found)}

    def _weigh(self, prepared: Prepared) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """The ids of K classes, and the (N, K) scores of the window's variants.

        Raises:
            BankError: Somebody changes the actions meanwhile, again and again.
            EngineError: The encoder failed.
        """
        made = [replace(prepared, people=people) for people in variants(prepared.people)]

        def weigh(recognizer: Recognizer, some: Sequence[Prepared]) -> tuple[tuple[str, ...], list[Any]]:
            return recognizer.weigh(recognizer.embed_all(some))

        slices = [
            ask(self._change, lambda recognizer, _, at=at: weigh(recognizer, made[at : at + SLICE]))
            for at in range(0, len(made), SLICE)
        ]
        ids = slices[0][0]
        if any(found != ids for found, _ in slices):
            raise BankError("wanted the actions to stay while one was explained, they changed; try again")
        return ids, np.stack([scores for _, some in slices for scores in some])

    def _map(self, args: Arguments) -> dict[str, Any]:
        args.end()
        actions = self._actions()
        shown = actions[:MOST_MAPPED]

        def look(recognizer: Recognizer, now_ns: int) -> list[tuple[Rows, Rows]]:
            return [recognizer.text_and_prototype(action.id) for action in shown]

        pairs = ask(self._change, look)
        made = class_map(
            [action.id for action in shown],
            [action.name for action in shown],
            texts=[text for text, _ in pairs],
            prototypes=[prototype for _, prototype in pairs],
            total=len(actions),
        )
        return {"map": asdict(made)}

    def _rescore(self, args: Arguments) -> dict[str, Any]:
        name = args.text("name")
        description = args.text("description", default="", longest=LONGEST_DESCRIPTION)
        last_s = args.number("last_s", low=1.0, high=REMEMBERED_S, default=REMEMBERED_S)
        args.end()
        rows = self._rows(name, description)

        def recall(recognizer: Recognizer, now_ns: int) -> _Recalled:
            return _Recalled(
                recognizer.past(seconds=last_s, now_ns=now_ns),
                recognizer.snapshot(),
                recognizer.manifest.calibration,
                recognizer.background_beside(rows),
                recognizer.config,
                now_ns,
            )

        recalled = ask(self._change, recall)
        bank = self._new_bank()
        bank.restore(recalled.snapshot)
        bank.add_class(_TRIED, rows)
        look = look_again(
            bank,
            _TRIED,
            recalled.moments,
            calibration=recalled.calibration,
            background=recalled.background,
            config=recalled.config,
            now_ns=recalled.now_ns,
        )
        return {"look": asdict(look)}
