"""The page in a real browser, beside its targets."""

from typing import Any

from bench.tables.origin import origin


def page_table(everything: dict[str, Any]) -> str:
    """Paint, decision to screen, a killed engine and memory."""
    found = everything.get("page")
    if found is None:
        return "The page: not run."
    results = found["results"]
    memory = results["memory"]
    heaps, nodes = memory["heap_mb"], memory["nodes"]
    paint, update = f"{results['target_paint_ms']:g} ms", f"p95 {results['target_update_ms']:g} ms"
    timed = [
        ("first contentful paint", "first_contentful_paint_ms", paint),
        ("the caption's box stands", "caption_shown_ms", paint),
        ("decision to screen", "decision_to_screen_ms", update),
    ]
    lines = [
        "| what | measured | target |",
        "|---|---|---|",
        *(
            f"| {what} | p50 {results[key]['p50']:.0f} ms, p95 {results[key]['p95']:.0f} ms "
            f"({results[key]['n']} times) | {target} |"
            for what, key, target in timed
        ),
        f"| engine killed until the next caption | {results['engine_killed_to_caption_s']:.1f} s |  |",
        f"| memory of the page over {memory['minutes']:g} min | {heaps[0]:.1f} to {heaps[-1]:.1f} MB, "
        f"{nodes[0]} to {nodes[-1]} nodes | flat over an hour |",
    ]
    load = f"The machine's load was {found['machine']['load']:g} on {found['machine']['cores']} cores."
    return "\n".join([*lines, "", load, "", origin(found)])
