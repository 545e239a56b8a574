"""``anymove build-engine``: compiles the encoder for this machine's NVIDIA GPU with TensorRT, once.

It takes minutes. The plan is kept beside the engine's state, and the engine then tries it at its next
start like every other backend.
"""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.bundle import DEFAULT_BUNDLE, Bundle, load_bundle
from streams.command_line import parse

_TICK_S = 5.0


@dataclass(frozen=True)
class BuildConfig:
    """Compiles the encoder for this machine's GPU."""

    bundle: Path = DEFAULT_BUNDLE
    """Folder of the model bundle."""


def main(argv: Sequence[str] | None = None) -> int:
    """0 once the plan is kept.

    Raises:
        AnymoveError: There is no GPU or no TensorRT, or it cannot compile the encoder.
    """
    config = parse(BuildConfig, argv, prog="anymove build-engine")
    build(load_bundle(config.bundle), tell=lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    return 0


def build(bundle: Bundle, *, tell: Callable[[str], None], tick_s: float = _TICK_S) -> None:
    """Return once the plan is kept; says every few seconds that it is still at work."""
    from engine.backends.nvidia import require_gpu  # noqa: PLC0415 - torch is loaded only with a GPU

    require_gpu()
    from engine.backends.tensorrt import build_engine  # noqa: PLC0415
    from engine.backends.tensorrt_plan import PlanCache  # noqa: PLC0415

    done, begun = threading.Event(), time.monotonic()

    def progress() -> None:
        while not done.wait(tick_s):
            tell(f"compiling {bundle.manifest.name}, {time.monotonic() - begun:.0f} s so far")

    teller = threading.Thread(target=progress, name="progress", daemon=True)
    teller.start()
    try:
        build_engine(bundle, cache=PlanCache(), tell=tell)
    finally:
        done.set()
        teller.join()
