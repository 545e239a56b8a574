import re

import httpx

from app.child import ChildStatus
from tests.app.conftest import ServedPage


def test_every_line_is_prometheus(bare: ServedPage) -> None:
    bare.set_process(ChildStatus("engine", "waiting", "it died", 3))
    answer = httpx.get(f"{bare.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    pairs = answer.text.strip().split("\n")
    for kind, line in zip(pairs[::2], pairs[1::2], strict=True):
        name = line.split()[0]
        assert kind == f"# TYPE {name} gauge"
        assert re.fullmatch(r"anymove_[a-z0-9_]+ [0-9.e+-]+", line)
    assert "anymove_engine_ready 0" in pairs
    assert "anymove_engine_restarts 3" in pairs
    assert "anymove_capture_ready 1" in pairs
