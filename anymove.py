"""The ``anymove`` command: hands each subcommand to the package that owns it.

It alone may know all four packages, and it imports none of them before it is needed: help comes at
once.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

COMMANDS = {
    "run": ("app.__main__", "start everything: watch, type an action, see it recognised"),
    "kiosk": ("app.kiosk.__main__", "the same for visitors who take turns, in full screen"),
    "password": ("app.password", "set the operator's password"),
    "setup": ("app.setup", "prepare the model files for poses and texts"),
    "doctor": ("app.doctor", "look whether everything is there"),
    "check": ("engine.checking", "say whether a name will work, before it is added"),
    "engine": ("engine.__main__", "the recognition process alone"),
    "capture": ("streams.__main__", "a capture process alone"),
    "record": ("streams.record_command", "record what a source sees, as joints, to a session file"),
    "replay": ("engine.replay_command", "play a recording against actions; twice the same, bit by bit"),
    "rescore": ("engine.replay_command", "say whether actions would have fired in a recording"),
    "devices": ("streams.devices", "list the cameras of this machine"),
    "inspect": ("streams.inspection", "say what a video or a file of skeletons is"),
    "bench": ("bench.short", "measure this machine in two minutes"),
    "build-engine": ("engine.build_engine", "compile the encoder for an NVIDIA GPU with TensorRT"),
    "train": ("training.__main__", "train an encoder"),
    "refit": ("training.__main__", "train the text side of a run again, alone"),
    "export": ("training.__main__", "make a model bundle of a trained encoder"),
    "eval": ("training.__main__", "score a bundle on a packed data set"),
    "convert": ("training.lab.__main__", "turn NTU RGB+D or PKU-MMD as given out into one array"),
    "lab": ("training.lab.__main__", "train and compare every method"),
    "lab-bundle": ("training.lab.__main__", "make a model bundle of one of the lab's methods"),
    "import-checkpoint": ("training.lab.__main__", "bring released weights into this project's form"),
}
ENTERED_BY_NAME = frozenset(
    {
        "replay",
        "rescore",
        "train",
        "refit",
        "export",
        "eval",
        "convert",
        "lab",
        "lab-bundle",
        "import-checkpoint",
    }
)
"""Commands of a package that has several: it is told which one."""


def usage() -> str:
    """What ``anymove --help`` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(
        [
            "anymove recognises any human action you can name, live, from skeletons alone.",
            "",
            "usage: anymove COMMAND [OPTION ...]",
            "",
            *lines,
            "",
            "anymove COMMAND --help lists a command's options.",
            "",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of the command: 0, or 2 after one line that says what was wrong."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    command, *options = arguments
    if command not in COMMANDS:
        sys.stderr.write(f"anymove: wanted a command ({', '.join(COMMANDS)}), got {command!r:.60}\n")
        return 2
    module = import_module(COMMANDS[command][0])
    return _guarded(module.main, arguments if command in ENTERED_BY_NAME else options)


def _guarded(run: Callable[[list[str]], int | None], options: list[str]) -> int:
    # After the command's own module, so that help for all commands imports nothing.
    from streams.skeleton.errors import AnymoveError

    try:
        return run(options) or 0
    except AnymoveError as error:
        sys.stderr.write(f"anymove: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
