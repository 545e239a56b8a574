"""Adds actions to a store without end and says so after each; a test kills it.

python store_writer.py PATH FIRST
"""

import itertools
import sys
from pathlib import Path

from engine.messages import Action
from engine.store import Change, Store


def main(path: Path, first: int) -> None:
    store = Store(path)
    for number in itertools.count(first):
        action = Action(f"id{number}", f"action {number}", (f"text {number}",) * 3, "user")
        store.apply(Change("add", None, action), version=number + 1)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
