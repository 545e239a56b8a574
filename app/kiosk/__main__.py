"""``anymove kiosk``: ``anymove run`` for visitors."""

import sys
from collections.abc import Sequence

from app.__main__ import main as run


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status of ``anymove run --kiosk``, which takes the same options."""
    return run(["--kiosk", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
