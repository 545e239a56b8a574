"""``make bench``: measures this machine, writes JSON, and makes the tables of it.

python -m bench                        all suites that need nothing but this project, some six minutes
python -m bench scale --streams 100    one of them: backends, core, roofline, growth, persons,
                                       scale, start, end-to-end
python -m bench recognition            zero-shot recognition on the packed sets at hand
python -m bench robustness             captions against yaw, distance, rate, unseen joints and jitter
python -m bench crossings              two people who cross: identities and captions
python -m bench webcam                 pose rate and age of joints, a clip as the camera
python -m bench page --minutes 60      the page in a real browser: paint, updates, memory, a killed engine
python -m bench clips                  the short videos at hand, end to end
python -m bench typed-names            which library entries typed names find
python -m bench bank --features DIR    prototype banks on streams of cached features
python -m bench end-to-end --source clip.mp4
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from bench import (
    backends,
    bank,
    clips,
    crossings,
    end_to_end,
    engine_core,
    growth,
    page,
    persons,
    recognition,
    report,
    robustness,
    roofline,
    scale,
    start,
    typed_names,
    webcam,
)
from bench.backends import BackendsConfig
from bench.bank import BankConfig
from bench.bank_plots import plot_all
from bench.clips import ClipsConfig
from bench.common import ROOT, write_result
from bench.crossings import CrossingsConfig
from bench.end_to_end import EndToEndConfig
from bench.engine_core import CoreConfig
from bench.growth import GrowthConfig
from bench.page import PageConfig
from bench.persons import PersonsConfig
from bench.recognition import RecognitionConfig
from bench.robustness import RobustnessConfig
from bench.roofline import RooflineConfig
from bench.scale import ScaleConfig
from bench.start import StartConfig
from bench.typed_names import TypedNamesConfig
from bench.webcam import WebcamConfig


@dataclass(frozen=True)
class AllConfig:
    """Every suite that needs nothing but this project."""

    backends: BackendsConfig = field(default_factory=BackendsConfig)
    core: CoreConfig = field(default_factory=CoreConfig)
    roofline: RooflineConfig = field(default_factory=RooflineConfig)
    growth: GrowthConfig = field(default_factory=GrowthConfig)
    persons: PersonsConfig = field(default_factory=PersonsConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    start: StartConfig = field(default_factory=StartConfig)
    end_to_end: EndToEndConfig = field(default_factory=EndToEndConfig)


Command = (
    Annotated[AllConfig, tyro.conf.subcommand("all")]
    | Annotated[BackendsConfig, tyro.conf.subcommand("backends")]
    | Annotated[CoreConfig, tyro.conf.subcommand("core")]
    | Annotated[RooflineConfig, tyro.conf.subcommand("roofline")]
    | Annotated[GrowthConfig, tyro.conf.subcommand("growth")]
    | Annotated[PersonsConfig, tyro.conf.subcommand("persons")]
    | Annotated[ScaleConfig, tyro.conf.subcommand("scale")]
    | Annotated[StartConfig, tyro.conf.subcommand("start")]
    | Annotated[EndToEndConfig, tyro.conf.subcommand("end-to-end")]
    | Annotated[RecognitionConfig, tyro.conf.subcommand("recognition")]
    | Annotated[RobustnessConfig, tyro.conf.subcommand("robustness")]
    | Annotated[CrossingsConfig, tyro.conf.subcommand("crossings")]
    | Annotated[PageConfig, tyro.conf.subcommand("page")]
    | Annotated[WebcamConfig, tyro.conf.subcommand("webcam")]
    | Annotated[ClipsConfig, tyro.conf.subcommand("clips")]
    | Annotated[TypedNamesConfig, tyro.conf.subcommand("typed-names")]
    | Annotated[BankConfig, tyro.conf.subcommand("bank")]
)


Suite = tuple[str, type[Any], Callable[[Any], dict[str, Any]]]

_SUITES: tuple[Suite, ...] = (
    ("backends", BackendsConfig, backends.run),
    ("engine_core", CoreConfig, engine_core.run),
    ("roofline", RooflineConfig, roofline.run),
    ("growth", GrowthConfig, growth.run),
    ("persons", PersonsConfig, persons.run),
    ("scale", ScaleConfig, scale.run),
    ("start", StartConfig, start.run),
)
_ON_DATA: tuple[Suite, ...] = (
    ("bank", BankConfig, bank.run),
    ("recognition", RecognitionConfig, recognition.run),
    ("robustness", RobustnessConfig, robustness.run),
    ("crossings", CrossingsConfig, crossings.run),
    ("webcam", WebcamConfig, webcam.run),
    ("page", PageConfig, page.run),
    ("clips", ClipsConfig, clips.run),
    ("typed_names", TypedNamesConfig, typed_names.run),
)
"""Those that need more than this project: they run only by name."""


def main() -> None:
    """Run the suites asked for; the last line is one JSON object with the files written."""
    asked = tyro.cli(Command, args=sys.argv[1:] or ["all"], prog="make bench", description=__doc__)
    command = " ".join(["python -m bench", *(Path(a).name if "/" in a else a for a in sys.argv[1:])])
    configs = [*vars(asked).values()] if isinstance(asked, AllConfig) else [asked]
    written = [
        write_result(suite, command, run(config))
        for config in configs
        for suite, kind, run in (*_SUITES, *_ON_DATA)
        if isinstance(config, kind)
    ]
    if isinstance(asked, (AllConfig, EndToEndConfig)):
        config = asked.end_to_end if isinstance(asked, AllConfig) else asked
        suite = "end_to_end_" + Path(config.source).stem.split(":")[0]
        written.append(write_result(suite, command, end_to_end.run(config)))
    if isinstance(asked, BankConfig):
        written += plot_all(report.read_results()["bank"]["results"], ROOT / "docs" / "images")
    report.main()
    print(json.dumps({"written": [path.name for path in written]}))


if __name__ == "__main__":
    main()
