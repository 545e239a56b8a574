"""A stand-in for what the engine tells of its inside."""

import math
from collections.abc import Callable, Sequence

from engine.class_map import ClassMap
from engine.explanation import Explanation
from engine.inside_client import InsideRequests, Tuned
from engine.messages import Action
from engine.second_look import SecondLook, Sighting
from engine.tuning import Tuning
from streams.skeleton.errors import BankError, InputError, UnknownActionError
from streams.skeleton.layouts import Joint

# Somebody with one arm up, root-centred, metres.
_POSE = (
    *[(0, 0, 0), (0, 0.3, 0), (0, 0.56, 0), (0, 0.7, 0)],
    *[(-0.18, 0.48, 0), (-0.24, 0.2, 0), (-0.27, -0.04, 0), (-0.28, -0.12, 0)],
    *[(0.18, 0.48, 0), (0.36, 0.62, 0), (0.38, 0.88, 0), (0.38, 0.96, 0)],
    *[(-0.09, -0.02, 0), (-0.11, -0.45, 0), (-0.12, -0.85, 0), (-0.13, -0.9, -0.12)],
    *[(0.09, -0.02, 0), (0.11, -0.45, 0), (0.12, -0.85, 0), (0.13, -0.9, -0.12)],
    *[(0, 0.5, 0), (-0.28, -0.18, 0), (-0.25, -0.12, -0.04), (0.38, 1.02, 0), (0.35, 0.97, -0.04)],
)


class FakeInside(InsideRequests):
    """Explains everything by the right arm, and keeps a tuning.

    Args:
        actions: The actions there are.
    """

    def __init__(self, actions: Callable[[], Sequence[Action]]) -> None:
        self._actions = actions
        self._tuning = Tuning()
        self.unseen = False
        self.explained: list[tuple[str | None, str | None, int | None]] = []
        self.looked: list[tuple[str, float]] = []

    def explain(
        self, action_id: str | None = None, *, stream: str | None = None, track: int | None = None
    ) -> Explanation:
        if self.unseen:
            raise BankError("wanted somebody seen within the last 10 s, got nobody; step into the picture")
        self.explained.append((action_id, stream, track))
        action, *others = sorted(self._actions(), key=lambda action: action.id != action_id)
        arm = {Joint.ELBOW_RIGHT: 0.2, Joint.WRIST_RIGHT: 0.3, Joint.SHOULDER_RIGHT: 0.1, Joint.HEAD: -0.02}
        return Explanation(
            id=action.id,
            name=action.name,
            stream="camera",
            track=0,
            score=0.6,
            rival=others[0].name if others else None,
            lead=0.25,
            joints=tuple(arm.get(joint, 0.0) for joint in Joint),
            stretches=(0.0, 0.0, 0.05, 0.1, 0.2, 0.1, 0.0, -0.01),
            length_s=2.4,
            pose=tuple((float(x), float(y), float(z)) for x, y, z in _POSE),
        )

    def map(self) -> ClassMap:
        actions = self._actions()
        turns = [2 * math.pi * n / max(1, len(actions)) for n in range(len(actions))]
        texts = tuple((math.cos(turn), math.sin(turn)) for turn in turns)
        cosines = tuple(tuple(round(math.cos(a - b), 3) for b in turns) for a in turns)
        return ClassMap(
            ids=tuple(action.id for action in actions),
            names=tuple(action.name for action in actions),
            texts=texts,
            prototypes=tuple((0.7 * x, 0.7 * y) for x, y in texts),
            kept=0.62,
            cosines=cosines,
            total=len(actions),
        )

    def rescore(self, name: str, description: str | None = None, *, last_s: float = 600.0) -> SecondLook:
        self.looked.append((name, last_s))
        found = (Sighting(72.0, 3.1, "camera", 0, 0.81),) if name != "nothing" else ()
        return SecondLook(600.0, 2800, found, len(found), 0.81 if found else 0.12, 71.0)

    def tuning(self) -> Tuned:
        return Tuned(self._tuning, 0.55)

    def set_balance(self, balance: float) -> Tuned:
        self._tuning = Tuning(balance, self._tuning.thresholds)
        return self.tuning()

    def set_threshold(self, action_id: str, threshold: float | None) -> Tuned:
        if action_id not in {action.id for action in self._actions()}:
            raise UnknownActionError(f"wanted an action, got {action_id!r}; reload the page")
        if threshold is not None and threshold > 0.95:
            raise InputError("wanted up to 0.95")
        kept = {key: value for key, value in self._tuning.thresholds.items() if key != action_id}
        self._tuning = Tuning(
            self._tuning.balance, kept | ({} if threshold is None else {action_id: threshold})
        )
        return self.tuning()
