"""``anymove inspect FILE``: what a file is, by its content, and whether it can be used."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import tyro

from streams.check_view import check_view
from streams.command_line import parse
from streams.formats.known import format_of
from streams.session_file import MAGIC, read_frames, read_header, summarize
from streams.skeleton.errors import ConfigError, SourceError
from streams.skeleton.layouts import NTU_25, Layout
from streams.skeleton.mirroring import looks_mirrored
from streams.skeleton.normalize import body_size
from streams.skeleton.retarget import BLAZEPOSE_TO_NTU, COCO_INVENTED, K4ABT_TO_NTU, KINECT_V1_TO_NTU
from streams.sources.base import Person
from streams.sources.playback import Playback
from streams.sources.select import beginning_of, open_source, refuse_text
from streams.sources.video import VideoSource

_INVENTED = {
    layout: to_ntu.invented
    for layout, to_ntu in (
        ("blazepose33", BLAZEPOSE_TO_NTU),
        ("kinect_v1_20", KINECT_V1_TO_NTU),
        ("k4abt32", K4ABT_TO_NTU),
    )
} | {"coco17": COCO_INVENTED}
_MOST_BODIES = 20_000


@dataclass(frozen=True)
class InspectConfig:
    """Says what a file is, by its content: frames, bodies, layout, units, and what is odd about it."""

    file: Annotated[Path, tyro.conf.Positional]
    """A video, a recorded session or a file of skeletons."""
    json: bool = False
    """One line of JSON instead of a table."""
    draw: Path | None = None
    """Picture (.png or .jpg) to write to check the layout by: a body of the middle of the file, from the
    front and the side, its joints numbered and its left and right in two colours."""


@dataclass(frozen=True)
class Finding:
    """What a file is. Fields that do not apply are None."""

    file: str
    kind: str
    frames: int
    duration_s: float
    fps: float
    fps_is_told: bool
    """Whether the file tells the rate; else it is taken for granted."""
    bodies_at_once: int | None = None
    """Most bodies in one frame."""
    identities: int | None = None
    """Bodies the file itself tells apart."""
    empty_frames: int | None = None
    """Frames with nobody."""
    layout: str | None = None
    joints: int | None = None
    invented: tuple[str, ...] | None = None
    """NTU-25 joints that are not one measured joint of the file."""
    unit: str | None = None
    body_size_m: float | None = None
    """Trunk, thigh and shin, the median over bodies."""
    size: tuple[int, int] | None = None
    """Width and height of a video, pixels."""
    notes: tuple[str, ...] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of ``anymove inspect``; what is wrong with a file raises ``SourceError``."""
    config = parse(InspectConfig, argv, prog="anymove inspect", description=InspectConfig.__doc__)
    finding = inspect(config.file)
    if config.draw is not None:
        _draw(config.file, config.draw, finding)
    sys.stdout.write((json.dumps(asdict(finding)) if config.json else table(finding)) + "\n")
    return 0


def inspect(path: Path) -> Finding:
    """What the file is.

    Raises:
        SourceError: No file, or none that can be read; names file and line.
    """
    if not path.is_file():
        raise SourceError(f"wanted a file, got none at {path}; check the path")
    beginning = beginning_of(path)
    if beginning.startswith(MAGIC):
        return _session(path)
    form = format_of(beginning)
    if form is None:
        refuse_text(path, beginning)
        return _video(path)
    recording = form.read(path)
    return _skeletons(
        path,
        recording.kind,
        recording.offsets_ns.tolist(),
        [len(persons) for persons in recording.persons],
        [person for persons in recording.persons for person in persons],
        layout=recording.layout,
        unit=recording.unit,
        timed=recording.timed,
        notes=recording.notes,
    )


def _session(path: Path) -> Finding:
    summary = summarize(path)
    notes = [f"recorded from {summary.header.source}"]
    if summary.torn_bytes:
        notes.append(f"the last {summary.torn_bytes} bytes are torn and will not be played")
    offsets: list[int] = []
    counts: list[int] = []
    bodies: list[Person] = []
    with path.open("rb") as file:
        header = read_header(file, path)
        for offset_ns, frame in read_frames(file, header):
            offsets.append(offset_ns)
            counts.append(len(frame.persons))
            # A day would not fit into memory.
            bodies += frame.persons if len(bodies) < _MOST_BODIES else ()
    return _skeletons(path, "recorded session", offsets, counts, bodies, layout=NTU_25, notes=tuple(notes))


