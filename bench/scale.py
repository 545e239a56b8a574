"""How many skeleton streams the engine process serves: age of results, fairness, memory.

Every stream has a connection of its own, keeps to its credit as a capture process does, and sends the
windows of the synthetic person at its own rate and phase. A window that finds no credit is passed over
and counted, as capture would replace it. Everything runs on this machine: the load takes its share of
the cores, and is measured. Targets at 100 streams of 4 predictions a second: p95 age of a result 250 ms,
the slowest stream at least 90 % of the mean rate, memory flat.
"""

import math
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import zmq

from bench.common import percentiles
from bench.end_to_end import endpoint_flags, process
from bench.engine_core import synthetic_windows
from engine.bundle import DEFAULT_BUNDLE, load_bundle
from engine.client import EngineClient, PredictionReader
from engine.messages import Prediction
from streams.config import Endpoints
from streams.skeleton.window import Window
from streams.sources.synthetic import ACTIONS
from streams.wire import field, pack, pack_window, unpack

TARGET_AGE_P95_MS = 250.0
TARGET_FAIRNESS = 0.9
TARGET_GROWTH_MIB = 16.0
_SETTLE_S = 2.0


@dataclass(frozen=True)
class ScaleConfig:
    """Bench of many streams."""

    streams: tuple[int, ...] = (1, 25, 50, 100)
    """Numbers of streams, tried in turn while they are served."""
    search_to: int = 800
    """Then half as many more each time until they are not served, at most so many; 0 for no search."""
    rate: float = 4.0
    """Windows a second of each stream."""
    seconds: float = 10.0
    """Time measured at each number, seconds."""
    soak_s: float = 60.0
    """Time the largest number that was served is served once more, for its memory, seconds; 0 for none."""
    bundle: Path = DEFAULT_BUNDLE
    """Bundle folder."""


def run(config: ScaleConfig) -> dict[str, Any]:
    """By number of streams: ages in milliseconds, rates, fairness, what was passed over, CPU, memory."""
    windows = synthetic_windows(64, load_bundle(config.bundle).manifest.window)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="am")))
        endpoints = Endpoints.in_folder(folder)
        flags = [
            "--bundle",
            str(config.bundle),
            "--store",
            str(folder / "engine.db"),
            *endpoint_flags(endpoints),
        ]
        started = stack.enter_context(process("engine", *flags))
        client = EngineClient(endpoints, timeout_s=30)
        stack.callback(client.close)
        for name in ACTIONS:
            client.add_action(name)
        health = client.health()
        serving = psutil.Process(started.pid)

        def measure(count: int, seconds: float) -> dict[str, Any]:
            return _step(
                config, count, seconds=seconds, windows=windows, endpoints=endpoints, engine=serving
            )

        steps = search(lambda count: measure(count, config.seconds), config)
        most = most_served(steps, config.rate)
        soak = measure(most, config.soak_s) if config.soak_s and most else None
        stats = client.stats()
    return {
        "bundle": health["bundle"],
        "backend": health["backend"],
        "rate": config.rate,
        "seconds": config.seconds,
        "target_age_p95_ms": TARGET_AGE_P95_MS,
        "target_fairness": TARGET_FAIRNESS,
        "steps": steps,
        "most_served": most,
        "soak": soak,
        "engine_latencies_ms": stats["latencies_ms"],
        "engine_counters": stats["counters"],
    }


