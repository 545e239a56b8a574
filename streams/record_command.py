"""``anymove record FILE``: what a source sees, as joints, without an engine.

No picture reaches the file. A file that is there already is continued. Ends with the source, after
``--seconds``, or at Ctrl-C; what was written until then can be played.
"""

import json
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from streams.command_line import parse
from streams.pipeline import Pipeline
from streams.pose import PoseEstimator
from streams.pose_model import pose_model
from streams.recorder import SessionRecorder
from streams.skeleton.errors import ConfigError
from streams.skeleton.window import Window, WindowSpec
from streams.sources.select import gives_pictures, open_source


@dataclass(frozen=True)
class RecordConfig:
    """Records what a source sees, joints only, to a session file."""

    file: Annotated[Path, tyro.conf.Positional]
    """The session file; one that exists is continued."""
    source: str = "0"
    """A camera, a stream, a sensor, a video or a file of skeletons, as for `anymove capture`."""
    seconds: float | None = None
    """Time after which to stop, seconds; until the source ends or Ctrl-C if not given."""
    fast: bool = False
    """Play a file as fast as its people can be found."""
    poses: int = 2
    """Most persons looked for in a picture, 1 to 6."""
    pose_model: Path | None = None
    """A pose_landmarker .task file of your own."""

    def __post_init__(self) -> None:
        """Refuse a recording of no time.

        Raises:
            ConfigError: No time, or a time as long as no disk.
        """
        if self.seconds is not None and not 0 < self.seconds <= 31 * 86_400:
            raise ConfigError(f"wanted a time of up to a month, got {self.seconds:g} s; change --seconds")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of ``anymove record``; prints one line of JSON with what was recorded."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    config = parse(RecordConfig, argv, prog="anymove record", description=RecordConfig.__doc__)
    counters = record(config)
    said = {
        name: counters[name] for name in ("source", "frames", "frames_recorded", "frames_dropped", "view")
    }
    sys.stdout.write(json.dumps({"recorded": str(config.file), **said}) + "\n")
    return 0


def record(config: RecordConfig) -> dict[str, Any]:
    """The pipeline's counters, once the recording has ended.

    Raises:
        SourceError: The source cannot be read, or the file is no session.
        StoreError: The file cannot be written.
    """
    with ExitStack() as stack:
        source = open_source(config.source, fast=config.fast)
        stack.callback(source.close)
        estimator = None
        if gives_pictures(source):
            estimator = PoseEstimator(pose_model(config.pose_model), poses=config.poses)
            stack.callback(estimator.close)
        recorder = SessionRecorder(config.file, source=source.name)
        stack.callback(recorder.close)
        pipeline = Pipeline(
            source, stream="record", sender=_Nowhere(), hop_s=1.0, estimator=estimator, recorder=recorder
        )
        if config.seconds is not None:
            timer = threading.Timer(config.seconds, pipeline.stop)
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_stopped_by_signals(pipeline))
        return pipeline.run()


class _stopped_by_signals:  # noqa: N801 - reads as a verb where it is used
    """While entered, SIGINT and SIGTERM end the pipeline instead of the process."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        asked = threading.Event()

        def stop() -> None:
            asked.wait()
            self._pipeline.stop()

        threading.Thread(target=stop, name="stop", daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM):
            # Nothing else is safe in a handler: the interrupted code may hold any lock.
            self._before[number] = signal.signal(number, lambda *_: asked.set())

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


class _Nowhere:
    """Where windows go when nobody recognises them: none are cut."""

    spec: WindowSpec | None = None

    def offer(self, window: Window) -> None:
        """Never called."""

    def put(self, window: Window, *, timeout_s: float) -> None:
        """Never called."""

    def flush(self, timeout_s: float) -> bool:
        """Nothing waits."""
        return True

    def counters(self) -> dict[str, Any]:
        """Nothing was sent."""
        return {}


if __name__ == "__main__":
    sys.exit(main())
