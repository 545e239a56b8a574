"""Damages files of skeletons at random: ``python -m tests.streams.formats.fuzz 1000000``.

Whatever the readers are given, they read it or refuse it with a ``SourceError``; nothing else
may come out, and no input may take long.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from streams.formats.known import HEAD_BYTES, format_of
from streams.skeleton.errors import SourceError
from tests.streams.formats.written import FORMS

LONGEST_S = 5.0
_PIECES = (
    *(b"", b"\n", b"\r\n", b" ", b",", b"nan", b"-inf", b"1e400", b"-1", b"0", b"7", b"999999999", b"25"),
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"{", b"]", b'"', b"[[[[[[[[", b"null", b"true", b"1e308", b"x"),
)


def seeds() -> list[bytes]:
    """A small file of each form."""
    return [form.text([((0, -1.0),), ((0, -1.0), (1, 1.0))][: form.most]).encode() for form in FORMS]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with one to four cuts, repeats, swaps or pieces of something else."""
    for _ in range(rng.integers(1, 5)):
        a, b = sorted(int(i) for i in rng.integers(0, len(content) + 1, 2))
        b = min(b, a + int(rng.integers(1, 400)))
        kind = rng.integers(0, 5)
        if kind == 0:
            content = content[:a] + content[b:]
        elif kind == 1:
            content = content[:a]
        elif kind == 2:
            content = content[:b] + content[a:b] + content[b:]
        elif kind == 3:
            content = content[:a] + _PIECES[rng.integers(len(_PIECES))] + content[a:]
        else:
            content = content[:a] + _PIECES[rng.integers(len(_PIECES))] + content[b:]
    return content


def fuzz(inputs: int, *, seed: int, folder: Path) -> tuple[int, int, float]:
    """(read, refused, longest time of one, seconds); any other outcome is raised."""
    rng = np.random.default_rng(seed)
    begun = seeds()
    path = folder / "fuzzed"
    read = refused = 0
    longest_s = 0.0
    for number in range(inputs):
        content = damaged(begun[number % len(begun)], rng)
        began_ns = time.monotonic_ns()
        form = format_of(content[:HEAD_BYTES])
        if form is None:
            continue
        path.write_bytes(content)
        message = None
        try:
            form.read(path)
            read += 1
        except SourceError as error:
            refused, message = refused + 1, str(error)
        assert message is None or str(path) in message, f"input {number}: {message}"
        longest_s = max(longest_s, (time.monotonic_ns() - began_ns) / 1e9)
    assert longest_s < LONGEST_S, f"one input took {longest_s:.1f} s"
    return read, refused, longest_s


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    done = read = refused = 0
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as name:
        while done < wanted:
            share = min(20_000, wanted - done)
            some_read, some_refused, longest_s = fuzz(share, seed=done, folder=Path(name))
            done, read, refused = done + share, read + some_read, refused + some_refused
            slowest_s = max(slowest_s, longest_s)
            sys.stdout.write(
                f"{done} inputs: {read} read, {refused} refused, {done - read - refused} of no form, "
                f"longest {slowest_s * 1e3:.0f} ms\n"
            )
            sys.stdout.flush()
