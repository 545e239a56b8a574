import itertools
import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import zmq

from streams.jpeg import jpeg
from streams.picture_wire import pack_picture
from streams.skeleton.errors import SourceError
from streams.sources import inbox
from streams.sources.browser import BrowserSource
from tests.streams.fakes import WAIT_S

ADDRESS = "browser:tcp://127.0.0.1:*"
TIMES = 50


def grey(level: int) -> bytes:
    return jpeg(np.full((48, 64, 3), level, np.uint8), quality=95)


@pytest.fixture
def source() -> Iterator[BrowserSource]:
    with closing(BrowserSource(ADDRESS)) as source:
        yield source


def pushed(source: BrowserSource, *messages: list[bytes]) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = 1000
        socket.connect(source.endpoint)
        for message in messages:
            socket.send_multipart(message)


def test_the_newest_picture_is_given_and_its_age_counts(source: BrowserSource) -> None:
    pushed(source, *(pack_picture(grey(level), age_ns=40_000_000) for level in (10, 200)))
    pictures = iter(source)
    levels = [float(next(pictures).rgb.mean())]
    while levels[-1] < 150:
        levels.append(float(next(pictures).rgb.mean()))
    assert levels[-1] == pytest.approx(200, abs=3)
    assert len(levels) + source.dropped == 2


def test_time_goes_on_whatever_the_browser_says(source: BrowserSource) -> None:
    ages_ns = (0, 500_000_000, 0, 10**15, -5)
    times = [
        source._picture(pack_picture(grey(9), age_ns=age_ns), now_ns).captured_ns
        for now_ns, age_ns in zip(itertools.count(10**12, 33_000_000), ages_ns, strict=False)
    ]
    assert (np.diff(times) > 0).all()


def test_what_is_no_picture_is_counted_and_said(source: BrowserSource) -> None:
    told: list[str | None] = []
    source.presence.on_change(told.append)
    pushed(source, [b"x"], pack_picture(b"no jpeg", age_ns=0))
    pictures = iter(source)
    late = threading.Timer(0.2, pushed, (source, pack_picture(grey(3), age_ns=0)))
    late.start()
    assert next(pictures).rgb.shape == (48, 64, 3)
    late.join()
    assert source.refused.total() + source.dropped == 2
    assert told[1:] == [None]


def test_a_tab_closed_fifty_times_is_noticed_and_taken_back_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "SILENT_S", 0.01)
    threads = threading.active_count()
    source = BrowserSource(ADDRESS)
    gone = threading.Semaphore(0)
    source.presence.on_change(lambda reason: gone.release() if reason is not None else None)
    back = threading.Semaphore(0)

    def watch() -> None:
        for _ in source:
            back.release()

    watching = threading.Thread(target=watch)
    watching.start()
    assert gone.acquire(timeout=WAIT_S)
    for _ in range(TIMES):
        pushed(source, pack_picture(grey(3), age_ns=0))
        assert back.acquire(timeout=WAIT_S)
        assert gone.acquire(timeout=WAIT_S)
    assert (source.presence.losses, source.presence.returns) == (TIMES, TIMES - 1)
    source.close()
    watching.join(WAIT_S)
    assert threading.active_count() == threads


@pytest.mark.parametrize("address", ["browser:tcp://0.0.0.0:5585", "browser:", "browser:x"])
def test_other_machines_are_kept_out(address: str) -> None:
    with pytest.raises(SourceError, match=r"browser:tcp://127\.0\.0\.1:PORT"):
        BrowserSource(address)
