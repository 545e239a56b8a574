"""Shapes, letters and digits drawn in the air, as primitives."""

from itertools import pairwise

import numpy as np

from streams.skeleton.motions import Step
from training.grammar.primitive import Move, Primitive

Line = tuple[tuple[float, float], ...]
"""Points (x to the drawer's own right, y up) in [-1, 1], in the order they are drawn."""


def _arc(
    start: float, end: float, *, points: int, centre: tuple[float, float] = (0, 0), r: float = 1
) -> Line:
    """Part of a circle; angles in turns, counted from the right over the top to the left."""
    angles = 2 * np.pi * np.linspace(start, end, points)
    return tuple((centre[0] + r * float(np.cos(a)), centre[1] + r * float(np.sin(a))) for a in angles)


_HEART: Line = (
    (0, 0.4), (-0.3, 0.85), (-0.75, 0.85), (-1, 0.4), (-0.75, -0.2), (0, -1),
    (0.75, -0.2), (1, 0.4), (0.75, 0.85), (0.3, 0.85), (0, 0.4),
)  # fmt: skip
_STAR: Line = ((-0.6, -0.9), (0, 1), (0.6, -0.9), (-1, 0.3), (1, 0.3), (-0.6, -0.9))
_EIGHT: Line = (
    *_arc(0.25, -0.25, points=6, centre=(0, 0.5), r=0.5),
    *_arc(0.25, 1.25, points=9, centre=(0, -0.5), r=0.5)[1:],
    *_arc(-0.25, -0.75, points=6, centre=(0, 0.5), r=0.5)[1:],
)
_INFINITY: Line = tuple((y, x) for x, y in _EIGHT)

