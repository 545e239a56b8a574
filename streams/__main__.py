"""The capture process: ``python -m streams --source 0``.

Prints ``{"ready": {...}}`` once frames flow, or once a source that others send to listens;
``{"gone": "..."}`` with what to do when a live source falls silent, ``{"gone": null}`` when it is
back; and ``{"end": {...}}`` with the final counters. What goes wrong is one line on stderr and exit
code 2.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from streams.command_line import parse
from streams.config import CaptureConfig
from streams.jpeg import jpeg
from streams.pipeline import Pipeline
from streams.pose import PoseEstimator
from streams.pose_model import pose_model
from streams.preview_publisher import PreviewPublisher
from streams.recorder import SessionRecorder
from streams.sender import WindowSender
from streams.skeleton.errors import AnymoveError
from streams.sources.select import gives_pictures, open_source, presence_of


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of a capture process: 0 when its source ended or it was asked to stop, 2 on an error."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    try:
        config = parse(CaptureConfig, argv, prog="anymove capture", description=CaptureConfig.__doc__)
        keep_stderr_for_ourselves(config.native_log)
        _capture(config)
    except AnymoveError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def keep_stderr_for_ourselves(native_log: Path | None) -> None:
    """Send what native libraries write to stderr elsewhere; Python's own messages still get there.

    OpenCV, FFmpeg and MediaPipe write to file descriptor 2 whatever they are told.

    Args:
        native_log: File to append to; None throws it away.
    """
    sys.stderr.flush()
    ours = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    theirs = os.open(native_log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(theirs, 2)
    os.close(theirs)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setStream(ours)
    sys.stderr = ours


def _capture(config: CaptureConfig) -> None:
    with ExitStack() as stack:
        # First of all, so that the engine answers while the rest is being opened.
        sender = WindowSender(config.endpoints.windows, config.stream)
        stack.callback(sender.close)
        source = open_source(config.source, fast=config.fast, loop=config.loop)
        stack.callback(source.close)
        estimator = recorder = None
        if gives_pictures(source):
            estimator = PoseEstimator(pose_model(config.pose_model), poses=config.poses)
            stack.callback(estimator.close)
        if config.record is not None:
            recorder = SessionRecorder(config.record, source=source.name)
            stack.callback(recorder.close)
        preview = PreviewPublisher(
            config.endpoints.preview,
            config.stream,
            encode=None if config.joints_only else jpeg,
            max_fps=config.preview_fps,
        )
        stack.callback(preview.close)
        spec = sender.wait_welcome(config.engine_wait_s)
        pipeline = Pipeline(
            source,
            stream=config.stream,
            sender=sender,
            hop_s=config.hop_s,
            estimator=estimator,
            preview=preview,
            recorder=recorder,
            pairs=config.pairs,
            patience_s=config.engine_wait_s,
        )
        _stop_on_signals(pipeline, sender)
        ready = {
            "source": source.name,
            "stream": config.stream,
            "live": source.live,
            "joints_only": config.joints_only,
            "window": {"frames": spec.frames, "length_s": spec.length_s},
        }
        presence = presence_of(source)
        # Whoever is waited for may take their time.
        waits = presence is not None and presence.absent is not None
        if waits:
            _say({"ready": ready})
        if presence is not None:
            presence.on_change(lambda reason: _say({"gone": reason}))
        counters = pipeline.run(on_ready=lambda: None if waits else _say({"ready": ready}))
        _say({"end": counters})


def _stop_on_signals(pipeline: Pipeline, sender: WindowSender) -> None:
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        # Nothing else is safe here: the interrupted code may hold any lock.
        asked.set()

    def stop() -> None:
        asked.wait()
        pipeline.stop()
        sender.close()

    threading.Thread(target=stop, name="stop", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