def search(measure: Callable[[int], dict[str, Any]], config: ScaleConfig) -> list[dict[str, Any]]:
    """What was measured at each number of streams, up to the first that was not served.

    An overloaded engine gives no credit and results stay young: what tells of it is that streams get
    less than they ask for.
    """
    steps: list[dict[str, Any]] = []
    counts = list(config.streams)
    while counts:
        steps.append(measure(counts.pop(0)))
        if not served(steps[-1], config.rate):
            break
        last = steps[-1]["streams"]
        if not counts and last < config.search_to:
            counts.append(min(config.search_to, last + max(1, last // 2)))
    return steps


def served(step: dict[str, Any], rate: float) -> bool:
    """Whether results were young, no stream starved, and streams got what they asked for."""
    asked = step["streams"] * rate
    return bool(
        step["age_ms"]["p95"] <= TARGET_AGE_P95_MS
        and step["fairness"] >= TARGET_FAIRNESS
        and step["predictions_per_s"] >= TARGET_FAIRNESS * asked
    )


def most_served(steps: list[dict[str, Any]], rate: float) -> int:
    """The largest number of streams that were served; 0 for none."""
    return max((step["streams"] for step in steps if served(step, rate)), default=0)


def summary(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of the short table: what, measured, target."""
    rate, soak = results["rate"], results.get("soak")
    rows = [
        (
            f"{step['streams']} streams at {rate:g}/s" + ("" if served(step, rate) else ": too many"),
            f"{step['predictions_per_s']:.0f}/s, p95 age {step['age_ms']['p95']:.0f} ms, "
            f"slowest stream {step['fairness']:.0%} of the mean, {step['rss_growth_mib']:+.1f} MiB",
            f"{TARGET_AGE_P95_MS:.0f} ms, {TARGET_FAIRNESS:.0%}",
        )
        for step in results["steps"]
    ]
    if soak is not None:
        rows.append(
            (
                f"{soak['streams']} streams for {soak['seconds']:.0f} s",
                f"{soak['rss_growth_mib']:+.1f} MiB, p95 age {soak['age_ms']['p95']:.0f} ms",
                f"{TARGET_GROWTH_MIB:.0f} MiB",
            )
        )
    return rows


def _step(
    config: ScaleConfig,
    count: int,
    *,
    seconds: float,
    windows: list[Window],
    endpoints: Endpoints,
    engine: psutil.Process,
) -> dict[str, Any]:
    heard = _Heard()
    reader = PredictionReader(endpoints, on_prediction=heard.note)
    reader.start(timeout_s=10)
    load = _Load(endpoints, count, rate=config.rate, windows=windows)
    load.start()
    threading.Event().wait(_SETTLE_S)
    heard.forget()
    begun, used, rss = time.monotonic(), engine.cpu_times(), engine.memory_info().rss
    own = psutil.Process().cpu_times()
    threading.Event().wait(seconds)
    elapsed = time.monotonic() - begun
    ages, rates = heard.taken()
    after, own_after = engine.cpu_times(), psutil.Process().cpu_times()
    grown = (engine.memory_info().rss - rss) / 2**20
    load.stop()
    reader.close()
    per_stream = [rates.get(name, 0) / elapsed for name in load.names]
    mean = float(np.mean(per_stream))
    return {
        "streams": count,
        "seconds": seconds,
        "predictions_per_s": round(len(ages) / elapsed, 1),
        "age_ms": percentiles(ages or [float("inf")]),
        "fairness": round(min(per_stream) / mean, 3) if mean else 0.0,
        "sent": load.counts["sent"],
        "passed_over": load.counts["passed_over"],
        "engine_cpu_cores": round((after.user + after.system - used.user - used.system) / elapsed, 2),
        "load_cpu_cores": round((own_after.user + own_after.system - own.user - own.system) / elapsed, 2),
        "rss_mib": round(rss / 2**20, 1),
        "rss_growth_mib": round(grown, 1),
    }


class _Heard:
    """Ages of results and predictions by stream; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ages: list[float] = []
        self._by_stream: Counter[str] = Counter()

    def note(self, prediction: Prediction, transit_ms: float) -> None:
        with self._lock:
            self._ages.append(prediction.ages_ms["decided"] + transit_ms)
            self._by_stream[prediction.stream] += 1

    def forget(self) -> None:
        with self._lock:
            self._ages.clear()
            self._by_stream.clear()

    def taken(self) -> tuple[list[float], dict[str, int]]:
        with self._lock:
            return list(self._ages), dict(self._by_stream)


class _Load:
    """Streams that send until they are stopped, all from one thread that owns their sockets."""

    def __init__(self, endpoints: Endpoints, count: int, *, rate: float, windows: list[Window]) -> None:
        self.names = [f"bench-{count}-{n}" for n in range(count)]
        self.counts: Counter[str] = Counter()
        self._endpoint = endpoints.windows
        self._period_s = 1.0 / rate
        self._windows = windows
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        context = zmq.Context[zmq.Socket[bytes]]()
        sockets = {name: context.socket(zmq.DEALER) for name in self.names}
        credit: dict[str, int] = defaultdict(int)
        poller, owners = zmq.Poller(), {}
        for name, dealer in sockets.items():
            dealer.linger = 0
            dealer.connect(self._endpoint)
            dealer.send_multipart(pack("hello", {"stream": name}))
            poller.register(dealer, zmq.POLLIN)
            owners[dealer] = name
        begun = time.monotonic()
        due = {name: begun + self._period_s * n / len(self.names) for n, name in enumerate(self.names)}
        sent: Counter[str] = Counter()
        while not self._stopping.is_set():
            soonest = min(due, key=lambda name: due[name])
            pause_ms = math.ceil(max(0.0, due[soonest] - time.monotonic()) * 1e3)
            for dealer, _ in poller.poll(pause_ms):
                credit[owners[dealer]] += _credit(dealer)
            if time.monotonic() < due[soonest]:
                continue
            due[soonest] += self._period_s
            sent[soonest] += 1
            if credit[soonest] < 1:
                self.counts["passed_over"] += 1
                continue
            credit[soonest] -= 1
            self.counts["sent"] += 1
            sockets[soonest].send_multipart(pack_window(self._window(soonest, sent[soonest])))
        context.destroy(linger=0)

    def _window(self, stream: str, sequence: int) -> Window:
        shown = self._windows[(hash(stream) + sequence) % len(self._windows)]
        return replace(shown, stream=stream, track=0, sequence=sequence, captured_ns=time.monotonic_ns())


def _credit(dealer: "zmq.Socket[bytes]") -> int:
    message = unpack(dealer.recv_multipart())
    if message.type == "refused":
        raise RuntimeError(f"a window was refused: {message.header}")
    return field(message, "credit", int)