_SHAPES: dict[str, tuple[Line, tuple[str, ...], tuple[str, ...]]] = {
    "circle": (
        _arc(0.25, 1.25, points=13),
        (
            "~draw a [big |large |]circle[ in the air|]{w:hand}",
            "~make a circle{w:hand}",
            "~move {hand} in a circle",
            "~circle {hand} in front of the body",
        ),
        ("square", "triangle", "heart"),
    ),
    "square": (
        ((-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)),
        (
            "~draw a [square|rectangle|box][ in the air|]{w:hand}",
            "~trace a square{w:hand}",
            "~make a square{w:hand}",
        ),
        ("circle", "triangle"),
    ),
    "triangle": (
        ((0, 1), (0.5, 0), (1, -1), (0, -1), (-1, -1), (-0.5, 0), (0, 1)),
        ("~draw a triangle[ in the air|]{w:hand}", "~trace a triangle{w:hand}", "~make a triangle{w:hand}"),
        ("circle", "square"),
    ),
    "cross": (
        ((-1, 1), (0, 0), (1, -1), (1.1, 0), (1, 1), (0, 0), (-1, -1)),
        (
            "~draw [an X|a cross][ in the air|]{w:hand}",
            "~cross something out in the air{w:hand}",
            "~draw the letter X[ in the air|]{w:hand}",
            "~write an X in the air{w:hand}",
        ),
        ("circle", "tick"),
    ),
    "tick": (
        ((-1, 0), (-0.4, -0.8), (1, 1)),
        (
            "~draw a [tick|check mark][ in the air|]{w:hand}",
            "~make a check mark{w:hand}",
            "check mark gesture{w:hand}",
        ),
        ("cross", "V"),
    ),
    "heart": (
        _HEART,
        ("~draw a heart[ in the air|]{w:hand}", "~trace a heart{w:hand}"),
        ("circle", "star"),
    ),
    "star": (_STAR, ("~draw a star[ in the air|]{w:hand}", "~trace a star{w:hand}"), ("triangle", "heart")),
    "infinity": (
        _INFINITY,
        (
            "~draw [an infinity sign|a lying eight][ in the air|]{w:hand}",
            "infinity gesture{w:hand}",
            "~swing {hand} in a lying figure eight",
        ),
        ("circle", "8"),
    ),
    "zigzag": (
        ((-1, 0.6), (-0.6, -0.6), (-0.2, 0.6), (0.2, -0.6), (0.6, 0.6), (1, -0.6)),
        ("~draw a zigzag[ line|][ in the air|]{w:hand}", "~draw waves in the air{w:hand}"),
        ("line", "circle"),
    ),
    "line": (
        ((-1, 0), (0, 0), (1, 0)),
        (
            "~draw a [straight|horizontal] line[ in the air|]{w:hand}",
            "~draw a line from left to right{w:hand}",
        ),
        ("zigzag", "vertical line"),
    ),
    "vertical line": (
        ((0, 1), (0, 0), (0, -1)),
        ("~draw a vertical line[ in the air|]{w:hand}", "~draw a line downward{w:hand}"),
        ("line", "zigzag"),
    ),
    "spiral": (
        tuple((x * k / 24, y * k / 24) for k, (x, y) in enumerate(_arc(0.25, 2.25, points=25))),
        ("~draw a spiral[ in the air|]{w:hand}", "~draw a growing circle{w:hand}"),
        ("circle", "infinity"),
    ),
    "arrow": (
        ((-1, 0), (0, 0), (1, 0), (0.4, 0.6), (1, 0), (0.4, -0.6)),
        ("~draw an arrow[ in the air|]{w:hand}", "~trace an arrow{w:hand}"),
        ("line", "zigzag"),
    ),
    "smile": (
        _arc(0.53, 0.97, points=8, centre=(0, 0.5)),
        ("~draw a smile[ in the air|]{w:hand}", "~draw a smiling mouth{w:hand}", "~draw a bowl{w:hand}"),
        ("line", "circle"),
    ),
    "house": (
        ((-0.8, 0.1), (-0.8, -1), (0.8, -1), (0.8, 0.1), (0, 1), (-0.8, 0.1), (0.8, 0.1)),
        ("~draw a house[ in the air|]{w:hand}", "~trace a house with a roof{w:hand}"),
        ("square", "triangle"),
    ),
    "plus": (
        ((-1, 0), (0, 0), (1, 0), (0.5, 0.8), (0, 1), (0, 0), (0, -1)),
        ("~draw a plus sign[ in the air|]{w:hand}", "~write a plus{w:hand}", "~make a plus sign{w:hand}"),
        ("cross", "circle"),
    ),
    "question mark": (
        ((-0.6, 0.6), (0, 1), (0.6, 0.6), (0.1, 0), (0, -0.4), (0, -0.8), (0.05, -1)),
        ("~draw a question mark[ in the air|]{w:hand}", "~write a question mark{w:hand}"),
        ("S", "2"),
    ),
}
_BOTH_WAYS = frozenset({"circle", "square", "triangle", "heart", "star", "infinity"})
"""Closed shapes: as many people draw them one way around as the other."""
_LETTERS: dict[str, Line] = {
    "A": ((-0.8, -1), (0, 1), (0.8, -1), (0.4, -0.1), (-0.4, -0.1)),
    "B": ((-0.6, -1), (-0.6, 1), (0.5, 0.6), (-0.5, 0.05), (0.7, -0.45), (-0.6, -1)),
    "C": _arc(0.1, 0.9, points=9),
    "D": ((-0.6, -1), (-0.6, 1), (0.3, 0.8), (0.8, 0), (0.3, -0.8), (-0.6, -1)),
    "E": ((0.7, 1), (-0.7, 1), (-0.7, 0), (0.4, 0), (-0.7, 0), (-0.7, -1), (0.7, -1)),
    "F": ((0.7, 1), (-0.6, 1), (-0.6, 0), (0.4, 0), (-0.6, 0), (-0.6, -1)),
    "G": (*_arc(0.1, 0.9, points=9), (0.8, 0), (0.1, 0)),
    "H": ((-0.7, 1), (-0.7, -1), (-0.7, 0), (0.7, 0), (0.7, 1), (0.7, -1)),
    "I": ((-0.5, 1), (0.5, 1), (0, 1), (0, 0), (0, -1), (-0.5, -1), (0.5, -1)),
    "J": ((0.5, 1), (0.5, -0.5), (0.1, -1), (-0.5, -0.7)),
    "K": ((-0.6, 1), (-0.6, -1), (-0.6, -0.1), (0.6, 1), (-0.4, 0.1), (0.7, -1)),
    "L": ((-0.6, 1), (-0.6, 0), (-0.6, -1), (0.6, -1)),
    "M": ((-0.9, -1), (-0.7, 1), (0, -0.2), (0.7, 1), (0.9, -1)),
    "N": ((-0.7, -1), (-0.7, 1), (0.7, -1), (0.7, 1)),
    "O": tuple((0.8 * x, y) for x, y in _arc(0.25, 1.25, points=13)),
    "P": ((-0.6, -1), (-0.6, 1), (0.3, 0.95), (0.6, 0.5), (0.3, 0.1), (-0.6, 0)),
    "Q": (*_arc(0.25, 1.25, points=13), (0.2, -0.3), (1, -1.1)),
    "R": ((-0.6, -1), (-0.6, 1), (0.4, 0.9), (0.5, 0.3), (-0.5, 0), (0.7, -1)),
    "S": ((0.7, 0.8), (0, 1), (-0.6, 0.6), (0, 0), (0.6, -0.5), (0, -1), (-0.7, -0.8)),
    "T": ((-0.8, 1), (0.8, 1), (0, 1), (0, 0), (0, -1)),
    "U": ((-0.7, 1), (-0.7, -0.3), (0, -1), (0.7, -0.3), (0.7, 1)),
    "V": ((-0.8, 1), (0, -1), (0.8, 1)),
    "W": ((-1, 1), (-0.5, -1), (0, 0.5), (0.5, -1), (1, 1)),
    "Y": ((-0.8, 1), (0, 0), (0.8, 1), (0, 0), (0, -1)),
    "Z": ((-0.8, 1), (0, 1), (0.8, 1), (-0.8, -1), (0, -1), (0.8, -1)),
    "0": tuple((0.55 * x, y) for x, y in _arc(0.25, 1.25, points=13)),
    "1": ((-0.4, 0.5), (0.2, 1), (0.2, 0), (0.2, -1)),
    "2": ((-0.7, 0.5), (0, 1), (0.7, 0.5), (-0.7, -1), (0.7, -1)),
    "3": ((-0.6, 0.9), (0.5, 0.6), (-0.1, 0.05), (0.6, -0.5), (-0.6, -1)),
    "4": ((0.3, -1), (0.3, 1), (-0.8, -0.2), (0.8, -0.2)),
    "5": ((0.6, 1), (-0.5, 1), (-0.5, 0.1), (0.6, -0.2), (0.3, -0.9), (-0.6, -0.9)),
    "6": (
        (0.5, 0.95), (-0.3, 0.5), (-0.6, -0.3), (-0.4, -0.85), (0.1, -1), (0.55, -0.7), (0.5, -0.2),
        (0, 0), (-0.5, -0.3),
    ),
    "7": ((-0.7, 1), (0.7, 1), (0.2, 0), (-0.2, -1)),
    "8": _EIGHT,
    "9": (
        (0.6, 0.5), (0.2, 1), (-0.4, 0.9), (-0.6, 0.4), (-0.2, 0), (0.5, 0.3), (0.6, 0.5), (0.5, -0.3),
        (0.2, -1),
    ),
}  # fmt: skip
_NUMBERS = {
    str(i): word
    for i, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    )
}
_ANS = "AEFHILMNORSX8"
"""Letters and digits that are called "an"."""


