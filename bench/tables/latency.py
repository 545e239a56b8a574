"""How long it takes: percentiles, stages, and the engine's speed beside its targets."""

from collections.abc import Callable
from typing import Any

from bench import backends, engine_core, growth, persons, roofline, scale, start
from bench.tables.origin import origin


def latency_table(everything: dict[str, Any]) -> str:
    """Percentiles of the two live benches beside their targets."""
    rows: list[str] = []
    notes: list[str] = []
    core = everything.get("engine_core")
    if core is not None:
        results = core["results"]
        rows.append(_row("engine core, one person a window", results["stages_ms"]["whole"], 8.0))
        notes.append(origin(core))
    for name, found in sorted(everything.items()):
        if not name.startswith("end_to_end"):
            continue
        results = found["results"]
        source = results["source"]
        rows.append(
            _row(
                f"capture to caption, {source}",
                results["capture_to_caption_ms"],
                results["target_capture_to_caption_p95_ms"],
            )
        )
        if results["typing_to_live_ms"]:
            rows.append(
                _row(
                    f"typing to live, {source}",
                    results["typing_to_live_ms"],
                    results["target_typing_to_live_p95_ms"],
                )
            )
        notes.append(origin(found))
    if not rows:
        return "Latency: not run."
    head = ["| milliseconds | p50 | p95 | p99 | target p95 |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *notes])


def stage_table(everything: dict[str, Any]) -> str:
    """Milliseconds of every stage of capture and engine."""
    parts: list[str] = []
    for name, found in sorted(everything.items()):
        if not name.startswith("end_to_end"):
            continue
        results = found["results"]
        sender = results["capture"]["sender"]
        parts += [f"### {results['source']}", "", "| stage | p50 | p95 |", "|---|---|---|"]
        stages = {
            **{f"capture: {k}": v for k, v in results["capture"]["stages_ms"].items()},
            **{f"engine: {k}": v for k, v in results["engine_latencies_ms"].items()},
        }
        parts += [f"| {stage} | {t['p50']:.2f} | {t['p95']:.2f} |" for stage, t in stages.items()]
        parts += [
            "",
            f"{results['predictions_per_s']} predictions a second from {results['capture']['fps']} frames "
            f"a second; frames dropped {results['capture']['frames_dropped']}, windows replaced "
            f"{sender['replaced']}, refused {sender['refused']}, lost {sender['lost']}, predictions missed "
            f"{results['predictions_missed']}.",
            "",
            origin(found),
            "",
        ]
    return "\n".join(parts) if parts else "Latency: not run."


_SUMMARIES: dict[str, Callable[[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "backends": backends.summary,
    "engine_core": engine_core.summary,
    "roofline": roofline.summary,
    "growth": growth.summary,
    "persons": persons.summary,
    "scale": scale.summary,
    "start": start.summary,
}


def webcam_table(everything: dict[str, Any]) -> str:
    """How many pictures a second become joints, and how old those are."""
    found = everything.get("webcam")
    if found is None:
        return "Webcam: not run."
    results = found["results"]
    age, pose = results["picture_to_joints_ms"], results["pose_ms"]
    lines = [
        f"| {results['source']}, {results['camera_fps']:g} pictures a second | measured | target |",
        "|---|---|---|",
        f"| pictures a second that became joints | {results['pose_fps']:g} | 25 |",
        f"| picture to joints, p50 / p95 | {age['p50']:.1f} / {age['p95']:.1f} ms | p95 80 ms |",
        f"| of it the pose, p50 / p95 | {pose['p50']:.1f} / {pose['p95']:.1f} ms |  |",
        f"| processor time of a pose | {results['pose_cpu_ms']:g} ms |  |",
    ]
    return "\n".join([*lines, "", origin(found)])


def speed_table(everything: dict[str, Any]) -> str:
    """The engine's benches beside their targets, as ``anymove bench`` prints them."""
    found = {suite: everything[suite] for suite in _SUMMARIES if suite in everything}
    if not found:
        return "Speed: not run."
    rows = [row for suite, result in found.items() for row in _SUMMARIES[suite](result["results"])]
    head = ["| what | measured | target |", "|---|---|---|"]
    sources = dict.fromkeys(origin(result) for result in found.values())
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows), "", *sources])


def _row(what: str, times: dict[str, float], target: float) -> str:
    return f"| {what} | {times['p50']:.1f} | {times['p95']:.1f} | {times['p99']:.1f} | {target:.0f} |"
