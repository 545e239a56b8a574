"""What the grammar is made of: a movement with the sentences that are true of it.

Primitives are written in ``scores/*.txt``, read by ``training.grammar.score``. Their sentences
are phrases in a small notation that ``training.grammar.sentences`` expands:

    ~wave                 a verb: wave, waving, waves
    [hello|goodbye]       one of these
    {hand}                a hand; the left hand; both hands, as the side is told or not
    {w:hand}              nothing, or " with the left hand" where the side is told
    {off:hand}            the other hand
    {s}, {o}              the side, the opposite side: only used where the side is told
    {dir}                 to the side; to the left
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from streams.skeleton.motions import Step

Part = Literal["arms", "legs", "body"]
"""What a primitive moves: arms and head only, legs only, or everything."""

HANG = (0.14, -0.97, 0.08)
"""A hand that hangs."""

_BOTH_NAME = {"hand": "hands", "elbow": "elbows", "palm": "palms", "shrug": "shrugs", "upright": "uprights"}


@dataclass(frozen=True)
class Move:
    """One way to do it: ``start``, then ``loop`` again and again, then ``end``.

    Attributes:
        start: Steps into the action.
        loop: Steps that repeat; empty for a single deed.
        end: Steps out of it.
        reps: Least and most repetitions of the loop.
        stay: Chance that the last posture is kept rather than left, [0, 1].
        hand: The side it is written for, where a mirrored movement means something else.
    """

    start: tuple[Step, ...] = ()
    loop: tuple[Step, ...] = ()
    end: tuple[Step, ...] = ()
    reps: tuple[int, int] = (1, 1)
    stay: float = 0.0
    hand: str = ""


@dataclass(frozen=True)
class Primitive:
    """A movement and what people call it.

    Attributes:
        key: Name of the meaning, for example ``"wave"``.
        phrases: What people type, the bare name first.
        moves: Ways to do it.
        sided: One side acts, left or right; else the phrases name no side.
        both: Phrases for doing it with both arms at once; empty where nobody does.
        broad: Phrases that hold for other primitives too; never evidence against them.
        parts: Phrases about what single body parts do, in the third person.
        unlike: Keys of primitives that are easily confused with it and are not it.
        swaps: (word, word) pairs that turn a true phrase of this primitive into a false one.
        part: What it moves.
        mirrors: The mirrored movement means the same but for the side; not so for most letters.
    """

    key: str
    phrases: tuple[str, ...]
    moves: tuple[Move, ...]
    sided: bool = False
    both: tuple[str, ...] = ()
    broad: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    swaps: tuple[tuple[str, str], ...] = ()
    part: Part = "body"
    mirrors: bool = True
    sides: tuple[str, ...] = field(init=False)
    """Which ``side`` values the primitive comes in."""

    def __post_init__(self) -> None:
        """Work out the sides."""
        sides = (("left", "right") if self.sided else ("",)) + (("both",) if self.both else ())
        object.__setattr__(self, "sides", sides)


def with_both(how: Move) -> Move:
    """The same with both arms: the trunk no longer leans or turns to a side."""
    return replace(how, start=_both(how.start), loop=_both(how.loop), end=_both(how.end))


def _both(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(
        replace(
            s,
            aims={
                _BOTH_NAME.get(name, name): (value[0], 0.0, 0.0) if name in ("trunk", "head") else value
                for name, value in s.aims.items()
                if not name.startswith("off")
            },
        )
        for s in steps
    )
