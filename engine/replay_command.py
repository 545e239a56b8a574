"""``anymove replay`` and ``anymove rescore``: a recording against actions, after the fact.

replay     what would have been said, as lines of JSON: events, and in the end a summary whose
           ``digest`` is the same whenever the decisions are
rescore    whether these actions would have fired, when, and how near they came where they did not
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.messages import ActionEvent, Prediction, to_json
from engine.replay import Replayed, recognizer_of, replay
from engine.text.encoders import load_text_encoder
from streams.command_line import parse
from streams.skeleton.errors import ConfigError


@dataclass(frozen=True)
class ReplayConfig:
    """Plays a recording against actions, as fast as it goes; twice the same, bit by bit."""

    file: Annotated[Path, tyro.conf.Positional]
    """A recorded session or a file of skeletons."""
    actions: str
    """Names of actions, separated by commas; they are all that can be recognised."""
    bundle: Path = DEFAULT_BUNDLE
    """Folder of the model bundle."""
    hop_s: float = 0.2
    """Time between two windows of a person, seconds."""
    pairs: bool = False
    """Recognise two people who stand close together in one window of two."""
    predictions: bool = False
    """Replay: every prediction, too, as a line of JSON."""
    json: bool = False
    """Rescore: one line of JSON instead of a table."""

    def __post_init__(self) -> None:
        """Refuse a replay of nothing.

        Raises:
            ConfigError: No actions, or a hop out of its range.
        """
        if not self.names:
            raise ConfigError("wanted --actions, got none; name what to recognise")
        if not 0.02 <= self.hop_s <= 10.0:
            raise ConfigError(f"wanted a hop of 0.02 to 10 s, got {self.hop_s:g}; change --hop-s")

    @property
    def names(self) -> tuple[str, ...]:
        """The names in ``actions``, without repetitions."""
        names = (name.strip() for name in self.actions.split(","))
        return tuple(dict.fromkeys(name for name in names if name))


@dataclass(eq=False)
class Outcome:
    """How one action fared in a recording."""

    action: str
    began_s: list[float] = field(default_factory=list[float])
    """When it began, each time, seconds into the recording."""
    best_probability: float = 0.0
    """Highest probability of a single window, [0, 1]."""
    best_at_s: float | None = None
    """When that was."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of ``replay`` or ``rescore``, whichever the first argument says."""
    command, *options = sys.argv[1:] if argv is None else argv
    config = parse(ReplayConfig, options, prog=f"anymove {command}", description=ReplayConfig.__doc__)
    if command == "rescore":
        replayed, outcomes = rescore(config)
        _say({**asdict(replayed), "actions": [asdict(o) for o in outcomes]}, config, outcomes, replayed)
    else:
        _replay(config)
    return 0


def rescore(config: ReplayConfig) -> tuple[Replayed, tuple[Outcome, ...]]:
    """How each action would have fared, in the order in which they are named.

    Raises:
        AnymoveError: The file cannot be read, a name is none, or the bundle cannot be run.
    """
    outcomes: dict[str, Outcome] = {}

    def predicted(prediction: Prediction, at_s: float) -> None:
        for score in prediction.top:
            outcome = outcomes.setdefault(score.name, Outcome(score.name))
            if score.probability > outcome.best_probability and prediction.state != "idle":
                outcome.best_probability, outcome.best_at_s = score.probability, round(at_s, 2)

    def happened(event: ActionEvent, at_s: float) -> None:
        if event.phase == "onset":
            outcome = outcomes.setdefault(event.name, Outcome(event.name))
            outcome.began_s.append(round(at_s - event.began_age_ms / 1e3, 2))

    bundle = load_bundle(config.bundle)
    recognizer = recognizer_of(config.names, bundle, load_text_encoder(bundle.manifest.text_encoder.id))
    known = list(recognizer.names.values())
    replayed = replay(
        config.file,
        recognizer,
        bundle.manifest.window,
        hop_s=config.hop_s,
        pairs=config.pairs,
        on_prediction=predicted,
        on_event=happened,
    )
    return replayed, tuple(outcomes.get(name, Outcome(name)) for name in known)


def table(replayed: Replayed, outcomes: Sequence[Outcome]) -> str:
    """What a rescore came to, for people, a line an action."""
    width = max(len(outcome.action) for outcome in outcomes)
    lines = [f"{replayed.source}: {replayed.duration_s:.1f} s, {replayed.windows} windows"]
    for outcome in outcomes:
        times = ", ".join(f"{at_s:.1f}" for at_s in outcome.began_s[:8])
        more = f" and {len(outcome.began_s) - 8} more" if len(outcome.began_s) > 8 else ""
        fired = (
            f"fired {len(outcome.began_s)} times, at {times}{more} s" if times else "would not have fired"
        )
        best = "" if outcome.best_at_s is None else f" at {outcome.best_at_s:.1f} s"
        lines.append(f"  {outcome.action:{width}}  {fired}; at most {outcome.best_probability:.2f}{best}")
    return "\n".join(lines)


def _replay(config: ReplayConfig) -> None:
    bundle = load_bundle(config.bundle)
    events = 0

    def predicted(prediction: Prediction, at_s: float) -> None:
        if config.predictions:
            _line({"type": "prediction", "at_s": round(at_s, 3), **to_json(prediction)})

    def happened(event: ActionEvent, at_s: float) -> None:
        nonlocal events
        events += event.phase == "onset"
        _line({"type": "event", "at_s": round(at_s, 3), **to_json(event)})

    replayed = replay(
        config.file,
        recognizer_of(config.names, bundle, load_text_encoder(bundle.manifest.text_encoder.id)),
        bundle.manifest.window,
        hop_s=config.hop_s,
        pairs=config.pairs,
        on_prediction=predicted,
        on_event=happened,
    )
    _line({"type": "summary", "actions": list(config.names), "events": events, **asdict(replayed)})


def _say(
    result: dict[str, Any], config: ReplayConfig, outcomes: Sequence[Outcome], replayed: Replayed
) -> None:
    if config.json:
        _line(result)
    else:
        sys.stdout.write(table(replayed, outcomes) + "\n")


def _line(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
