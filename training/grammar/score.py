"""Scores: the text files that hold the primitives, one paragraph each.

    # wave
    uses   arms, one side
    say    ~wave; ~wave {hand}; ~wave hello{w:hand}
    both   ~wave both hands
    part   {hand} ~swing from side to side beside the head
    unlike raise arm; signal stop
    swap   up/down; high/low
    do     .5 hand .35 .42 .35, elbow .8 -.6 0 | 2-6x [ .2 hand .6 .4 .3 | .2 hand .1 .5 .3 ] | stay .2

A phrase that begins with ``*`` is broad ("punch" said of a hook): true, but never used against
another primitive. ``uses`` names the part that moves (arms, legs or body) and whether one side
acts; ``both`` gives the phrases for doing it with both arms. Each ``do`` is one way to do it:
steps separated by ``|``, the repeated ones in brackets after the least and most repetitions. A
step is its seconds (``.5``, or ``.5+.9`` when held) and controls with their values (see
``streams.skeleton.motions``); ``@up`` and its like are named places of a hand. ``stay`` is the
chance that the last posture is kept. A line that begins with a blank continues the one above.
"""

import re
from pathlib import Path

from streams.skeleton.errors import DataError
from streams.skeleton.motions import Step
from training.grammar.primitive import HANG, Move, Part, Primitive

SCORES = Path(__file__).parent / "scores"

_PLACES = {
    "@hang": HANG,
    "@up": (0.12, 0.97, 0.12),
    "@front": (0.02, 0.05, 0.97),
    "@side": (0.97, 0.05, 0.1),
}
_PARTS: dict[str, Part] = {"arms": "arms", "legs": "legs", "body": "body"}
_LOOP = re.compile(r"(\d+)-(\d+)x \[(.*)\]")


def read_scores(folder: Path = SCORES) -> tuple[Primitive, ...]:
    """Every primitive of the ``*.txt`` files in a folder.

    Raises:
        DataError: Names the file and what it does not understand.
    """
    found: list[Primitive] = []
    for path in sorted(folder.glob("*.txt")):
        for paragraph in re.split(r"^# ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            try:
                found.append(_primitive(paragraph))
            except (ValueError, KeyError, IndexError) as error:
                name = paragraph.splitlines()[0]
                raise DataError(f"{path.name}: cannot read {name!r} ({error}); see score.py") from None
    return tuple(found)


def _primitive(paragraph: str) -> Primitive:
    name, *lines = re.sub(r"\n +", " ", paragraph).splitlines()
    fields: dict[str, list[str]] = {"uses": ["body"], "both": [], "part": [], "unlike": [], "swap": []}
    for line in filter(str.strip, lines):
        word, _, rest = line.partition(" ")
        entries = [rest.strip()] if word == "do" else _listed(rest, ", " if word == "uses" else "; ")
        fields[word] = [*fields.get(word, []), *entries] if word == "do" else entries
    return Primitive(
        key=name.strip(),
        phrases=tuple(phrase.removeprefix("*") for phrase in fields["say"]),
        broad=frozenset(phrase[1:] for phrase in fields["say"] if phrase.startswith("*")),
        moves=tuple(map(_move, fields["do"])),
        sided="one side" in fields["uses"],
        both=tuple(fields["both"]),
        parts=tuple(fields["part"]),
        unlike=tuple(fields["unlike"]),
        swaps=tuple((a, b) for a, _, b in (pair.partition("/") for pair in fields["swap"])),
        part=_PARTS[fields["uses"][0]],
    )


def _listed(text: str, separator: str) -> list[str]:
    return [entry.strip() for entry in text.split(separator) if entry.strip()]


def _move(text: str) -> Move:
    found = _LOOP.search(text)
    before, after = (text[: found.start()], text[found.end() :]) if found else (text, "")
    pieces = _listed(after if found else before, "|")
    stay = 0.0
    if pieces and pieces[-1].startswith("stay"):
        stay = float(pieces.pop().split()[1])
    rest = tuple(map(_step, pieces))
    if not found:
        return Move(start=rest, stay=stay)
    return Move(
        start=tuple(map(_step, _listed(before, "|"))),
        loop=tuple(map(_step, _listed(found[3], "|"))),
        end=rest,
        reps=(int(found[1]), int(found[2])),
        stay=stay,
    )


def _step(text: str) -> Step:
    when, _, what = text.partition(" ")
    seconds, _, hold = when.partition("+")
    aims: dict[str, tuple[float, ...]] = {}
    for control in _listed(what, ","):
        name, *values = control.split()
        aims[name] = _PLACES[values[0]] if values[0] in _PLACES else tuple(map(float, values))
    return Step(seconds=float(seconds), aims=aims, hold_s=float(hold or 0.0))
