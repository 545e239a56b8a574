"""``make bench``: measures this machine, writes JSON, and makes the tables of it.

python -m bench                        all suites that need nothing but this project
python -m bench recognition            zero-shot recognition on the packed sets at hand
python -m bench clips                  the short videos at hand, end to end
python -m bench end-to-end --source clip.mp4
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from bench import clips, end_to_end, engine_core, recognition, report
from bench.clips import ClipsConfig
from bench.common import write_result
from bench.end_to_end import EndToEndConfig
from bench.engine_core import CoreConfig
from bench.recognition import RecognitionConfig


@dataclass(frozen=True)
class AllConfig:
    """Every suite that needs nothing but this project."""

    core: CoreConfig = field(default_factory=CoreConfig)
    end_to_end: EndToEndConfig = field(default_factory=EndToEndConfig)


Command = (
    Annotated[AllConfig, tyro.conf.subcommand("all")]
    | Annotated[CoreConfig, tyro.conf.subcommand("core")]
    | Annotated[EndToEndConfig, tyro.conf.subcommand("end-to-end")]
    | Annotated[RecognitionConfig, tyro.conf.subcommand("recognition")]
    | Annotated[ClipsConfig, tyro.conf.subcommand("clips")]
)


def main() -> None:
    """Run the suites asked for; the last line is one JSON object with the files written."""
    asked = tyro.cli(Command, args=sys.argv[1:] or ["all"], prog="make bench", description=__doc__)
    command = " ".join(["python -m bench", *(Path(a).name if "/" in a else a for a in sys.argv[1:])])
    written: list[Path] = []
    if isinstance(asked, RecognitionConfig):
        written.append(write_result("recognition", command, recognition.run(asked)))
    if isinstance(asked, ClipsConfig):
        written.append(write_result("clips", command, clips.run(asked)))
    if isinstance(asked, (AllConfig, CoreConfig)):
        core = asked.core if isinstance(asked, AllConfig) else asked
        written.append(write_result("engine_core", command, engine_core.run(core)))
    if isinstance(asked, (AllConfig, EndToEndConfig)):
        config = asked.end_to_end if isinstance(asked, AllConfig) else asked
        suite = "end_to_end_" + Path(config.source).stem.split(":")[0]
        written.append(write_result(suite, command, end_to_end.run(config)))
    report.main()
    print(json.dumps({"written": [path.name for path in written]}))


if __name__ == "__main__":
    main()
