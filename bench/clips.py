"""Short videos end to end: pose, windows, engine, caption, with a handful of typed actions each."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import ROOT

_USUAL = ("wave", "jumping jacks", "bow", "punch", "walk")
CLIPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tfjs_pose_squats.mp4": (("squat",), ("wave the right hand", *_USUAL[1:])),
    "carlge_squat.mp4": (("squat",), _USUAL),
    "carlge_bicepcurl.mp4": (("biceps curl",), ("wave", "squat", "punch", "bow", "drink")),
    "sports2d_demo.mp4": (("jumping jacks", "walk", "jump"), ("squat", "wave", "punch")),
    "tfjs_pose_1.mp4": (
        ("raise both arms", "stand on one leg"),
        ("jumping jacks", "squat", "walk", "clap"),
    ),
    "p2s_single_cam01.mp4": (("side kick", "balance on one leg"), ("squat", "wave", "walk", "punch")),
    "p2s_multi_cam01.mp4": (("side kick", "balance on one leg"), ("squat", "wave", "walk", "punch")),
}
"""By file: what is seen in it, and what else is typed."""
_LONGEST_S = 300.0


@dataclass(frozen=True)
class ClipsConfig:
    """Recognise the clips that are at hand."""

    videos: Path = ROOT.parent / "shared" / "video"
    """Folder of the clips."""


def run(config: ClipsConfig) -> dict[str, Any]:
    """By clip: shares of windows by caption, and whether what was said most is what is seen."""
    return {
        name: _one(config.videos / name, seen, others)
        if (config.videos / name).is_file()
        else {"not run": "the clip is not at hand"}
        for name, (seen, others) in CLIPS.items()
    }


def _one(path: Path, seen: tuple[str, ...], others: tuple[str, ...]) -> dict[str, Any]:
    actions = ", ".join((*seen, *others))
    command = (sys.executable, "-m", "anymove", "run", "--headless", "--fast", "--source", str(path))
    done = subprocess.run(
        (*command, "--actions", actions),
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=True,
        cwd=ROOT,
    )
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    kept = {key: summary[key] for key in ("windows", "captions", "idle", "unknown", "most_frequent")}
    return {**kept, "seen": list(seen), "typed": [*seen, *others]}