def drawings() -> tuple[Primitive, ...]:
    """A primitive for every shape, letter and digit, drawn with one hand."""
    shapes = (
        _drawing(
            f"draw {name}",
            (line, line[::-1]) if name in _BOTH_WAYS else (line,),
            phrases,
            tuple(f"draw {other}" for other in unlike),
        )
        for name, (line, phrases, unlike) in _SHAPES.items()
    )
    order = list(_LETTERS)
    letters = (
        _drawing(
            f"draw {name}", (line,), _letter_phrases(name), (f"draw {order[i - 1]}", f"draw {order[i - 7]}")
        )
        for i, (name, line) in enumerate(_LETTERS.items())
    )
    return (*shapes, *letters)


def _letter_phrases(name: str) -> tuple[str, ...]:
    if name in _NUMBERS:
        word = _NUMBERS[name]
        return (
            f"~draw the number {name}[ in the air|]{{w:hand}}",
            f"~write the number {word}[ in the air|]{{w:hand}}",
            f"~write {_a(name)} {name} in the air{{w:hand}}",
        )
    return (
        f"~draw the letter {name}[ in the air|]{{w:hand}}",
        f"~write the letter {name}[ in the air|]{{w:hand}}",
        f"~write {_a(name)} {name} in the air{{w:hand}}",
    )


def _a(name: str) -> str:
    return "an" if name in _ANS else "a"


def _drawing(
    key: str, lines: tuple[Line, ...], phrases: tuple[str, ...], unlike: tuple[str, ...]
) -> Primitive:
    return Primitive(
        key=key,
        phrases=phrases,
        moves=tuple(
            Move(start=_strokes(line, hand, size=size), stay=0.1, hand=hand)
            for hand in ("left", "right")
            for size in (0.24, 0.4)
            for line in lines
        ),
        sided=True,
        unlike=unlike,
        part="arms",
        mirrors=_is_symmetric(lines[0]),
    )


def _strokes(line: Line, hand: str, *, size: float) -> tuple[Step, ...]:
    """Steps along the line at even speed, before the chest, x to the drawer's right for both hands."""
    out = size if hand == "right" else -size
    steps = [Step(0.5, {"hand": (-0.08 + out * line[0][0], 0.12 + size * line[0][1], 0.75)}, hold_s=0.1)]
    for before, (x, y) in pairwise(line):
        far = float(np.hypot(x - before[0], y - before[1]))
        seconds = 0.1 + far * (0.2 + 0.4 * size)
        steps.append(Step(seconds, {"hand": (-0.08 + out * x, 0.12 + size * y, 0.75)}))
    return tuple(steps)


def _is_symmetric(line: Line) -> bool:
    """Whether the mirrored drawing means the same: every point has a partner across the middle."""
    points = np.array(line)
    partner = points * (-1.0, 1.0)
    apart = np.linalg.norm(points[:, None] - partner[None], axis=-1)
    return bool(apart.min(axis=1).max() < 0.25)
