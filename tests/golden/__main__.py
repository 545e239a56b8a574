"""``make golden``: records the synthetic person's show anew and writes the events it gives.

The session is a fixture of this project's own making. Look at the difference before you commit it.
"""

import json

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.text.encoders import load_text_encoder
from streams.recorder import SessionRecorder
from streams.sources.synthetic import SyntheticSource
from tests.golden.replay import EVENTS, SESSION, replay

SECONDS = 60
FPS = 30.0


def main() -> None:
    """Write both files."""
    SESSION.unlink(missing_ok=True)
    recorder = SessionRecorder(SESSION, source="synthetic")
    source = SyntheticSource("synthetic", fps=FPS, seed=7, realtime=False)
    for frame in source:
        recorder.write(frame)
        if recorder.frames == round(SECONDS * FPS):
            source.close()
    recorder.close()
    events = replay(SESSION, load_text_encoder(load_bundle(DEFAULT_BUNDLE).manifest.text_encoder.id))
    EVENTS.write_text(json.dumps(events, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