def _video(path: Path) -> Finding:
    with closing(VideoSource(path, fast=True)) as video:
        facts = video.facts
    return Finding(
        file=str(path),
        kind="video",
        frames=facts.frames,
        duration_s=round(facts.frames / facts.fps, 3),
        fps=round(facts.fps, 3),
        fps_is_told=facts.fps_is_told,
        size=(facts.width, facts.height),
        notes=() if facts.frames else ("the container does not tell how many frames there are",),
    )


def _skeletons(
    path: Path,
    kind: str,
    offsets_ns: Sequence[int],
    counts: Sequence[int],
    bodies: Sequence[Person],
    *,
    layout: Layout,
    unit: str = "m",
    timed: bool = True,
    notes: tuple[str, ...] = (),
) -> Finding:
    duration_s = (offsets_ns[-1] - offsets_ns[0]) / 1e9 if offsets_ns else 0.0
    size = body_size(np.stack([body.positions for body in bodies[:_MOST_BODIES]])) if bodies else None
    return Finding(
        file=str(path),
        kind=kind,
        frames=len(offsets_ns),
        duration_s=round(duration_s, 3),
        fps=round((len(offsets_ns) - 1) / duration_s, 3) if duration_s > 0 else 0.0,
        fps_is_told=timed,
        bodies_at_once=max(counts, default=0),
        identities=len({body.track for body in bodies if body.track is not None}),
        empty_frames=counts.count(0),
        layout=layout.name,
        joints=len(layout),
        invented=_INVENTED.get(layout.name, ()),
        unit=unit,
        body_size_m=None if size is None else round(size, 3),
        notes=(*notes, *_oddities(bodies[:_MOST_BODIES])),
    )


def _oddities(bodies: Sequence[Person]) -> tuple[str, ...]:
    mirrored = [
        track
        for track in sorted({body.track or 0 for body in bodies})
        if looks_mirrored(
            np.stack([body.positions for body in bodies if (body.track or 0) == track]),
            np.stack([body.confidence for body in bodies if (body.track or 0) == track]),
        )
    ]
    if not mirrored:
        return ()
    return (
        f"bodies {', '.join(map(str, mirrored))} look mirrored: toes and knees point backwards; "
        "left and right may be swapped",
    )


def _draw(path: Path, picture: Path, finding: Finding) -> None:
    """Write the picture to check a file by.

    Raises:
        SourceError: The file has nobody in it, or pictures.
        ConfigError: The picture cannot be written.
    """
    source = open_source(str(path), fast=True)
    with closing(source):
        if not isinstance(source, Playback):
            raise SourceError(
                f"wanted skeletons to draw, got {path}, which has pictures; record it first: "
                f"anymove record a.session --source {path} --fast"
            )
        seen = [frame.persons[0] for _, frame in source.frames() if frame.persons]
    if not seen:
        raise SourceError(f"wanted somebody to draw, got nobody in {path}; name another file")
    title = f"{path.name}: {finding.kind}, {finding.layout}; invented: {len(finding.invented or ())} of 25"
    view = cv2.cvtColor(check_view(seen[len(seen) // 2], title), cv2.COLOR_RGB2BGR)
    try:
        written = cv2.imwrite(str(picture), view)
    except cv2.error:
        written = False
    if not written:
        raise ConfigError(f"wanted to write a .png or .jpg, got {picture}; change --draw")


def table(finding: Finding) -> str:
    """The finding for people, a line each."""
    told = "" if finding.fps_is_told else ", taken for granted"
    lines = [
        f"{finding.file}: {finding.kind}",
        f"  frames   {finding.frames} over {finding.duration_s:.2f} s, {finding.fps:.2f} a second{told}",
    ]
    if finding.size is not None:
        lines.append(f"  picture  {finding.size[0]} x {finding.size[1]}")
    if finding.layout is not None:
        invented = ", ".join(finding.invented or ()) or "none"
        lines += [
            f"  bodies   up to {finding.bodies_at_once} at once, {finding.identities} told apart; "
            f"{finding.empty_frames} frames with nobody",
            f"  layout   {finding.layout}, {finding.joints} joints; invented for NTU-25: {invented}",
            f"  unit     {finding.unit}"
            + ("" if finding.body_size_m is None else f"; trunk and leg {finding.body_size_m:.2f} m"),
        ]
    return "\n".join([*lines, *(f"  note     {note}" for note in finding.notes)])


if __name__ == "__main__":
    sys.exit(main())
