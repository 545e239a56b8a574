"""``anymove setup``: makes the model files ready, once; a second run finds them and is done at once."""

import sys
import time
from collections.abc import Callable
from pathlib import Path


def _pose() -> Path:
    # Each step loads only what it needs: the second of them loads torch.
    from streams.pose_model import prepare_pose_model  # noqa: PLC0415

    return prepare_pose_model()


def _text() -> Path:
    from engine.bundle import DEFAULT_BUNDLE, load_bundle  # noqa: PLC0415
    from engine.text.encoders import prepare_text_encoder  # noqa: PLC0415

    return prepare_text_encoder(load_bundle(DEFAULT_BUNDLE).manifest.text_encoder.id)


STEPS: dict[str, Callable[[], Path]] = {"pose model": _pose, "text encoder": _text}


def main(argv: list[str]) -> int:
    """0 once every model file is there and sound.

    Raises:
        ModelFileError: One of them cannot be had or made.
    """
    if argv:
        sys.stdout.write(
            "usage: anymove setup\n\nPrepares the model files for poses and texts; no options.\n"
        )
        return 0 if argv[0] in ("-h", "--help") else 2
    for name, prepare in STEPS.items():
        sys.stdout.write(f"{name} … ")
        sys.stdout.flush()
        began_ns = time.monotonic_ns()
        path = prepare()
        sys.stdout.write(f"ready in {(time.monotonic_ns() - began_ns) / 1e9:.1f} s: {path}\n")
    return 0
